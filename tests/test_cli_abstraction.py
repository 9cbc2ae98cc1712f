"""Scores with sketches that are not finished."""

import json

import pytest

from zssbir_lib.cli import main

STUDY = ("--split", "world-a", "--seeds", "1", "--rows", "triplet:smoke")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return the rows of a short study, measured."""
    folder = tmp_path_factory.mktemp("study")
    out = ("--runs", str(folder), "--out", str(folder / "study.json"))
    assert main(["study", *STUDY, *out]) == 0
    out = ("--runs", str(folder), "--out", str(folder / "abstraction.json"))
    assert main(["abstraction", *out]) == 0
    study, found = (
        json.loads((folder / f"{name}.json").read_text())["rows"]
        for name in ("study", "abstraction")
    )
    return study[0], found[0]


def test_finished_sketches_score_what_the_study_says(measured):
    study, row = measured
    whole = row["abstraction"]["map@all/1"]["mean"]
    assert whole == pytest.approx(study["metrics"]["map@all"]["mean"], abs=1e-5)


def test_less_of_a_sketch_is_worse(measured):
    means = [one["mean"] for one in measured[1]["abstraction"].values()]
    assert len(means) == 4
    assert means[0] < means[1] < means[3] and means[2] < means[3] + 0.02


def test_real_sketches_have_no_order_of_strokes(tmp_path, capsys):
    out = ("--runs", str(tmp_path), "--out", str(tmp_path / "x.json"))
    assert main(["abstraction", "--data", str(tmp_path), *out]) == 2
    assert "only the sketches of the world know" in capsys.readouterr().err
