"""Published results: the values as printed, what is known, and what compares."""

import dataclasses
import re
from collections import Counter
from itertools import combinations

import pytest

from zssbir_lib.data import public_split
from zssbir_lib.evaluation import (
    comparable,
    disagreements,
    like_with_like,
    methods_without_values,
    metric_names,
    obstacles,
    published_results,
    published_sources,
    select_results,
)
from zssbir_lib.evaluation.published import QUANTITIES, LikeWithLike

RESULTS = published_results()
S25, S21, TUB, QD = "sketchy-25", "sketchy-21", "tuberlin-30", "quickdraw-30"

# typed by hand: method, benchmark, metric, dimensions, binary, value, one source
SPOT_CHECKS = [
    ("ZSIH", S25, "map@all/unknown", 64, True, "25.8", "sbtknet-table-2"),
    ("ZSIH", S25, "p@100", 64, True, "27.2", "mdvae-results"),
    ("CAAE", S21, "map@200/unknown", None, False, "15.6", "clip-at-results"),
    ("CVAE", S21, "map@200/k", 4096, False, "22.5", "sbtknet-table-2"),
    ("CVAE", QD, "p@200", 4096, False, "0.30", "sbtknet-table-4"),
    ("EMS", TUB, "p@100", 512, False, "36.9", "sbtknet-table-2"),
    ("CC-DG", TUB, "map@all/unknown", 256, False, "24.7", "splip-results"),
    ("Doodle2Search", S21, "map@200/hits", None, False, "46.1", "sbtknet-table-2"),
    ("Doodle2Search", QD, "map@all", None, False, "7.52", "sbtknet-table-4"),
    ("SEM-PCYC", S21, "map@200/hits", 64, False, "45.9", "splip-results"),
    ("SEM-PCYC", TUB, "map@all", 64, True, "29.3", "pskd-results-1"),
    ("SAKE", S25, "map@all/voc", 512, False, "54.7", "sbtknet-table-2"),
    ("SAKE", S21, "map@200/voc", 512, False, "49.7", "clip-at-results"),
    ("SAKE", TUB, "p@100", 64, True, "48.1", "pskd-results-1"),
    ("SAKE", QD, "p@200", 512, False, "17.9", "zse-sbir-table-1"),
    ("StyleGuide", TUB, "p@100", 200, False, "35.5", "zse-sbir-table-1"),
    ("SketchGCN", S21, "map@200/hits", None, False, "56.8", "clip-at-results"),
    ("PCMSN", S25, "map@all/unknown", 64, True, "50.6", "sbtknet-table-2"),
    ("IIAE", TUB, "p@100", 64, False, "50.3", "clip-at-results"),
    ("SBTKNet", S25, "map@all/voc", 512, False, "55.25", "sbtknet-table-2"),
    ("SBTKNet", S21, "map@200/hits", 512, False, "72.24", "sbtknet-table-2"),
    ("SBTKNet", S21, "map@200/voc", 512, False, "50.2", "sbtknet-table-5"),
    ("SBTKNet", S21, "map@all/voc", 512, False, "52.7", "sbtknet-table-5"),
    ("SBTKNet", TUB, "p@200", 512, False, "58.6", "sbtknet-table-5"),
    ("SBTKNet", QD, "map@all/voc", 512, False, "11.88", "sbtknet-table-4"),
    ("TCN", QD, "p@200", 512, False, "29.8", "splip-results"),
    ("RPKD", QD, "map@200/unknown", 512, False, "12.8", "pskd-results-2"),
    ("MATHM", TUB, "map@all/voc", 512, False, "50.82", "mathm-abstract"),
    ("BDA-SketRet", TUB, "map@all/unknown", 128, False, "37.4", "splip-results"),
    ("TVT", S21, "p@200", 64, True, "55.4", "pskd-results-1"),
    ("PSKD", S25, "map@all/unknown", 384, False, "68.8", "splip-results"),
    ("MDVAE", S25, "p@100", 64, False, "85.3", "mdvae-results"),
    ("ACNet", "sketchy-unknown", "p@100", 64, False, "56.8", "acnet-readme"),
    ("ViT-Ret", QD, "map@all/unknown", 512, False, "11.5", "zse-sbir-table-1"),
    ("ZSE-SBIR RN", S21, "map@200/voc", 512, False, "52.5", "zse-sbir-table-1"),
    ("ZSE-SBIR Ret", TUB, "map@all/voc", 512, False, "56.9", "zse-sbir-table-1"),
    ("ClipPrompt", S21, "map@200/hits", None, False, "71.9", "clipprompt-readme"),
    ("MARL", TUB, "map@all/voc", None, False, "70.5", "splip-results"),
    ("MCC", S21, "map@200/hits", None, False, "80.5", "mcc-survey-note"),
    ("SpLIP", QD, "p@200", None, False, "44.6", "splip-results"),
    (
        "SD+CLIP fusion",
        QD,
        "map@all/unknown",
        None,
        False,
        "24.2",
        "diffusion-features-table-1",
    ),
]
GENERALISED = [
    ("SBTKNet", S25, "map@all/voc", "51.45"),
    ("SBTKNet", S25, "p@100", "57.20"),
    ("SBTKNet", TUB, "map@all/voc", "33.4"),
    ("SEM-PCYC", S25, "map@all", "30.7"),
    ("STL", S21, "map@200/hits", "63.4"),
    ("SpLIP", TUB, "p@100", "70.3"),
]
ABLATION = [  # map@all, map@200, p@100, p@200 on sketchy-21, then on tuberlin-30
    ("triplet only", "47.7 43.6 55.1 52.0 44.8 46.2 56.8 55.0"),
    ("quadruplet only", "48.5 44.4 56.0 52.9 46.3 47.5 58.0 56.2"),
    ("quadruplet and classification", "51.1 48.9 61.7 57.5 46.8 48.1 58.1 56.0"),
    ("quadruplet and knowledge", "51.8 49.5 62.7 58.3 47.2 48.7 58.7 56.7"),
    (None, "52.7 50.2 64.2 59.6 48.0 50.5 60.8 58.6"),
    ("with attention", "52.6 50.2 63.9 59.5 48.0 50.5 60.6 58.3"),
]


