"""Studies: files, plans, and every run once, resumable, summarised over seeds."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.training import Triplet, named_method
from zssbir_lib.training.study import (
    Study,
    plan_runs,
    read_study,
    run_study,
    with_seen_counts,
)
from zssbir_lib.training.tables import study_table, summarise

STUDIES = Path(__file__).resolve().parents[1] / "studies"
SHORT = dict(epochs=1, steps_per_epoch=2, batch_size=4, embedding_size=8)
SBTKNET = read_study(STUDIES / "sbtknet.toml")


def split(name: str, seen: int = 5) -> ZeroShotSplit:
    return ZeroShotSplit(name, tuple(f"s{i}" for i in range(seen)), (), ("u", "v"))


def planned(*arguments, study=SBTKNET, profiles=("quick",), seeds=1, **changes):
    """Return the runs of a study on some splits, with a seed unless told."""
    study = replace(study, profiles=profiles, seeds=seeds)
    return plan_runs(study, *arguments, **changes)


def methods_of(*arguments, **changes):
    """Return a study's methods by row, of one length."""
    runs = planned(*arguments, **changes)
    return {run.row.partition(":")[0]: run.method for run in runs}


# --- the file ------------------------------------------------------------------------


def written(folder, text):
    path = folder / "study.toml"
    path.write_text(text)
    return path


def test_a_file_says_what_a_study_is(tmp_path):
    text = """
    method = "mathm"
    splits = ["world-b"]
    seeds = 2
    generalised = true
    compare = [["two", "one"]]
    [changes]
    margin = 0.4
    [rows.one]
    losses = ["classification"]
    [rows.two]
    method = "ramln"
    margins.form = "scalar"
    """
    study = read_study(written(tmp_path, text))
    assert study == Study(
        rows={
            "one": {"losses": ["classification"], "method": "mathm"},
            "two": {"method": "ramln", "margins": {"form": "scalar"}},
        },
        compare=[["two", "one"]],
        method="mathm",
        splits=["world-b"],
        seeds=2,
        generalised=True,
        changes={"margin": 0.4},
    )
    one, two = (run.method for run in plan_runs(study, [split("x", 20)])[:2])
    assert one == named_method("mathm", losses=("classification",), margin=0.4)
    assert two == named_method("ramln", margins=dict(form="scalar"), margin=0.4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeds = 3", "has no rows: add a table \\[rows.NAME\\] for each"),
        ("seed = 3\n[rows.one]", "no field called 'seed' .did you mean 'seeds'"),
    ],
)
def test_a_file_that_is_no_study_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_study(written(tmp_path, text))


def test_a_method_of_ones_own_lies_beside_the_file(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from dataclasses import dataclass\nfrom zssbir_lib.training import Triplet\n\n"
        "@dataclass(frozen=True)\nclass Mine(Triplet):\n    margin: float = 0.7\n"
    )
    text = '[rows.a]\nmethod = "mine.py:Mine"\n[rows.b]\nmethod = "triplet"'
    runs = plan_runs(read_study(written(tmp_path, text)), [split("one")])
    mine, plain = runs[0].method, runs[1].method
    assert isinstance(mine, Triplet) and type(mine) is not Triplet
    assert (mine.margin, plain.margin) == (0.7, 0.2)
    assert mine.to_dict()["method"] == "Mine" != plain.to_dict()["method"]


# --- the plan ------------------------------------------------------------------------


def test_the_plan_has_every_row_profile_split_and_seed_once():
    splits, profiles = [split("one"), split("two")], ["quick", "book"]
    runs = planned(splits, profiles=profiles, seeds=3)
    assert len(runs) == 7 * 2 * 2 * 3
    cells = {(run.row, run.split.name, run.seed) for run in runs}
    assert cells == {
        (f"{row}:{profile}", name, seed)
        for row in SBTKNET.rows
        for profile in profiles
        for name in ("one", "two")
        for seed in range(3)
    }
    assert len({run.folder for run in runs}) == len(runs)
    assert all(run.generalised for run in runs)
    lengths = [run.method.recipe.profile for run in runs]
    assert lengths == ["quick"] * 42 + ["book"] * 42  # in the order given
    assert all(run.row.endswith(f":{run.method.recipe.profile}") for run in runs)


