"""Published results: the values as printed, and what is known about each."""

import dataclasses
import re
from collections import Counter

import pytest

from zssbir_lib.data import public_split
from zssbir_lib.evaluation import (
    methods_without_values,
    metric_names,
    published_results,
    published_sources,
    select_results,
)
from zssbir_lib.evaluation.published import QUANTITIES

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


def test_select_refuses_what_does_not_exist():
    with pytest.raises(ValueError, match="no field 'dataset' to select by: use"):
        select_results(RESULTS, dataset=S21)
    with pytest.raises(ValueError, match="no source 'table-9': choose one of"):
        select_results(RESULTS, source="table-9")


def test_names_say_variant_and_code_length():
    assert find("SAKE", S25, "map@all").name == "SAKE"
    assert find("SAKE", S25, "map@all", binary=True).name == "SAKE, 64 bits"
    (variant, _) = select_results(RESULTS, method="MATHM", quantity="p@100")
    assert variant.name == "MATHM (baseline)"
