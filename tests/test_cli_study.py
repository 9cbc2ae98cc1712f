"""The command `study`: rows with their differences; whole methods in every cell."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from command_line import run_failing

from zssbir_lib.cli import evaluate, main, study
from zssbir_lib.cli.main import build_parser
from zssbir_lib.data import ImageSet, SketchPhotoData
from zssbir_lib.files import write_json
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.scoring import CELL_METRICS, CELLS
from zssbir_lib.training.tables import read_results

STUDIES = Path(__file__).resolve().parents[1] / "studies"
SHORT = ("--profiles", "smoke", "--weights", "none", "--set", "steps_per_epoch=2")
ROWS = ("pretrained", "triplet", "classification", "mathm")
CLASSES, UNSEEN = 8, 2
SKETCHES = torch.full((CLASSES,), 8)
PHOTOS = torch.tensor([8] * (CLASSES - UNSEEN) + [33] * UNSEEN)  # 66: two too many


def images(counts, modality, generator):
    """Return images of classes of flat colour with noise, 32 px."""
    labels = torch.arange(CLASSES).repeat_interleave(counts)
    colours = torch.randint(60, 196, (CLASSES, 3, 1, 1), generator=generator)
    shape = (len(labels), 3, 32, 32)
    noise = torch.randint(-60, 60, shape, generator=generator)
    pixels = (colours[labels] + noise).clamp(0, 255).to(torch.uint8)
    return ImageSet(pixels, labels, modality)


@pytest.fixture(scope="module")
def data():
    """Return 6 seen and 2 unseen classes, with just enough photos for 64 bits."""
    generator = torch.Generator().manual_seed(0)
    sketches, photos = (
        images(*one, generator) for one in ((SKETCHES, SKETCH), (PHOTOS, PHOTO))
    )
    names = tuple(f"class-{number:02}" for number in range(CLASSES))
    return SketchPhotoData("noisy", names, sketches, photos, 32)


@pytest.fixture(scope="module")
def start(data, tmp_path_factory):
    """Return a folder with a split, the words of a small table, and its outcome."""
    folder = tmp_path_factory.mktemp("table")
    names = list(data.class_names)
    split = {"seen": names[:-UNSEEN], "unseen": names[-UNSEEN:]}
    (folder / "one.json").write_text(json.dumps(split))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "read_data", lambda *_: data)
        assert main(words(folder)) == 0
    return folder


@pytest.fixture
def folder(start, data, tmp_path, monkeypatch):
    """Return a copy of that folder, to be broken; the command reads the same data."""
    monkeypatch.setattr(study, "read_data", lambda *_: data)
    return shutil.copytree(start, tmp_path / "copy")


def words(folder, *more):
    """Return the words of a small table in a folder."""
    found = ["study", str(STUDIES / "methods.toml"), "--seeds", "2"]
    found += [
        "--split",
        str(folder / "one.json"),
        *SHORT,
        "--rows",
        ",".join(ROWS),
        "--runs",
        str(folder / "runs"),
    ]
    return [*found, "--out", str(folder / "out" / "table.json"), *more]


def content_of(folder):
    return read_results(folder / "out" / "table")


def times(folder):
    """Return when each file of scores was written."""
    found = (folder / "runs").glob("*/*/*/table.json")
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in found}


# --- what is written -----------------------------------------------------------------


def test_rows_cells_and_origin(start):
    content = content_of(start)
    places = [(row["row"], row["split"]) for row in content["rows"]]
    assert places == [(f"{row}:smoke", "one") for row in ROWS]
    for row in content["rows"]:
        assert row["seeds"] == [0, 1] and tuple(row["cells"]) == CELLS
        for metrics in row["cells"].values():
            assert tuple(metrics) == CELL_METRICS
            for value in metrics.values():
                assert len(value["values"]) == 2
                low, high = value["low"], value["high"]
                assert low <= value["mean"] <= high
    assert content["settings"]["bits"] == 64 and content["versions"]["torch"]
    assert content["commit"] and content["commit_of_scores"]
    assert str(start) not in json.dumps(content)


def test_the_first_cell_is_what_the_training_measured(start):
    for row in content_of(start)["rows"]:
        runs = start / "runs" / row["row"].replace(":", "-") / row["split"]
        for seed, value in enumerate(
            row["cells"]["zero_shot/real"]["map@all"]["values"]
        ):
            metrics = json.loads((runs / f"seed-{seed}" / "metrics.json").read_text())
            assert value == pytest.approx(metrics["metrics"]["map@all"], abs=2e-5)
            assert "generalised" not in metrics  # scored once, not twice


def test_differences_are_of_pairs_and_corrected_by_family(start):
    content = content_of(start)
    assert {one["split"] for one in content["differences"]} == {"one"}
    assert {one["family"] for one in content["differences"]} == set(CELLS)
    means = {
        (row["row"], cell): row["cells"][cell]["map@all"]["mean"]
        for row in content["rows"]
        for cell in CELLS
    }
    wanted = {("mathm", "classification"), ("triplet", "pretrained")}
    for one in content["differences"]:
        names = one["row"].partition(":")[0], one["minus"].partition(":")[0]
        assert names in wanted and one["cell"] == one["minus_cell"] == one["family"]
        first, second = (means[one[key], one["cell"]] for key in ("row", "minus"))
        assert one["mean"] == pytest.approx(first - second, abs=3e-5)
        assert one["joint_low"] <= one["low"] <= one["mean"] <= one["high"]
        assert one["p"] <= one["corrected_p"] <= 1
        assert one["significant"] == (one["corrected_p"] <= 0.05)


def test_what_is_printed(folder, capsys):
    assert main(words(folder)) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split() for line in lines if line.startswith("map@all")]
    assert [head[1] for head in heads] == ["zero_shot", "seen_gallery", "seen_sample"]
    assert all(head[2:] == ["real", "code", "real+", "code+"] for head in heads)
    first = content_of(folder)["rows"][0]
    means = [
        first["cells"][f"zero_shot/{one}"]["map@all"]["mean"] for one in heads[0][2:]
    ]
    assert lines[1].split() == ["pretrained:smoke", "one", *(f"{m:.3f}" for m in means)]
    compared = [line for line in lines if line.startswith("mathm:smoke - classifica")]
    assert len(compared) == 1 and all(
        " p = " in one or " p < " in one for one in compared
    )
    assert lines[-1] == f"written: {folder / 'out' / 'table.csv'} and .json"


# --- going on ------------------------------------------------------------------------


def test_a_second_call_repeats_nothing_and_says_the_same(folder):
    before, content = times(folder), content_of(folder)
    assert len(before) == 4 * 2
    (folder / "out" / "table.json").unlink()
    assert main(words(folder)) == 0
    assert times(folder) == before and content_of(folder) == content


def test_only_missing_scores_are_made(folder):
    before, content = times(folder), content_of(folder)
    removed = folder / "runs" / "mathm-smoke" / "one" / "seed-1" / "table.json"
    old = json.loads(removed.read_text())
    removed.unlink()
    assert main(words(folder)) == 0
    after = times(folder)
    changed = {path for path in after if after[path] != before[path]}
    assert changed == {removed.relative_to(folder)}
    assert json.loads(removed.read_text()) == old
    assert content_of(folder) == content


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: "{",
        lambda content: "[]",
        lambda content: json.dumps(content | {"origin": {}}),
        lambda content: json.dumps(content).replace('"bits": 64', '"bits": 32'),
        lambda content: json.dumps(content).replace("class-07", "class-7"),
    ],
)
def test_damaged_scores_and_those_made_otherwise_are_made_again(folder, damage):
    before, content = times(folder), content_of(folder)
    path = folder / "runs" / "triplet-smoke" / "one" / "seed-0" / "table.json"
    text = path.read_text()
    path.write_text(damage(json.loads(text)))
    assert main(words(folder)) == 0
    assert json.loads(path.read_text()) == json.loads(text)
    changed = {one for one, when in times(folder).items() if when != before[one]}
    assert changed == {path.relative_to(folder)} and content_of(folder) == content


def test_a_network_trained_anew_is_scored_anew(folder):
    runs = folder / "runs" / "triplet-smoke" / "one"
    shutil.rmtree(runs / "seed-0")
    (runs / "seed-0").mkdir()
    content = torch.load(runs / "seed-1" / "checkpoint.pt", weights_only=True)
    torch.save(content | {"seed": 0}, runs / "seed-0" / "checkpoint.pt")
    for name in ("metrics", "table"):
        text = (runs / "seed-1" / f"{name}.json").read_text()
        (runs / "seed-0" / f"{name}.json").write_text(text)
    before = times(folder)
    assert main(words(folder)) == 0
    changed = {one for one, when in times(folder).items() if when != before[one]}
    assert {path.parent.name for path in changed} == {"seed-0"} and len(changed) == 1
    cells = content_of(folder)["rows"][1]["cells"]
    assert all(len(set(v["map@all"]["values"])) == 1 for v in cells.values())


def test_stopped_while_scoring_it_goes_on(folder, monkeypatch, capsys):
    for path in (folder / "runs").glob("mathm-smoke/*/*/table.json"):
        path.unlink()
    before, done = times(folder), []

    def stop(content, path):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(path)
        write_json(content, path)

    with monkeypatch.context() as patch:
        patch.setattr("zssbir_lib.training.study.write_json", stop)
        assert main(words(folder)) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
    halfway = times(folder)
    assert len(halfway) == len(before) + 1
    assert main(words(folder)) == 0
    after = times(folder)
    assert len(after) == len(before) + 2 and halfway.items() <= after.items()


# --- mistakes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--set", "method=mathm"], "the recipe has no field called 'method'"),
        (["--set", "weighting=none"], "weighting must be one of"),
        (["--set", "embedding_size=63"], "embedding_size is 63: codes of 64 bits need"),
        (["--set", "margin=0.9"], "was made with another recipe; choose another fold"),
    ],
)
def test_a_mistake_is_one_clear_line(folder, extra, message, capsys):
    before = times(folder)
    assert message in run_failing(capsys, *words(folder), *extra)
    assert times(folder) == before


def test_too_few_photos_are_refused_before_any_training(folder, data, capsys, tmp_path):
    names = list(data.class_names)
    few = tmp_path / "few.json"
    few.write_text(json.dumps({"seen": names[:-1], "unseen": names[-1:]}))
    more = ["--split", few, "--runs", tmp_path / "new"]
    errors = run_failing(capsys, *words(folder), *more)
    assert "33 photos of unseen classes are too few for codes of 64 bits" in errors
    assert not (tmp_path / "new").exists()


def test_a_missing_checkpoint_is_named(folder, capsys):
    path = folder / "runs" / "triplet-smoke" / "one" / "seed-0" / "checkpoint.pt"
    path.unlink()
    errors = run_failing(capsys, *words(folder))
    assert f"no checkpoint at {path} although its training is finished" in errors


def test_a_checkpoint_of_another_run_is_refused(folder, capsys):
    runs = folder / "runs" / "triplet-smoke" / "one"
    shutil.copy(runs / "seed-1" / "checkpoint.pt", runs / "seed-0" / "checkpoint.pt")
    errors = run_failing(capsys, *words(folder))
    assert "checkpoint.pt is of another recipe, seed or split than its folder" in errors


# --- evaluate, the same cells --------------------------------------------------------


def test_evaluate_prints_and_writes_the_same_cells(folder, monkeypatch, capsys, data):
    monkeypatch.setattr(evaluate, "read_data", lambda *_: data)  # the split is known
    run = folder / "runs" / "mathm-smoke" / "one" / "seed-0"
    words = ["evaluate", "--checkpoint", str(run / "checkpoint.pt"), "--cells"]
    words += ["--test-time", "--out", str(folder / "cells.json")]
    assert main(words) == 0
    content = json.loads((folder / "cells.json").read_text())
    written = content["cells"]
    scored = json.loads((run / "table.json").read_text())["cells"]
    assert written == scored and list(written) == list(CELLS)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    real, codes = (written[f"seen_gallery/{r}"]["map@all"] for r in ("real", "code+"))
    row = next(line for line in lines if line[0] == "seen_gallery")
    assert (row[1], row[4]) == (f"{real:.3f}", f"{codes:.3f}")
    assert list(content["test_time"]) == ["real", "code", "real+", "code+"]
    for name, metrics in content["test_time"].items():
        assert metrics["map@all"] == written[f"zero_shot/{name}"]["map@all"]
        assert ["map@all,", name, f"{metrics['map@all']:.4f}"] in lines


# --- a study without cells -----------------------------------------------------------

TINY = ("--profiles", "smoke", "--set", "epochs=1", "--set", "steps_per_epoch=2")
TINY += ("--set", "batch_size=4")


@pytest.fixture
def reads(tiny_data, tmp_path, monkeypatch):
    """Let the command read the tiny data; return the splits it reads them for."""
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))
    splits = []

    def read(source, split, image_size):
        assert image_size == tiny_data.image_size
        splits.append(split.name)
        return tiny_data

    monkeypatch.setattr(study, "read_data", read)
    return splits


@pytest.fixture
def small(tmp_path, reads):
    """Return the words of a small study of SBTKNet, on four seen classes."""
    split = tmp_path / "tiny.json"
    split.write_text(json.dumps({"seen": list("abcd"), "unseen": ["e", "f"]}))
    found = ["study", STUDIES / "sbtknet.toml", "--split", split, *TINY]
    found += ["--rows", "triplet,quadruplet+classification", "--seeds", "2"]
    found += ["--runs", tmp_path / "runs", "--out", tmp_path / "out" / "a.json"]
    return [str(word) for word in found]


def test_a_study_from_end_to_end(small, reads, tmp_path, capsys):
    small += ["--rows", "quadruplet,triplet,all-three", "--seen-counts", "2,4"]
    small += ["--figure", str(tmp_path / "figures" / "ablation.png")]
    assert main(small) == 0
    assert sorted(reads) == ["tiny"] * 6 + ["tiny-2-seen"] * 6
    content = read_results(tmp_path / "out" / "a")
    text = json.dumps(content)
    cells = [(one["row"], one["split"], one["seen_classes"]) for one in content["rows"]]
    assert cells == [
        (f"{row}:smoke", name, seen)
        for name, seen in (("tiny-2-seen", 2), ("tiny", 4))
        for row in ("quadruplet", "triplet", "all-three")
    ]
    compared = {(one["row"], one["minus"]) for one in content["differences"]}
    assert compared == {
        ("quadruplet:smoke", "triplet:smoke"),
        ("all-three:smoke", "triplet:smoke"),
    }
    first = content["differences"][0]
    assert len(first["values"]) == 2 and first["low"] <= first["mean"] <= first["high"]
    means = {
        (one["row"], one["split"]): one["metrics"]["map@all"]["mean"]
        for one in content["rows"]
    }
    row, base = ((first[end], first["split"]) for end in ("row", "minus"))
    assert first["mean"] == pytest.approx(means[row] - means[base], abs=2e-5)
    assert content["versions"]["torch"] and str(tmp_path) not in text
    picture = (tmp_path / "figures" / "ablation.png").read_bytes()
    assert picture[1:4] == b"PNG"

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("quadruplet:smoke") and "tiny-2-seen" in lines[0]
    shown = [line for line in lines if line.startswith("quadruplet:smoke - triplet ")]
    assert len(shown) == 2 and f"{first['mean']:+.3f}  [" in shown[0]
    written = [line for line in lines if line.startswith("written: ")]
    assert written[0].endswith("a.csv and .json") and written[1].endswith(
        "ablation.png"
    )


def test_what_all_rows_share_goes_to_those_that_have_it(small, reads, tmp_path):
    small[1] = str(STUDIES / "mathm.toml")
    small += ["--rows", "cross,triplet", "--set", "images_per_class=4"]
    small += ["--set", "batch_size=12", "--seeds", "1"]
    assert main(small) == 0 and len(reads) == 2
    content = read_results(tmp_path / "out" / "a")
    recipes = [one["recipe"] for one in content["rows"]]
    assert recipes[0]["images_per_class"] == 4 and recipes[0]["terms"] == ["cross"]
    assert "images_per_class" not in recipes[1]
    compared = {(one["row"], one["minus"]) for one in content["differences"]}
    assert compared == {("cross:smoke", "triplet:smoke")}


def planned(*more):
    """Return the runs that a line plans for SBTKNet's study."""
    line = ["study", str(STUDIES / "sbtknet.toml"), "--runs", "r", "--out", "o", *more]
    options = build_parser().parse_args(line)
    return study.plan(study.read_options(options), options)


