"""The scripts that measure the networks of a study, and what each of them measures."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import abstraction
import checkpoints_of
import forgetting
import margins
import neighbours
import pytest
import spread
import torch
from ramln_variants import LeastUsed, Shuffled

from zssbir_lib.cli import main
from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.evaluation import embedding_spread
from zssbir_lib.training import (
    describe_image_margins,
    embed,
    fit,
    load_margin_learner,
    load_trained_net,
    margins_of_images,
    named_method,
    new_state,
    read_checkpoint,
    save_checkpoint,
)
from zssbir_lib.training.provenance import command_line
from zssbir_lib.training.tables import read_results

STUDIES = Path(__file__).resolve().parents[1] / "studies"
SPLIT = ZeroShotSplit("four", tuple("abcd"), (), ("e", "f"))
SETTINGS = dict(
    epochs=1, steps_per_epoch=3, batch_size=16, images_per_class=4, embedding_size=8
)
MARGINS = dict(warm_up=1, rate=0.05, beta=5.0)
METHOD = named_method("ramln", **SETTINGS, margins=MARGINS)
ROWS = {
    "learned-quick": METHOD,
    "shuffled-quick": Shuffled.named(**SETTINGS, margins=MARGINS),
    "bid-qua-quick": METHOD.changed(margins=dict(form="fixed")),
    "mathm-quick": named_method("mathm", **SETTINGS),
    "triplet-quick": named_method("triplet", epochs=1, embedding_size=8),
}
SEEDS = {"learned-quick": (0, 1)}
SCRIPTS = (abstraction, forgetting, margins, neighbours, spread)


@pytest.fixture(scope="module")
def runs(tiny_data, tmp_path_factory):
    """Write the checkpoints of a small study; return its folder."""
    folder = tmp_path_factory.mktemp("study")
    seen = SPLIT.apply(tiny_data).seen
    for row, method in ROWS.items():
        for seed in SEEDS.get(row, (0,)):
            path = folder / row / SPLIT.name / f"seed-{seed}"
            path.mkdir(parents=True)
            state = new_state(method, seen, seed)
            if "margins" in method.own_fields():
                fit(state)
            else:  # a gate that knows the modality shows in the spread
                for gate in getattr(state.net.backbone, "gates", None) or ():
                    torch.nn.init.ones_(gate.tag.weight[:60])
            about = {"split": asdict(SPLIT)}
            save_checkpoint(state, path / "checkpoint.pt", about)
    return folder


@pytest.fixture
def words(tiny_data, runs, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints_of, "read_data", lambda *_: tiny_data)
    return ["--runs", str(runs), "--out", str(tmp_path / "o.json")]


def contents(runs, row):
    places = [f"{row}/{SPLIT.name}/seed-{seed}" for seed in SEEDS.get(row, (0,))]
    return [read_checkpoint(runs / place / "checkpoint.pt") for place in places]


def failing(capsys, script, *words):
    """Run a script, expecting one line of error; return it."""
    try:
        code = script.main(list(words))
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    errors = capsys.readouterr().err.strip()
    assert len(errors.splitlines()) == 1 and "error: " in errors, errors
    return errors


# --- what they share -----------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_mistakes_are_one_clear_line(script, words, tmp_path, capsys):
    assert "required: --runs" in failing(capsys, script, "--out", "x.json")
    (tmp_path / "empty").mkdir()
    empty = ("--runs", str(tmp_path / "empty"))
    errors = failing(capsys, script, *words, *empty)
    assert "/ROW/SPLIT/seed-N: give the --runs folder of a study" in errors
    path = tmp_path / "own" / "row" / "split" / "seed-0"
    path.mkdir(parents=True)
    own = ("--runs", str(tmp_path / "own"))
    (path / "checkpoint.pt").write_bytes(b"PK nothing")
    assert "is damaged or no checkpoint" in failing(capsys, script, *words, *own)
    assert not (tmp_path / "o.json").exists()


@pytest.mark.parametrize("script", [margins, spread])
def test_a_checkpoint_has_to_say_its_split(script, words, tiny_data, tmp_path, capsys):
    path = tmp_path / "own" / "row" / "split" / "seed-0"
    path.mkdir(parents=True)
    save_checkpoint(new_state(METHOD, tiny_data), path / "checkpoint.pt")
    errors = failing(capsys, script, *words, "--runs", str(tmp_path / "own"))
    assert "seed-0/checkpoint.pt does not say on which split it was trained" in errors


@pytest.mark.parametrize("script", [margins, spread])
def test_rows_are_chosen_by_name(script, words, tmp_path):
    assert script.main([*words, "--rows", "mathm-quick,learned-quick"]) == 0
    content = read_results(tmp_path / "o")
    assert {one["row"] for one in content["rows"]} == {"mathm-quick", "learned-quick"}


def test_a_row_that_is_not_there_is_named(words, capsys):
    error = failing(capsys, margins, *words, "--rows", "learned")
    assert "no row is called 'learned' (did you mean 'learned-quick'?)" in error
    assert "choose from bid-qua-quick, learned-quick, mathm-quick" in error


def test_a_result_names_the_script_that_wrote_it():
    words = [str(STUDIES / "spread.py"), "--runs", "/home/me/runs", "--out", "a.json"]
    assert command_line(words) == "python studies/spread.py --runs runs --out a.json"


@pytest.mark.parametrize("name", ["spread", "figures"])
def test_a_script_runs_by_its_path(name, tmp_path):
    command = [sys.executable, str(STUDIES / f"{name}.py"), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"usage: {name}.py" in done.stdout and "--out" in done.stdout


def put(folder, *cells):
    for cell in cells:
        (folder / cell).mkdir(parents=True)
        (folder / cell / "checkpoint.pt").touch()


def test_checkpoints_are_found_by_row_and_split(tmp_path):
    put(tmp_path, "b-quick/one/seed-1", "b-quick/one/seed-0", "a-quick/two/seed-0")
    (tmp_path / "a-quick" / "two" / "seed-1").mkdir()  # nothing written yet
    cells = checkpoints_of.find_checkpoints(tmp_path)
    assert list(cells) == [("a-quick", "two"), ("b-quick", "one")]
    seeds = [path.parent.name for path in cells["b-quick", "one"]]
    assert seeds == ["seed-0", "seed-1"] and len(cells["a-quick", "two"]) == 1


def test_seeds_are_in_order_beyond_ten(tmp_path):
    put(tmp_path, *(f"a/one/seed-{seed}" for seed in range(12)))
    cells = checkpoints_of.find_checkpoints(tmp_path)
    seeds = [path.parent.name for path in cells["a", "one"]]
    assert seeds == [f"seed-{seed}" for seed in range(12)]


# --- margins -------------------------------------------------------------------------


def test_margins_of_a_study_are_described(words, runs, tiny_data, tmp_path, capsys):
    assert margins.main(words) == 0
    content = read_results(tmp_path / "o")
    rows = {one["row"]: one["margins"] for one in content["rows"]}
    assert list(rows) == sorted(ROWS)
    assert rows["mathm-quick"] == rows["triplet-quick"] == {}  # without quadruplets
    assert not {"mean", "std", "class_share"} & set(rows["bid-qua-quick"])  # all alike
    assert {one["split"] for one in content["rows"]} == {"four"}
    seen = SPLIT.apply(tiny_data).seen
    learned = rows["learned-quick"]
    for row in ("learned-quick", "shuffled-quick"):
        for place, saved in enumerate(contents(runs, row)):
            both = load_margin_learner(saved, METHOD)  # what R(x) says, in its order
            images = margins_of_images(*both, seen, "embedding")
            assert len(images.margin) == 64
            for name, value in describe_image_margins(images).items():
                found = rows[row][name]["values"][place]
                assert found == pytest.approx(value, abs=1e-5), name
    assert learned["std"]["mean"] > 1e-3 and learned["std"]["low"] is not None
    assert content["versions"]["torch"] and str(tmp_path) not in json.dumps(content)
    lines = capsys.readouterr().out.splitlines()
    assert not any(line.startswith(("mathm-quick", "triplet-q")) for line in lines)
    (line,) = (line for line in lines if line.startswith("learned-quick "))
    assert "four" in line
    for name in margins.SHOWN:
        assert f"{name} {learned[name]['mean']:.3f}" in line
    assert lines[-1] == f"written: {tmp_path / 'o.csv'} and .json"


def test_a_method_is_rebuilt_with_its_own_learner(runs):
    (content,) = contents(runs, "shuffled-quick")
    method = margins.method_of(content["recipe"])
    assert method == ROWS["shuffled-quick"] and type(method) is Shuffled
    kept = type(method.learner(4)).__name__
    assert kept == "ShuffledLearner"
    least = margins.method_of(LeastUsed.named(**SETTINGS).to_dict())
    assert type(least) is LeastUsed


# --- spread --------------------------------------------------------------------------


def test_spread_measures_the_unseen_classes_of_every_row(
    words, runs, tiny_data, tmp_path, capsys
):
    assert spread.main(words) == 0
    content = read_results(tmp_path / "o")
    rows = content["rows"]
    assert [one["row"] for one in rows] == sorted(ROWS)
    unseen = SPLIT.apply(tiny_data).unseen
    sets = (unseen.sketches, unseen.photos)
    for one in rows:
        assert set(one["spread"]) == {
            "distance",
            "rank",
            "class_share",
            "modality_share",
        }
        for place, saved in enumerate(contents(runs, one["row"])):
            net, _ = load_trained_net(saved)
            expected = embedding_spread(
                torch.cat([embed(net, images) for images in sets]),
                torch.cat([images.labels for images in sets]),
                torch.tensor([0] * 16 + [1] * 16),
            )
            for name, value in expected.items():
                found = one["spread"][name]["values"][place]
                assert found == pytest.approx(value, abs=1e-5)
    assert content["versions"]["torch"] and str(tmp_path) not in json.dumps(content)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(rows) + 1 and lines[0].startswith("bid-qua-quick ")
    assert f"rank {rows[0]['spread']['rank']['mean']:.3f}" in lines[0]
    assert lines[-1].startswith("written: ")


# --- neighbours and abstraction, on the world ----------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Run a short study on the world and both scripts; return what they wrote."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "one.toml").write_text('[rows.triplet]\nmethod = "triplet"')
    options = ("--profiles", "smoke", "--seeds", "1", "--runs", str(folder))
    options += ("--out", str(folder / "study.json"))
    assert main(["study", str(folder / "one.toml"), *options]) == 0
    for script, more in ((neighbours, ["--counts", "1,20"]), (abstraction, [])):
        out = folder / f"{script.__name__}.json"
        assert script.main(["--runs", str(folder), *more, "--out", str(out)]) == 0
    names = ("study", "neighbours", "abstraction")
    return {n: read_results(folder / n)["rows"] for n in names}


def means_of(world, name):
    (row,) = world[name]
    return {setting: one["mean"] for setting, one in row[name].items()}


def test_plain_search_is_what_the_study_says(world):
    expected = world["study"][0]["metrics"]["map@all"]["mean"]
    found = means_of(world, "neighbours")
    assert found["unseen/plain"] == pytest.approx(expected, abs=1e-5)
    assert "validation/plain" in found


def test_one_neighbour_leaves_the_gallery_and_twenty_help(world):
    found = means_of(world, "neighbours")
    for group in ("unseen", "validation"):
        plain = found[f"{group}/plain"]
        assert found[f"{group}/smooth/1"] == pytest.approx(plain, abs=1e-5)
        assert found[f"{group}/both/20"] > found[f"{group}/smooth/20"] > plain


def test_counts_are_numbers_with_commas():
    assert neighbours.read_counts("5,20") == [5, 20]
    for text in ("", "0", "5,", "five", "-1"):
        with pytest.raises(ValueError, match="--counts takes whole numbers above 0"):
            neighbours.read_counts(text)


def test_finished_sketches_score_what_the_study_says(world):
    expected = world["study"][0]["metrics"]["map@all"]["mean"]
    whole = means_of(world, "abstraction")["map@all/1"]
    assert whole == pytest.approx(expected, abs=1e-5)


def test_less_of_a_sketch_is_worse(world):
    means = list(means_of(world, "abstraction").values())
    assert len(means) == 4
    assert means[0] < means[1] < means[3] and means[2] < means[3] + 0.02


def test_real_sketches_have_no_order_of_strokes(tmp_path, capsys):
    out = ("--runs", str(tmp_path), "--out", str(tmp_path / "x.json"))
    errors = failing(capsys, abstraction, "--data", str(tmp_path), *out)
    assert "only the sketches of the world know" in errors
