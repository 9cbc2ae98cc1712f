"""The main table in Markdown, from what the study of whole methods writes."""

import json
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tools"))

import readme_tables as tables  # noqa: E402
import table_text  # noqa: E402

from zssbir_lib.scoring import CELL_METRICS, CELLS, PROTOCOLS  # noqa: E402
from zssbir_lib.training.study import read_study  # noqa: E402
from zssbir_lib.training.tables import BEST  # noqa: E402

SHORT = [meaning.partition(":")[0] for meaning in tables.PROTOCOLS.values()]


def cell(mean):
    """Return every metric of a cell, each a hundredth above the one before."""
    return {
        metric: {"mean": mean + n / 100, "low": mean - 0.1, "high": mean + 0.1}
        for n, metric in enumerate(CELL_METRICS)
    }


def row(name, split, mean):
    cells = {one: cell(mean + n / 100) for n, one in enumerate(CELLS)}
    return {"row": f"{name}:quick", "split": split, "seeds": [0, 1], "cells": cells}


def difference(row, minus, split, family, mean, **more):
    known = family in CELLS
    place = {"cell": family, "minus_cell": family} if known else {}
    values = {"low": mean - 0.01, "high": mean + 0.01, "significant": mean > 0.02}
    names = {"row": f"{row}:quick", "minus": f"{minus}:quick", "split": split}
    return names | {"family": family, "mean": mean} | values | place | more


def table(rows, differences=()):
    settings = {"neighbours": 20, "metrics": list(CELL_METRICS)}
    return {"rows": rows, "differences": list(differences), "settings": settings}


def lines_of(text):
    return [
        [part.strip() for part in line.split("|")[1:-1]] for line in text.split("\n")
    ]


# --- names ---------------------------------------------------------------------------


def test_the_names_are_those_of_the_library():
    study = read_study(REPOSITORY / "studies" / "methods.toml")
    assert list(table_text.METHODS) == list(study.rows)
    assert tuple(tables.PROTOCOLS) == PROTOCOLS
    cells = [f"{p}/{r}" for p in PROTOCOLS for r in tables.REPRESENTATIONS]
    assert tuple(cells) == CELLS and tables.FIRST in CELLS
    assert BEST in table_text.METHODS and len(set(SHORT)) == 3


# --- the README's table --------------------------------------------------------------


def test_the_headline_has_a_row_a_method_and_a_column_a_split():
    first = table([row("mathm", "one", 0.5), row("triplet", "one", 0.3)])
    second = table([row("mathm", "two", 0.6)])
    found = lines_of(tables.headline_table([first, second], tables.FIRST))
    assert found[0] == ["mAP@all on unseen classes", "one", "two"]
    assert found[2:] == [
        ["triplet baseline", "0.300 [0.200, 0.400]", "not run"],
        ["MATHM", "0.500 [0.400, 0.600]", "0.600 [0.500, 0.700]"],
    ]


# --- the page of results -------------------------------------------------------------


def test_every_protocol_has_a_table_with_all_representations():
    found = lines_of(
        tables.protocol_table(table([row("sbtknet", "one", 0.5)]), "seen_gallery")
    )
    assert found[0] == ["", "real-valued", "64 bits", "real-valued +", "64 bits +"]
    means = [text.split()[0] for text in found[2][1:]]
    assert found[2][0] == "SBTKNet, one"
    assert means == ["0.540", "0.550", "0.560", "0.570"]  # cells 4 to 7


def test_all_conventions_are_shown():
    found = lines_of(tables.conventions_table(table([row("ramln", "one", 0.5)])))
    assert found[0][1:] == [f"`{metric}`" for metric in CELL_METRICS]
    assert found[2][1:] == [f"0.5{n}0" for n in range(len(CELL_METRICS))]