def find(method, benchmark, quantity, **wanted):
    """Return the only zero-shot value of a method itself that fits."""
    wanted = {"setting": "zero-shot", "variant": None, "binary": False} | wanted
    (result,) = select_results(
        RESULTS, method=method, benchmark=benchmark, quantity=quantity, **wanted
    )
    return result


@pytest.mark.parametrize("check", SPOT_CHECKS, ids=lambda check: " ".join(check[:3:2]))
def test_values_stand_as_printed(check):
    method, benchmark, metric, dimensions, binary, printed, source = check
    found = select_results(
        RESULTS,
        method=method,
        benchmark=benchmark,
        metric=metric,
        dimensions=dimensions,
        binary=binary,
        source=source,
        setting="zero-shot",
        variant=None,
    )
    assert [result.printed for result in found] == [printed]
    assert found[0].value == float(printed)


@pytest.mark.parametrize(("method", "benchmark", "metric", "printed"), GENERALISED)
def test_generalised_values_stand_as_printed(method, benchmark, metric, printed):
    (result,) = select_results(
        RESULTS,
        method=method,
        benchmark=benchmark,
        metric=metric,
        setting="generalised",
    )
    assert result.printed == printed


@pytest.mark.parametrize(("variant", "row"), ABLATION, ids=lambda value: str(value))
def test_the_ablation_of_sbtknet_is_complete(variant, row):
    expected = iter(row.split())
    for benchmark in (S21, TUB):
        for quantity in QUANTITIES:
            (result,) = select_results(
                RESULTS,
                variant=variant,
                benchmark=benchmark,
                quantity=quantity,
                source="sbtknet-table-5",
            )
            assert result.printed == next(expected)