def test_rows_and_settings_may_be_chosen():
    runs = planned(
        [split("one")],
        ["all-three", "triplet"],
        profiles=["smoke"],
        margin=0.5,
        epochs=1,
    )
    assert [run.row for run in runs] == ["all-three:smoke", "triplet:smoke"]
    found = {(run.method.margin, run.method.recipe.epochs) for run in runs}
    assert found == {(0.5, 1)}
    large = planned([split("one")], backbone="mobilenet_v2")
    assert {run.method.recipe.backbone for run in large} == {"mobilenet_v2"}


def test_a_row_with_its_own_length_is_of_that_length_only():
    study = read_study(STUDIES / "baseline.toml")
    runs = planned([split("one")], study=study, profiles=["quick", "book"], seeds=2)
    assert [run.row for run in runs[:4]] == list(study.rows) and len(runs) == 8
    found = {run.row: run.method for run in runs}
    assert found["random"] == named_method("untrained", weights="none")
    assert found["pretrained"] == named_method("untrained")
    assert found["triplet:book"] == named_method("triplet", profile="book")
    assert not any(run.generalised for run in runs)
    others = methods_of([split("one")], study=study, weights="a.pth")
    weights = [method.recipe.weights for method in others.values()]
    assert weights[:2] == ["none", "a.pth"] and set(weights[2:]) == {"a.pth"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(rows=["triplt"]), "no row is called 'triplt' .did you mean 'triplet'"),
        (dict(splits=[split("one")] * 2), "the split 'one' is named twice"),
    ],
)
def test_bad_plans_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        planned(**dict(splits=[split("one")]) | changes)


def test_a_row_cannot_be_changed_into_another():
    study = read_study(STUDIES / "mathm.toml")
    for change in (dict(terms=("within",)), dict(gates=False), dict(weighting="sum")):
        with pytest.raises(ValueError, match=f"leave {next(iter(change))} out"):
            planned([split("one", 20)], ["intended", "sum"], study=study, **change)


def test_records_within_a_method_are_put_together():
    study, rows = read_study(STUDIES / "ramln.toml"), ["learned", "scalar", "mathm"]
    rows += ["bid-qua-0.5"]
    twenty = [split("one", seen=20)]
    found = methods_of(twenty, rows, study=study, margins=dict(rate=0.5))
    assert found.pop("mathm") == named_method("mathm")  # which has no such setting
    margins = [(m.margins.form, m.margins.rate) for m in found.values()]
    assert margins == [("memory", 0.5), ("scalar", 0.5), ("fixed", 0.5)]
    assert [method.margin for method in found.values()] == [0.3, 0.3, 0.5]
    with pytest.raises(ValueError, match="choose the margins.form: leave margins.form"):
        methods_of(twenty, study=study, margins=dict(form="fixed"))
    with pytest.raises(ValueError, match="the recipe has no field called 'margins'"):
        methods_of(twenty, ["mathm"], study=study, margins=dict(rate=0.5))


def test_a_batch_needs_as_many_classes_as_there_are():
    study = read_study(STUDIES / "mathm.toml")
    with pytest.raises(ValueError, match="needs 16 seen classes and there are 5"):
        planned([split("one")], ["cross"], study=study)


# --- fewer seen classes --------------------------------------------------------------


def test_seen_counts_name_the_splits():
    whole = [split("one", 5), split("two", 6)]
    reduced = with_seen_counts(whole, [2, 5])
    assert [(one.name, len(one.seen)) for one in reduced] == [
        ("one-2-seen", 2),
        ("one", 5),
        ("two-2-seen", 2),
        ("two-5-seen", 5),
    ]
    assert reduced[1] is whole[0]  # just as many: nothing to repeat under another name
    for one, source in zip(reduced, [whole[0]] * 2 + [whole[1]] * 2, strict=True):
        assert set(one.seen) <= set(source.seen) and one.unseen == source.unseen


def test_seen_counts_always_keep_the_same_classes():
    first, again = (with_seen_counts([split("one")], [3])[0] for _ in range(2))
    assert first == again


# --- running -------------------------------------------------------------------------

ROWS = ("triplet", "quadruplet+knowledge")


@pytest.fixture(scope="module")
def done(tiny_data, tiny_split, tmp_path_factory):
    """Run a tiny study once: two rows, two seeds."""
    runs = planned([tiny_split], ROWS, profiles=["smoke"], seeds=2, **SHORT)
    folder, loads = tmp_path_factory.mktemp("study"), []

    def load(one, image_size):
        loads.append((one.name, image_size))
        return tiny_data

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSSBIR_CACHE", str(tmp_path_factory.mktemp("cache")))
        results = run_study(runs, load, folder)
    return runs, results, folder, loads


