"""Scores with photos that look at their neighbours."""

import json

import pytest

from zssbir_lib.cli import main
from zssbir_lib.cli.neighbours import read_counts

STUDY = ("--split", "world-a", "--seeds", "1", "--rows", "triplet:smoke")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return the rows of a short study, and of the measure."""
    folder = tmp_path_factory.mktemp("study")
    out = ("--runs", str(folder), "--out", str(folder / "study.json"))
    assert main(["study", *STUDY, *out]) == 0
    out = ("--runs", str(folder), "--out", str(folder / "found.json"))
    assert main(["neighbours", "--counts", "1,20", *out]) == 0
    study, found = (
        json.loads((folder / f"{name}.json").read_text())["rows"]
        for name in ("study", "found")
    )
    return study[0], {key: one["mean"] for key, one in found[0]["neighbours"].items()}


def test_plain_is_what_the_study_says(measured):
    study, found = measured
    expected = study["metrics"]["map@all"]["mean"]
    assert found["unseen/plain"] == pytest.approx(expected, abs=1e-5)
    assert "validation/plain" in found


def test_one_neighbour_leaves_the_gallery_and_twenty_help(measured):
    _, found = measured
    for group in ("unseen", "validation"):
        plain = found[f"{group}/plain"]
        assert found[f"{group}/smooth/1"] == pytest.approx(plain, abs=1e-5)
        assert found[f"{group}/both/20"] > found[f"{group}/smooth/20"] > plain


def test_counts_are_numbers_with_commas():
    assert read_counts("5,20") == [5, 20]
    for text in ("", "0", "5,", "five", "-1"):
        with pytest.raises(ValueError, match="--counts takes whole numbers above 0"):
            read_counts(text)