def test_the_file_says_what_is_run_and_options_change_it():
    runs = planned()
    assert len(runs) == 7 * 2 * 5 and {run.split.name for run in runs} == {
        "world-a",
        "world-b",
    }
    assert {run.method.recipe.profile for run in runs} == {"quick"}
    more = ["--weights", "none", "--set", "margin=0.4", "--validation-classes", "1"]
    runs = planned("--split", "world-a", "--profiles", "quick,book", *more)
    assert len(runs) == 7 * 2 * 5
    assert {(r.method.recipe.weights, r.method.margin) for r in runs} == {("none", 0.4)}
    assert {len(run.split.validation) for run in runs} == {15 + 1}
    weights = planned("--set", "weights=none")
    assert {run.method.recipe.weights for run in weights} == {"none"}


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--split", "absent"], "no split or file 'absent'"),
        (["--rows", "triplet,five"], "no row is called 'five'; choose from triplet"),
        (["--profiles", "smoke,long"], "profile for the backbone 'small' must be one"),
        (["--seeds", "0"], "seeds must be 1 or more, got 0"),
        (["--seen-counts", "2,many"], "--seen-counts takes numbers such as 20,45; got"),
        (["--seen-counts", "5"], "cannot keep 5 of 4 seen classes: choose 2 to 4"),
        (
            ["--set", "losses=triplet"],
            "rows of the study choose the losses: leave loss",
        ),
        (["--set", "attention=true"], "rows of the study choose the attention: leave"),
        (["--set", "augmentation=none"], "augmentation is a record"),
        (["--figure", "a.pdf"], "and _ that ends in .png, got 'a.pdf'"),
        (["--figure", "a.b.png"], "and _ that ends in .png, got 'a.b.png'"),
        (["--rows", "triplet,triplet"], "the row 'triplet' is named twice"),
        (["--profiles", "smoke,smoke"], "the profile 'smoke' is named twice"),
        (["--seen-counts", "2,2"], "-2-seen' is named twice"),
        (["--set", "colour=red"], "no field called 'colour'"),
        (["--set", "temperature=0"], "temperature must be above 0, got 0.0"),
        (["--set", "profile=book"], "--set cannot change profile: use --profiles"),
        (["--set", "backbone=small"], "--set cannot change backbone: use --backbone"),
        (["--backbone", "vgg"], "backbone must be one of small, mobilenet_v2, resnet"),
    ],
)
def test_a_mistake_is_one_clear_line_before_any_run(
    small, extra, message, reads, tmp_path, capsys
):
    assert message in run_failing(capsys, *small, *extra)
    assert reads == [] and not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("file", "message"),
    [("absent.toml", "no study at absent.toml"), ("page.md", "page.md is no TOML")],
)
def test_a_file_that_is_no_study(small, file, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.md").write_text("Studies, by name")
    small[1] = file
    assert message in run_failing(capsys, *small)


def test_a_folder_needs_a_split(capsys, tmp_path):
    line = ("study", STUDIES / "sbtknet.toml", "--data", tmp_path, "--runs", "r")
    errors = run_failing(capsys, *line, "--out", "o.json")
    assert "--split is needed for a folder" in errors


def test_differences_are_printed_with_their_verdict(capsys):
    common = {"row": "a:quick", "minus": "b:quick", "split": "one", "metric": "map@all"}
    differences = [
        common | {"mean": 0.0312, "low": 0.0101, "high": 0.0523, "excludes_zero": True},
        common | {"mean": -0.002, "low": -0.04, "high": 0.036, "excludes_zero": False},
        common | {"mean": 0.5, "low": None, "high": None, "excludes_zero": False},
        common | {"mean": 0.9, "metric": "p@100"},
    ]
    study.print_differences({"differences": differences})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    names = ["a:quick", "-", "b", "one"]
    assert lines == [
        [*names, "+0.031", "[+0.010,", "+0.052]"],
        [*names, "-0.002", "[-0.040,", "+0.036]", "(zero", "inside)"],
        [*names, "+0.500"],
    ]