def never(*_):
    raise AssertionError("a finished run was repeated")


def test_every_run_is_done_once_and_never_again(done):
    runs, results, folder, loads = done
    assert loads == [("tiny", 32)] * 4
    assert run_study(runs, never, folder) == results


def test_only_the_missing_run_is_repeated(done, tiny_data, tmp_path):
    runs, results, folder, _ = done
    shutil.copytree(folder, tmp_path / "runs")
    (tmp_path / "runs" / runs[0].folder / "metrics.json").unlink()
    loads = []
    again = run_study(runs, lambda *_: loads.append(1) or tiny_data, tmp_path / "runs")
    assert len(loads) == 1
    assert [one["metrics"] for one in again] == [one["metrics"] for one in results]


def test_a_longer_study_repeats_nothing_of_a_shorter_one(
    done, tiny_data, tiny_split, tmp_path, monkeypatch
):
    runs, results, folder, _ = done
    shutil.copytree(folder, tmp_path / "runs")
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))
    rows = ["triplet", "quadruplet", "quadruplet+knowledge"]
    longer = planned([tiny_split], rows, profiles=["smoke"], seeds=2, **SHORT)
    loads = []
    both = run_study(longer, lambda *_: loads.append(1) or tiny_data, tmp_path / "runs")
    assert len(both) == 6 and len(loads) == 2
    assert [both[0], both[2], both[3], both[5]] == results


def test_runs_are_scored_generalised_and_summarised(done):
    runs, results, _, _ = done
    for result in results:
        assert set(result["generalised"]) == {"seen_gallery", "seen_sample"}
    summary = summarise(study_table([run.row for run in runs], results, "cpu"))
    names = [row["row"] for row in summary["rows"]]
    assert names == [f"{row}:smoke" for row in ROWS]
    for number, row in enumerate(summary["rows"]):
        own = results[number::2]
        assert row["seeds"] == [0, 1] and row["seen_classes"] == 2
        measured = [one["metrics"]["map@all"] for one in own]
        value = row["metrics"]["map@all"]
        assert value["values"] == pytest.approx(measured, abs=1e-5)
        assert value["low"] <= value["mean"] <= value["high"]
        for protocol in ("seen_gallery", "seen_sample"):
            expected = [r["generalised"][protocol]["map@all"] for r in own]
            value = row[f"generalised/{protocol}"]["map@all"]
            assert value["values"] == pytest.approx(expected, abs=1e-5)
        for feature in ("embedding", "pooled"):
            expected = [r["metrics_by_feature"][feature]["map@all"] for r in own]
            value = row[f"{feature}_map@all"]
            assert value["mean"] == pytest.approx(sum(expected) / 2, abs=1e-5)
    assert json.loads(json.dumps(summary))["versions"]["torch"]


def test_runs_without_the_generalised_protocols_are_refused(done, tmp_path):
    runs, results, _, _ = done
    path = tmp_path / runs[0].folder / "metrics.json"
    path.parent.mkdir(parents=True)
    old = {name: value for name, value in results[0].items() if name != "generalised"}
    path.write_text(json.dumps(old))
    with pytest.raises(ValueError, match="lacks the generalised protocols; choose an"):
        run_study(runs[:1], never, tmp_path)
    plain = replace(runs[0], generalised=False)
    assert run_study([plain], never, tmp_path) == [json.loads(json.dumps(old))]


def test_runs_on_other_classes_under_the_same_name_are_refused(done):
    runs, _, folder, _ = done
    own = runs[0].split
    fewer = replace(own, seen=(*own.seen, *own.validation), validation=())
    with pytest.raises(ValueError, match="was made on another split .*choose another"):
        run_study([replace(runs[0], split=fewer)], never, folder)


def test_a_summary_names_no_folder_of_this_machine(done):
    runs, results, _, _ = done
    result = json.loads(json.dumps(results[0]))
    result["recipe"]["weights"] = "/home/someone/start.pth"
    result["recipe"]["teacher"] = "squeezenet1_1:/home/someone/teacher.pth"
    summary = summarise(study_table([runs[0].row], [result], "cpu"))
    recipe = summary["rows"][0]["recipe"]
    assert recipe["weights"] == "start.pth"
    assert recipe["teacher"] == "squeezenet1_1:teacher.pth"
    assert "someone" not in json.dumps(summary)
    assert result["recipe"]["weights"] == "/home/someone/start.pth"  # a copy is cut