def test_the_paper_of_mathm_gives_its_baseline_and_the_gain():
    for metric, gain in (("map@all/voc", 2.94), ("p@100", 2.34)):
        baseline, full = select_results(RESULTS, method="MATHM", metric=metric)
        assert (baseline.variant, full.variant) == ("baseline", None)
        assert full.value - baseline.value == pytest.approx(gain)
        assert full.backbone == "CSE-ResNet50" and full.split == "sake"


def test_every_field_has_a_known_value():
    definitions = {*metric_names(), "map@all/unknown", "map@200/unknown"}
    for result in RESULTS:
        assert result.benchmark in {S25, S21, TUB, QD, "sketchy-unknown"}
        assert result.setting in {"zero-shot", "generalised"}
        assert result.metric in definitions and result.quantity in QUANTITIES
        assert result.split in {"sake", "sempcyc", "shared", "unknown"}
        assert result.binary in {True, False, None}
        assert re.fullmatch(r"\d{1,2}\.\d{1,2}", result.printed)
        assert 0 < result.value < 100
        assert result.year is None or 2018 <= result.year <= 2025
        assert result.dimensions is None or 64 <= result.dimensions <= 4096
        for text in (result.venue, result.backbone, result.caveat, result.note):
            assert text is None or text.strip() == text != ""


def test_the_definition_is_said_to_be_known_where_it_is_known():
    for result in RESULTS:
        known = result.quantity.startswith("map") and "unknown" not in result.metric
        assert (result.metric_from in {"code", "inferred"}) == known
        assert (result.metric_from is None) == (not known)


def test_splits_are_shared_exactly_where_there_is_one_public_list():
    for result in RESULTS:
        assert (result.split == "shared") == (result.benchmark in {S21, QD})
        if result.benchmark == "sketchy-unknown":
            assert result.split == "unknown"


def test_codes_are_of_64_bits_and_real_values_are_no_codes():
    codes = select_results(RESULTS, binary=True)
    assert {result.dimensions for result in codes} == {64}
    assert {"SAKE", "PCMSN", "PSKD"} < {result.method for result in codes}


def test_every_source_is_known_and_used():
    used = {source for result in RESULTS for source in result.sources}
    assert used == set(published_sources())
    assert all(len(set(one.sources)) == len(one.sources) >= 1 for one in RESULTS)


def test_no_value_stands_twice():
    counts = Counter(dataclasses.replace(r, sources=(), note=None) for r in RESULTS)
    assert max(counts.values()) == 1
    names = ("method", "variant", "benchmark", "setting", "metric", "binary")
    for source in published_sources():
        rows = Counter(
            (*(getattr(one, name) for name in names), one.dimensions)
            for one in select_results(RESULTS, source=source)
        )
        assert max(rows.values()) == 1, f"{source} prints a value twice"


def test_methods_without_values_have_none():
    missing = methods_without_values()
    assert {"RAMLN", "ARML"} < set(missing)
    assert not missing.keys() & {result.method for result in RESULTS}


def twin(result, quantity):
    """Return the values of another quantity that stand in a same row."""
    names = ("method", "variant", "benchmark", "setting", "dimensions", "binary")
    same = {name: getattr(result, name) for name in names}
    return select_results(RESULTS, quantity=quantity, **same)


def test_map_at_200_above_precision_is_lenient():
    """The other definitions never exceed precision where a class has 200 photos."""
    above = []
    for result in select_results(RESULTS, quantity="map@200"):
        for precision in twin(result, "p@200"):
            if result.value > precision.value:
                above.append((result.method, result.benchmark, result.setting))
                assert result.metric == "map@200/hits", result
    assert ("Doodle2Search", S21, "zero-shot") in above
    assert ("STL", S21, "generalised") in above
    assert len(above) == 11


