"""The evaluation reproduces values computed by others on the same input."""

from pathlib import Path

import numpy as np
import pytest
import torch

from zssbir_lib.evaluation import evaluate_retrieval, per_query_metrics
from zssbir_lib.evaluation.metrics import untied_ranks

GOLDENS = Path(__file__).parent / "goldens" / "metrics"
REFERENCE_NAMES = {
    "map@all": "ap_all",
    "map@all/voc": "apvoc_all",
    "map@200/min": "ap200_div_minKR",
    "map@200/voc": "apvoc_200",
    "map@200/hits": "ap200_div_hits",
    "map@200/relevant": "ap200_div_R",
    "p@100": "p100_div_K",
    "p@200": "p200_div_K",
    "p@100/capped": "p100_rprec_capped",
    "p@200/capped": "p200_rprec_capped",
}


def load(case, double=False):
    """Return the golden arrays and the arguments of the evaluation."""
    golden = dict(np.load(GOLDENS / f"{case}.npz"))
    suffix = "_bits" if "in_query_bits" in golden else ""
    query, gallery = (
        torch.from_numpy(golden[f"in_{name}{suffix}"]) for name in ("query", "gallery")
    )
    if not suffix:
        query, gallery = query.float(), gallery.float()
    if double:
        query, gallery = query.double(), gallery.double()
    labels = (
        torch.from_numpy(golden[f"in_{name}_labels"]) for name in ("query", "gallery")
    )
    return golden, (query, gallery, *labels, "hamming" if suffix else "euclidean")


@pytest.mark.parametrize("case", ["m0_tiny", "m1_plain"])
def test_every_query_equals_the_brute_force_without_ties(case):
    golden, arguments = load(case, double=True)
    values = per_query_metrics(*arguments)
    for name, reference in REFERENCE_NAMES.items():
        expected = golden[f"out_ref_stable_{reference}"]
        np.testing.assert_allclose(values[name], expected, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("case", ["m0_tiny", "m1_plain"])
def test_float32_means_equal_the_brute_force_without_ties(case):
    golden, arguments = load(case)
    values, single = evaluate_retrieval(*arguments), per_query_metrics(*arguments)
    for name, reference in REFERENCE_NAMES.items():
        expected = golden[f"out_ref_stable_{reference}"]
        assert values[name] == pytest.approx(expected.mean(), abs=1e-6), name
        # float32 cannot tell two photos apart whose distances differ by 1e-7
        np.testing.assert_allclose(single[name], expected, atol=3e-5, err_msg=name)


@pytest.mark.parametrize("case", ["m3_ties", "m5_hamming64"])
@pytest.mark.parametrize("ties", ["optimistic", "pessimistic"])
def test_every_query_equals_the_brute_force_for_the_extreme_orders(case, ties):
    golden, arguments = load(case)
    values = per_query_metrics(*arguments, ties=ties)
    for name, reference in REFERENCE_NAMES.items():
        expected = golden[f"out_ref_{ties}_{reference}"]
        np.testing.assert_allclose(values[name], expected, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("case", ["m0_tiny", "m3_ties", "m5_hamming64"])
def test_block_rule_equals_scikit_learn_as_used_by_sem_pcyc(case):
    golden, arguments = load(case)
    values = per_query_metrics(*arguments)["map@all"]
    np.testing.assert_allclose(values, golden["out_sempcyc_ap_all"], atol=1e-12)


@pytest.mark.parametrize("case", ["m3_ties", "m5_hamming64"])
def test_block_rule_lies_between_the_extreme_orders_on_average(case):
    golden, arguments = load(case)
    values = evaluate_retrieval(*arguments)
    for name, reference in REFERENCE_NAMES.items():
        low = golden[f"out_ref_pessimistic_{reference}"].mean()
        high = golden[f"out_ref_optimistic_{reference}"].mean()
        assert low - 1e-12 <= values[name] < high, name


def test_each_family_of_peers_is_reproduced_under_its_own_name():
    golden, arguments = load("m1_plain")
    values = evaluate_retrieval(*arguments)
    zse = golden["out_zse_scalar_mapall_map200_p100_p200"]
    published = {
        "map@all/voc": [golden["out_sake_ap_all"].mean(), zse[0]],
        "map@200/voc": [golden["out_sake_ap_200"].mean(), zse[1]],
        "map@all": [
            golden["out_doodle_ap_all"].mean(),
            golden["out_pml_kNone_mean_average_precision_scalar"],
            golden["out_torchmetrics_RetrievalMAP_inv1pdist_empty_skip_scalar"],
        ],
        "map@200/hits": [
            golden["out_sempcyc_ap_200"].mean(),
            golden["out_oml_ap_200"].mean(),
        ],
        "map@200/relevant": [golden["out_pml_k200_mean_average_precision_scalar"]],
        "p@100": [golden["out_sake_p100"].mean()],
        "p@100/capped": [zse[2]],
        "p@200/capped": [zse[3]],
    }
    for name, expected in published.items():
        for value in expected:
            assert values[name] == pytest.approx(float(value), abs=1e-6), name


def test_cosine_equals_acnet():
    golden, arguments = load("m1_plain")
    values = evaluate_retrieval(*arguments[:4], distance="cosine")
    for name, peer in (
        ("map@all/voc", "ap_all"),
        ("map@200/voc", "ap_200"),
        ("p@100", "p100"),
    ):
        expected = golden[f"out_acnet_{peer}"].mean()
        assert values[name] == pytest.approx(expected, abs=1e-6), name


def test_macro_average_equals_dsn():
    _, arguments = load("m1_plain")
    values = evaluate_retrieval(*arguments, average="macro")
    assert values["map@all/voc"] == pytest.approx(0.2533100056089618, abs=1e-6)
    assert values["p@100"] == pytest.approx(0.1959198725670225, abs=1e-6)


def test_precision_in_a_gallery_smaller_than_k_still_divides_by_k():
    golden, arguments = load("m0_tiny")
    values = per_query_metrics(*arguments)
    np.testing.assert_allclose(values["p@100"], golden["out_ref_stable_p100_div_K"])
    by_gallery = golden["out_ref_stable_p100_div_minKN"]
    np.testing.assert_allclose(values["p@100"] * 100 / 10, by_gallery)


def test_hits_divided_by_the_smaller_of_k_and_r_are_at_hand():
    golden, (query, gallery, query_labels, gallery_labels, _) = load("m1_plain")
    expected = golden["out_ref_stable_p200_div_minKR"]
    order = torch.cdist(query.double(), gallery.double()).argsort(dim=1)
    for i in range(0, 300, 30):
        relevance = gallery_labels[order[i]] == query_labels[i]
        rank = (relevance.nonzero().flatten() + 1)[None]
        hits = untied_ranks(rank, [200]).cuts[200].hits
        assert float(hits) / min(200, rank.shape[1]) == pytest.approx(expected[i])