def test_differences_of_all_splits_together_are_shown_where_there_are_any():
    family = "zero_shot/real"
    joined = difference("mathm", "triplet", "every split, 45 seen", family, 0.03)
    alone = difference("mathm", "triplet", "one", family, 0.07)
    parts = "\n".join(tables.difference_part(table([], shown(joined, alone))))
    assert "| MATHM − triplet baseline | **+0.030 [+0.020, +0.040]** |" in parts
    assert "0.070" not in parts
    parts = "\n".join(tables.difference_part(table([], shown(alone))))
    assert "**+0.070 [+0.060, +0.080]**" in parts


def shown(*differences):
    """Return these differences in every cell."""
    return [
        one | {"family": cell, "cell": cell, "minus_cell": cell}
        for one in differences
        for cell in CELLS
    ]


def test_splits_that_cannot_be_joined_are_named():
    family = "zero_shot/real"
    pair = [difference("mathm", "triplet", s, family, 0.01) for s in ("one", "two")]
    found = lines_of(tables.family_table(pair, {family: "real-valued"}))
    names = [line[0] for line in found[2:]]
    assert names == [f"MATHM − triplet baseline, {one}" for one in ("one", "two")]


def test_no_interval_and_no_significance_look_so():
    family = "zero_shot/real"
    pair = [
        difference("mathm", "triplet", "one", family, 0.5, low=None, significant=False),
        difference("mathm", "sbtknet", "one", family, -0.02),
    ]
    found = lines_of(tables.family_table(pair, {family: "real-valued"}))
    assert [line[1] for line in found[2:]] == ["+0.500", "-0.020 [-0.030, -0.010]"]


def test_steps_are_named_where_they_differ():
    place = dict(cell="zero_shot/real+")
    pair = [
        difference(
            "combined",
            "mathm",
            "one",
            "zero_shot/combined+",
            0.1,
            **place,
            minus_cell=one,
        )
        for one in ("zero_shot/real", "zero_shot/real+")
    ]
    found = lines_of(tables.family_table(pair, {"zero_shot/combined+": "Zero-shot"}))
    names = [line[0] for line in found[2:]]
    assert names == ["the combined recipe + − MATHM", "the combined recipe + − MATHM +"]
    every = [
        one | {"family": f"{protocol}/combined+"}
        for one in pair
        for protocol in PROTOCOLS
    ]
    parts = tables.difference_part(table([], every))
    assert "The combined recipe with test-time steps (+)" in parts[-2]
    assert lines_of(parts[-1])[0][1:] == SHORT


def test_a_table_without_comparisons_has_no_part_of_them():
    assert tables.difference_part(table([])) == []


# --- with these tables in place of the real ones -------------------------------------


def write_results(folder):
    """Write small main tables, beside all other results of the repository."""
    for path in (REPOSITORY / "results").glob("*.*"):
        if path.stem not in tables.FILES:
            (folder / path.name).symlink_to(path)
    for number, name in enumerate(tables.FILES):
        pairs = shown(difference("mathm", "triplet", "one", "zero_shot/real", 0.03))
        rows = [row(one, f"split-{number}", 0.5) for one in ("triplet", "mathm")]
        (folder / f"{name}.json").write_text(json.dumps(table(rows, pairs)))


def test_the_section_and_the_page_show_the_main_tables(tmp_path, monkeypatch):
    _, _, others = tables.whole_page().partition("## The triplet baseline")
    write_results(tmp_path)
    monkeypatch.setattr(table_text, "RESULTS", tmp_path)
    section = tables.results_section()
    assert section.startswith(tables.START)
    assert section.endswith(tables.END)
    assert "| mAP@all on unseen classes | split-0 | split-1 |" in section
    assert "(2 seeds)" in section and "learned" not in section
    page = tables.whole_page()
    start = f"{tables.PAGE_START}\n\n## Every method under one protocol"
    assert page.startswith(start)
    assert page.endswith("## The triplet baseline" + others)
    assert page.count("### ") == 2 and page.count("MATHM − triplet baseline") == 6
