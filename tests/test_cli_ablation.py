"""The command `ablation`, and SBTKNet's options of the other commands."""

import json

import pytest

from zssbir_lib.cli import ablation, evaluate, fit, main
from zssbir_lib.cli.ablation import print_differences
from zssbir_lib.cli.options import read_change
from zssbir_lib.training import Recipe

SHORT = ("--set", "epochs=1", "--set", "steps_per_epoch=2", "--set", "batch_size=4")


@pytest.fixture(autouse=True)
def reads(tiny_data, tmp_path, monkeypatch):
    """Let every command read the tiny data; return the splits they read it for."""
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))
    splits = []

    def read(options, split, image_size):
        assert image_size == tiny_data.image_size
        splits.append(split.name)
        return tiny_data

    for command in (ablation, evaluate, fit):
        monkeypatch.setattr(command, "read_data", read)
    return splits


@pytest.fixture
def split(tmp_path):
    """Write a split of the tiny data with four seen classes."""
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps({"seen": list("abcd"), "unseen": ["e", "f"]}))
    return path


@pytest.fixture
def words(split, tmp_path):
    """Return the words of a small ablation that works."""
    arguments = ["ablation", "--split", split, "--profiles", "smoke", *SHORT]
    arguments += ["--rows", "triplet,quadruplet+classification", "--seeds", "2"]
    arguments += ["--runs", tmp_path / "runs", "--out", tmp_path / "out" / "a.json"]
    return [str(word) for word in arguments]


def run_failing(capsys, *words):
    """Run the command line, expecting failure; return its standard error."""
    try:
        code = main([str(word) for word in words])
    except SystemExit as stop:
        code = stop.code
    errors = capsys.readouterr().err
    assert code == 2
    assert len(errors.strip().splitlines()) == 1, errors
    return errors


# --- ablation ------------------------------------------------------------------------


def test_an_ablation_from_end_to_end(words, reads, tmp_path, capsys):
    words += ["--rows", "quadruplet,triplet,all-three", "--seen-counts", "2,4"]
    words += ["--figure", str(tmp_path / "figures" / "ablation.png")]
    assert main(words) == 0
    assert sorted(reads) == ["tiny"] * 6 + ["tiny-2-seen"] * 6
    text = (tmp_path / "out" / "a.json").read_text()
    content = json.loads(text)
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
    expected = (
        means[first["row"], first["split"]] - means[first["minus"], first["split"]]
    )
    assert first["mean"] == pytest.approx(expected, abs=2e-5)
    assert content["versions"]["torch"] and str(tmp_path) not in text
    picture = (tmp_path / "figures" / "ablation.png").read_bytes()
    assert picture[1:4] == b"PNG"

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("quadruplet:smoke") and "tiny-2-seen" in lines[0]
    shown = [line for line in lines if line.startswith("quadruplet:smoke - triplet ")]
    assert len(shown) == 2 and f"{first['mean']:+.3f}  [" in shown[0]
    written = [line for line in lines if line.startswith("written: ")]
    assert written[0].endswith("a.json") and written[1].endswith("ablation.png")


def test_a_second_call_repeats_nothing_and_says_the_same(words, reads, tmp_path):
    assert main(words) == 0
    first = json.loads((tmp_path / "out" / "a.json").read_text())
    assert len(reads) == 4
    assert main(words) == 0
    assert len(reads) == 4
    assert json.loads((tmp_path / "out" / "a.json").read_text()) == first
    assert not (tmp_path / "figures").exists()
    more = [*words, "--seeds", "3"]
    assert main(more) == 0
    assert len(reads) == 6


def test_all_seven_rows_are_the_default(split, tmp_path):
    from zssbir_lib.cli.main import build_parser

    words = ["ablation", "--split", str(split), "--runs", "r", "--out", "o"]
    runs = ablation.plan_runs(build_parser().parse_args(words))
    assert len(runs) == 7 * 5 and {run.recipe.profile for run in runs} == {"quick"}
    words += ["--weights", "none", "--set", "margin=0.4", "--validation-classes", "1"]
    runs = ablation.plan_runs(build_parser().parse_args(words))
    assert {(run.recipe.weights, run.recipe.margin) for run in runs} == {("none", 0.4)}
    assert {len(run.split.validation) for run in runs} == {1}


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--split", ""], "--split is needed: one name or several, joined by commas"),
        (["--split", "absent"], "no split or file 'absent'"),
        (["--rows", "triplet,five"], "no row is called 'five'; choose from triplet"),
        (["--profiles", "smoke,long"], "profile for the backbone 'small' must be one"),
        (["--seeds", "0"], "seeds must be 1 or more, got 0"),
        (["--seen-counts", "2,many"], "--seen-counts takes numbers such as 20,45; got"),
        (["--seen-counts", "5"], "cannot keep 5 of 4 seen classes: choose 2 to 4"),
        (["--set", "losses=triplet"], "--set cannot change losses: it is chosen by"),
        (["--set", "profile=book"], "--set cannot change profile: it is chosen by"),
        (["--set", "backbone=small"], "--set cannot change backbone: it is chosen by"),
        (["--set", "augmentation=none"], "--set cannot change augmentation"),
        (["--figure", "a.pdf"], "and _ that ends in .png, got 'a.pdf'"),
        (["--figure", "a.b.png"], "and _ that ends in .png, got 'a.b.png'"),
        (["--rows", "triplet,triplet"], "the row 'triplet' is named twice"),
        (["--profiles", "smoke,smoke"], "the profile 'smoke' is named twice"),
        (["--seen-counts", "2,2"], "-2-seen' is named twice"),
        (["--set", "colour=red"], "--set takes NAME=VALUE with a field of the recipe"),
        (["--set", "temperature=0"], "temperature must be above 0, got 0.0"),
        (["--backbone", "vgg"], "argument --backbone: invalid choice: 'vgg'"),
    ],
)
def test_a_mistake_is_one_clear_line_before_any_run(
    words, extra, message, reads, tmp_path, capsys
):
    assert message in run_failing(capsys, *words, *extra)
    assert reads == [] and not (tmp_path / "runs").exists()