def test_every_inferred_lenient_value_exceeds_its_precision():
    for result in select_results(RESULTS, metric="map@200/hits"):
        assert any(result.value > one.value for one in twin(result, "p@200")), result


def test_classes_are_large_enough_for_precision_to_need_no_definition():
    for benchmark, k in ((S25, 100), (S21, 200), (TUB, 200), (QD, 200)):
        assert min(public_split(benchmark).photos_per_class.values()) >= k


def test_select_by_none_quantity_and_source():
    unknown = select_results(RESULTS, year=None)
    assert {one.method for one in unknown} >= {"EMS", "StyleGuide", "Sherry"}
    assert all(one.year is None for one in unknown)
    lenient = select_results(RESULTS, benchmark=S21, metric="map@200/hits")
    every = select_results(RESULTS, benchmark=S21, quantity="map@200")
    assert 0 < len(lenient) < len(every)
    assert select_results(RESULTS, method="RAMLN") == []
    assert select_results([], method="SAKE") == []
    assert select_results(RESULTS) == list(RESULTS)


def test_names_say_variant_and_code_length():
    assert find("SAKE", S25, "map@all").name == "SAKE"
    assert find("SAKE", S25, "map@all", binary=True).name == "SAKE, 64 bits"
    (variant, _) = select_results(RESULTS, method="MATHM", quantity="p@100")
    assert variant.name == "MATHM (baseline)"


# which may be compared, and which contradict each other


def test_the_same_metric_on_the_same_classes_is_comparable():
    verdict = comparable(find("SAKE", TUB, "map@all"), find("MATHM", TUB, "map@all"))
    assert verdict and verdict.reasons == ()
    assert comparable(find("SAKE", S21, "p@200"), find("BDT", S21, "p@200"))


@pytest.mark.parametrize(
    ("first", "second", "reasons"),
    [
        (
            ("SBTKNet", S21, "map@200", {"metric": "map@200/hits"}),
            ("SAKE", S21, "map@200", {}),
            ["map@200/hits and map@200/voc are different definitions"],
        ),
        (
            ("SAKE", TUB, "p@100", {}),
            ("PCMSN", TUB, "p@100", {}),
            ["unseen classes of sake and of sempcyc differ"],
        ),
        (
            ("SAKE", S21, "p@200", {}),
            ("SAKE", QD, "p@200", {}),
            ["sketchy-21 and quickdraw-30 are different images"],
        ),
        (
            ("SAKE", TUB, "p@100", {}),
            ("SAKE", TUB, "map@all", {}),
            ["p@100 and map@all are different quantities"],
        ),
        (
            ("SAKE", TUB, "map@all", {}),
            ("SAKE", TUB, "map@all", {"binary": True}),
            ["real-valued embeddings and binary codes differ in what they cost"],
        ),
        (
            ("SAKE", TUB, "map@all", {}),
            ("PSKD", TUB, "map@all", {}),
            [
                "PSKD: the definition of the metric is not known",
                "PSKD: the unseen classes are not known",
            ],
        ),
        (
            ("SAKE", S21, "map@200", {}),
            ("DSN", S21, "map@200", {}),
            ["DSN: its code averages over classes, not over queries"],
        ),
        (
            ("SEM-PCYC", TUB, "map@all", {"setting": "generalised"}),
            ("SEM-PCYC", TUB, "map@all", {"dimensions": 64}),
            [
                "generalised and zero-shot are different settings",
                "SEM-PCYC: which of the generalised protocols was used is not known",
            ],
        ),
    ],
)
def test_reasons_against_a_comparison(first, second, reasons):
    pair = [
        find(method, benchmark, quantity, **wanted)
        for method, benchmark, quantity, wanted in (first, second)
    ]
    verdict = comparable(*pair)
    assert not verdict and list(verdict.reasons) == reasons
    assert len(comparable(*reversed(pair)).reasons) == len(reasons)


