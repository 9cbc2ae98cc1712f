"""Studies: every cell once, resumable, summarised over seeds."""

import json
from dataclasses import replace

import pytest

from zssbir_lib.cli.main import build_parser
from zssbir_lib.cli.study import plan_runs
from zssbir_lib.training import StudyRun, run_study, study_row, summarise_study


@pytest.fixture
def runs(tiny_split):
    recipe = study_row("triplet:smoke", "small", "none", epochs=1, steps_per_epoch=2)
    random = study_row("random", "small", None)
    cells = [("random", random), ("triplet:smoke", recipe)]
    return [StudyRun(n, r, tiny_split, seed) for n, r in cells for seed in range(2)]


def test_a_study_runs_every_cell_once_and_summarises(runs, tiny_data, tmp_path):
    loads = []

    def load(split, image_size):
        loads.append(split.name)
        return tiny_data

    results = run_study(runs, load, tmp_path)
    assert len(loads) == len(results) == 4
    summary = summarise_study(runs, results, "cpu")
    assert [row["row"] for row in summary["rows"]] == ["random", "triplet:smoke"]
    value = summary["rows"][1]["metrics"]["map@all"]
    measured = [r["metrics"]["map@all"] for r in results[2:]]
    assert value["values"] == pytest.approx(measured, abs=1e-5)
    assert value["low"] <= value["mean"] <= value["high"]

    again = run_study(runs, load, tmp_path)
    assert len(loads) == 4  # nothing was repeated
    assert again == results


def test_only_the_missing_cell_is_run(runs, tiny_data, tmp_path):
    loads = []

    def load(split, image_size):
        loads.append(split.name)
        return tiny_data

    run_study(runs, load, tmp_path)
    (tmp_path / runs[1].folder / "metrics.json").unlink()
    run_study(runs, load, tmp_path)
    assert len(loads) == 5


def test_results_of_another_recipe_are_refused(runs, tiny_data, tmp_path):
    run_study(runs[:1], lambda split, size: tiny_data, tmp_path)
    changed = replace(runs[0], recipe=replace(runs[0].recipe, embedding_size=5))
    with pytest.raises(ValueError, match="made with another recipe"):
        run_study([changed], lambda split, size: tiny_data, tmp_path)


def test_results_are_plain_json(runs, tiny_data, tmp_path):
    results = run_study(runs[:1], lambda split, size: tiny_data, tmp_path)
    assert json.loads(json.dumps(summarise_study(runs[:1], results, "cpu")))


def test_rows_by_name():
    assert study_row("random", "small", "teacher").weights == "none"
    assert study_row("pretrained", "small", "teacher").epochs == 0
    assert study_row("triplet:book", "small", "teacher").profile == "book"
    with pytest.raises(ValueError, match="METHOD:PROFILE such as triplet:quick"):
        study_row("triplet", "small", None)


def test_weights_may_be_changed_like_any_other_field():
    words = ["study", "--split", "world-a", "--rows", "triplet:smoke", "--runs", "r"]
    words += ["--out", "o.json", "--set", "weights=none"]
    runs = plan_runs(build_parser().parse_args(words))
    assert {run.recipe.weights for run in runs} == {"none"}