def test_a_folder_of_another_ablation_is_refused(words, capsys):
    assert main(words) == 0
    errors = run_failing(capsys, *words, "--set", "margin=0.9")
    assert "was made with another recipe; choose another folder" in errors


def test_differences_are_printed_with_their_verdict(capsys):
    common = {"row": "a:quick", "minus": "b:quick", "split": "one", "metric": "map@all"}
    differences = [
        common | {"mean": 0.0312, "low": 0.0101, "high": 0.0523, "excludes_zero": True},
        common | {"mean": -0.002, "low": -0.04, "high": 0.036, "excludes_zero": False},
        common | {"mean": 0.5, "low": None, "high": None, "excludes_zero": False},
        common | {"mean": 0.9, "metric": "p@100"},
    ]
    print_differences({"differences": differences})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    names = ["a:quick", "-", "b", "one"]
    assert lines == [
        [*names, "+0.031", "[+0.010,", "+0.052]"],
        [*names, "-0.002", "[-0.040,", "+0.036]", "(zero", "inside)"],
        [*names, "+0.500"],
    ]


# --- losses of fit -------------------------------------------------------------------


@pytest.fixture
def fit_words(split, tmp_path):
    """Return the words of a short training of SBTKNet that works."""
    words = ["fit", "--split", str(split), "--profile", "smoke", "--method", "sbtknet"]
    return [*words, *SHORT, "--out", str(tmp_path / "run")]


def metrics(path) -> dict:
    return json.loads(path.read_text())


def test_fit_trains_sbtknet_and_evaluate_repeats_its_numbers(
    fit_words, split, tmp_path
):
    assert main(fit_words) == 0
    content = metrics(tmp_path / "run" / "metrics.json")
    recipe = Recipe.from_dict(content["recipe"])
    assert recipe.losses == ("quadruplet", "classification", "knowledge")
    assert set(recipe.losses) < set(content["history"][0])
    words = ["evaluate", "--checkpoint", tmp_path / "run" / "checkpoint.pt"]
    words += ["--split", split, "--out", tmp_path / "again.json"]
    assert main([str(word) for word in words]) == 0
    again = metrics(tmp_path / "again.json")
    assert again["metrics"] == content["metrics"]
    assert again["metrics_by_feature"] == content["metrics_by_feature"]


def test_losses_may_be_chosen(fit_words, tmp_path):
    assert main([*fit_words, "--losses", "classification,knowledge"]) == 0
    content = metrics(tmp_path / "run" / "metrics.json")
    assert content["recipe"]["losses"] == ["classification", "knowledge"]
    assert content["recipe"]["feature"] == "pooled"
    assert content["metrics"] == content["metrics_by_feature"]["pooled"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            ["--method", "triplet", "--losses", "quadruplet"],
            "--losses is for --method sbtknet or mathm or ramln, not 'triplet'",
        ),
        (
            ["--method", "untrained", "--losses", "quadruplet"],
            "--losses is for --method sbtknet or mathm or ramln, not 'untrained'",
        ),
        (["--losses", "hinge"], "each of losses must be one of triplet, quadruplet,"),
        (["--losses", "triplet,quadruplet"], "losses have both triplet and quadruplet"),
        (["--losses", "knowledge,knowledge"], "each once; got knowledge, knowledge"),
        (["--weights", "none"], "a teacher with random weights knows nothing"),
        (["--set", "teacher=vgg"], "teacher must be 'start' or ARCHITECTURE:SOURCE"),
        (["--set", "teacher=vgg:x"], "torchvision has no classifier 'vgg'"),
        (
            ["--set", "teacher=squeezenet1_1:absent.pth"],
            "no weights file absent.pth",
        ),
        (["--set", "attention=maybe"], "--set attention needs a value of type bool"),
        (["--set", "validation=x"], "validation must be one of classes, sketches"),
    ],
)
def test_a_mistake_in_sbtknets_options_is_one_clear_line(
    fit_words, extra, message, capsys
):
    assert message in run_failing(capsys, *fit_words, *extra)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("temperature", "2", 2.0),
        ("attention", "true", True),
        ("teacher", "squeezenet1_1:/a/b:c.pth", "squeezenet1_1:/a/b:c.pth"),
        ("teaching", "item", "item"),
        ("knowledge_weight", "0.5", 0.5),
        ("validation", "sketches", "sketches"),
    ],
)
def test_new_fields_are_read_in_their_type(name, text, value):
    assert read_change(f"{name}={text}") == (name, value)