def test_an_unknown_benchmark_may_be_either_of_sketchy():
    vague = find("ACNet", "sketchy-unknown", "p@100", dimensions=512)
    reasons = comparable(vague, find("SAKE", S25, "p@100")).reasons
    assert reasons == ("ACNet: the unseen classes are not known",)
    reasons = comparable(vague, find("SAKE", TUB, "p@100")).reasons
    assert reasons[0] == "sketchy-unknown and tuberlin-30 are different images"


def test_groups_hold_exactly_what_is_comparable():
    groups = like_with_like(RESULTS)
    members = {one: key for key, group in groups.items() for one in group}
    assert set(members) == {one for one in RESULTS if not obstacles(one)}
    free = [one for one in RESULTS if not one.binary]
    for first, second in combinations(free, 2):
        together = first in members and members[first] == members.get(second)
        assert bool(comparable(first, second)) == together
    sizes = [len(group) for group in groups.values()]
    assert sizes == sorted(sizes, reverse=True)


def test_the_group_of_sake_on_quickdraw():
    key = LikeWithLike(QD, "zero-shot", "map@all/voc", "shared")
    group = like_with_like(RESULTS)[key]
    assert {one.method: one.value for one in group} == {
        "SAKE": 13.0,
        "SBTKNet": 11.88,
        "ZSE-SBIR RN": 14.5,
        "ZSE-SBIR Ret": 14.2,
        "MARL": 32.7,
    }


def test_tables_that_contradict_each_other_are_found():
    found = disagreements(RESULTS)
    pairs = Counter((first.method, first.benchmark) for first, _ in found)
    assert pairs == {  # counted by hand, over both quantities of each table
        ("ZSIH", S25): 6,
        ("ZSIH", TUB): 2,
        ("CVAE", S25): 2,
        ("CVAE", TUB): 2,
        ("Doodle2Search", S21): 1,
        ("Doodle2Search", TUB): 1,
        ("StyleGuide", S25): 2,  # in the number of dimensions
        ("StyleGuide", S21): 2,  # in the number of dimensions
        ("StyleGuide", TUB): 3,
        ("SketchGCN", TUB): 2,
        ("OCEAN", S25): 2,  # in the number of dimensions
        ("OCEAN", TUB): 2,  # in the number of dimensions
        ("IIAE", TUB): 2,
        ("DSN", TUB): 2,
        ("BDA-SketRet", TUB): 1,
    }
    for first, second in found:
        assert not set(first.sources) & set(second.sources)
        assert first.value != second.value or first.dimensions != second.dimensions


def altered(**changes):
    """Return SAKE's value on TU-Berlin as another table might print it."""
    first = find("SAKE", TUB, "map@all")  # 47.5, 512 dimensions
    return first, dataclasses.replace(first, sources=("acnet-readme",), **changes)


@pytest.mark.parametrize(
    ("changes", "contradict"),
    [
        ({}, False),
        ({"printed": "47.6"}, True),
        ({"printed": "47.50"}, False),
        ({"printed": "47.55"}, False),  # rounded down, or half to even
        ({"printed": "47.45"}, False),  # rounded up
        ({"printed": "47.56"}, True),
        ({"printed": "47.44"}, True),
        ({"printed": "7.5"}, True),
        ({"dimensions": None}, False),
        ({"dimensions": 64}, True),
        ({"dimensions": 64, "binary": True}, False),
        ({"printed": "40.0", "variant": "small"}, False),
        ({"printed": "40.0", "setting": "generalised"}, False),
        ({"printed": "40.0", "metric": "map@all/unknown"}, True),
        ({"printed": "40.0", "metric": "p@100"}, False),
    ],
)
def test_what_counts_as_a_contradiction(changes, contradict):
    pair = altered(**changes)
    assert disagreements(pair) == ([pair] if contradict else [])


def test_one_table_with_two_rows_does_not_contradict_itself():
    first, second = altered(printed="40.0")
    assert (
        disagreements([first, dataclasses.replace(second, sources=first.sources)]) == []
    )
