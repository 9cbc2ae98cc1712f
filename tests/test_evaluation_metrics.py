"""Average precision by hand, in a loop, batched, and by scikit-learn."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from zssbir_lib.evaluation import (
    average_precision,
    evaluate_retrieval,
    metric_names,
    per_query_metrics,
    precision_at,
)
from zssbir_lib.evaluation.metrics import all_metrics, envelope, untied_ranks

TEN_PHOTOS = [1, 0, 1, 1, 0, 0, 1, 0, 0, 1]  # five of them relevant
BY_HAND = {  # the first four photos; precisions 1, 2/3, 3/4 at ranks 1, 3, 4
    "relevant": (1 + 2 / 3 + 3 / 4) / 5,
    "min": (1 + 2 / 3 + 3 / 4) / 4,
    "hits": (1 + 2 / 3 + 3 / 4) / 3,
    "k": (1 + 2 / 3 + 3 / 4) / 4,
}


def evaluate_list(relevance, **options):
    """Evaluate one ranking, given as zeros and ones."""
    gallery = torch.arange(1.0, len(relevance) + 1)[:, None]
    one = torch.ones(1, dtype=torch.int64)
    return evaluate_retrieval(
        torch.zeros(1, 1), gallery, one, torch.tensor(relevance), **options
    )


def random_problem(seed, queries=30, photos=60, classes=5, whole_numbers=False):
    """Draw embeddings and labels; whole numbers give many ties."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(queries + photos, 3, generator=generator)
    features = features.round() if whole_numbers else features
    labels = torch.randint(classes, (queries + photos,), generator=generator)
    return features[:queries], features[queries:], labels[:queries], labels[queries:]


@pytest.mark.parametrize(("divide_by", "expected"), BY_HAND.items())
def test_average_precision_of_ten_photos_by_hand(divide_by, expected):
    assert average_precision(TEN_PHOTOS, 4, divide_by) == pytest.approx(expected)
    batched = evaluate_list(TEN_PHOTOS, ks=(4,))
    assert batched[f"map@4/{divide_by}"] == pytest.approx(expected)


def test_interpolated_and_complete_average_precision_of_ten_photos():
    batched = evaluate_list(TEN_PHOTOS, ks=(4,))
    assert average_precision(TEN_PHOTOS, 4, interpolated=True) == pytest.approx(0.625)
    assert batched["map@4/voc"] == pytest.approx(0.625)
    assert average_precision(TEN_PHOTOS) == pytest.approx(0.697619, abs=1e-6)
    assert batched["map@all"] == pytest.approx(0.697619, abs=1e-6)
    complete = average_precision(TEN_PHOTOS, interpolated=True)
    assert complete == pytest.approx(0.714286, abs=1e-6)
    assert batched["map@all/voc"] == pytest.approx(complete)
    assert precision_at(TEN_PHOTOS, 4) == batched["p@4"] == 0.75


def test_envelope_by_hand():
    precision = torch.tensor([[0.5, 0.25, 0.75, 0.6]])
    assert envelope(precision).tolist() == [[0.75, 0.75, 0.75, pytest.approx(0.6)]]


def test_precision_capped_looks_at_the_first_r_photos_only():
    values = evaluate_list([1, 1, 0, 1, 0, 0, 0, 0], ks=(6,))
    assert values["p@6"] == pytest.approx(3 / 6)
    assert values["p@6/capped"] == pytest.approx(2 / 3)  # R = 3


def test_no_hit_inside_k_scores_zero_everywhere():
    values = evaluate_list([0, 0, 0, 1], ks=(2,))
    assert {values[name] for name in metric_names((2,)) if "@2" in name} == {0.0}
    assert average_precision([0, 0, 0, 1], 2, "hits") == 0


@pytest.mark.parametrize("seed", range(5))
def test_batched_metrics_equal_the_loop(seed):
    generator = np.random.default_rng(seed)
    relevance = (generator.random(40) < 0.3).astype(int).tolist()
    ks = (1, 5, 12, 13, 40, 50)
    rank = torch.tensor([[i for i, hit in enumerate(relevance, start=1) if hit]])
    relevant = rank.shape[1]
    depths = {depth for k in ks for depth in (k, min(k, relevant))}
    values = all_metrics(untied_ranks(rank, sorted(depths)), ks)
    assert set(values) == set(metric_names(ks))
    for k in ks:
        for divisor in ("min", "hits", "relevant", "k"):
            expected = average_precision(relevance, k, divisor)
            assert values[f"map@{k}/{divisor}"].item() == pytest.approx(expected)
        expected = average_precision(relevance, k, interpolated=True)
        assert values[f"map@{k}/voc"].item() == pytest.approx(expected)
        assert values[f"p@{k}"].item() == pytest.approx(precision_at(relevance, k))
        capped = precision_at(relevance, min(k, relevant))
        assert values[f"p@{k}/capped"].item() == pytest.approx(capped)


@pytest.mark.parametrize("whole_numbers", [False, True])
def test_average_precision_equals_scikit_learn(whole_numbers):
    query, gallery, query_labels, gallery_labels = random_problem(
        1, whole_numbers=whole_numbers
    )
    values = per_query_metrics(query, gallery, query_labels, gallery_labels)
    distance = torch.cdist(query.double(), gallery.double()).square()
    for i, label in enumerate(query_labels):
        expected = average_precision_score(
            gallery_labels == label, -distance[i].round(decimals=6)
        )
        assert values["map@all"][i] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 6])
def test_tie_rules_against_every_order_of_tied_photos(k):
    distance = [1, 2, 2, 2, 3, 3]
    relevance = [0, 1, 0, 1, 1, 0]
    gallery = torch.tensor(distance).float()[:, None]
    labels = torch.tensor(relevance)
    arguments = (torch.zeros(1, 1), gallery, torch.ones(1).long(), labels)
    orders = [
        [relevance[i] for i in order]
        for order in itertools.permutations(range(6))
        if sorted(distance) == [distance[i] for i in order]
    ]
    assert len(orders) == 12
    rules = ("pessimistic", "block", "optimistic")
    low, block, high = (
        evaluate_retrieval(*arguments, ks=(k,), ties=ties) for ties in rules
    )
    precisions = [precision_at(order, k) for order in orders]
    assert low[f"p@{k}"] == pytest.approx(min(precisions))
    assert block[f"p@{k}"] == pytest.approx(np.mean(precisions))
    assert high[f"p@{k}"] == pytest.approx(max(precisions))
    for interpolated, name in ((False, "min"), (True, "voc")):
        scores = [average_precision(o, k, interpolated=interpolated) for o in orders]
        assert low[f"map@{k}/{name}"] == pytest.approx(min(scores))
        assert high[f"map@{k}/{name}"] == pytest.approx(max(scores))


def test_block_rule_where_the_cut_goes_through_a_tied_group_by_hand():
    gallery = torch.tensor([1.0, 2.0, 2.0, 2.0, 2.0, 3.0])[:, None]
    labels = torch.tensor([1, 1, 1, 0, 0, 1])
    values = evaluate_retrieval(
        torch.zeros(1, 1), gallery, torch.ones(1).long(), labels, ks=(3,)
    )
    hits = 1 + 2 * 2 / 4  # two of the four tied places are inside
    assert values["p@3"] == pytest.approx(hits / 3)
    assert values["map@3/hits"] == pytest.approx((1 + 1 * hits / 3) / hits)
    assert values["map@3/min"] == pytest.approx((1 + 1 * hits / 3) / 3)
    assert values["map@all"] == pytest.approx((1 + 3 / 5 + 3 / 5 + 4 / 6) / 4)


def test_plain_block_average_precision_may_exceed_the_optimistic_one():
    gallery = torch.tensor([1.0, 2.0, 2.0])[:, None]
    labels = torch.tensor([0, 1, 1])
    arguments = (torch.zeros(1, 1), gallery, torch.ones(1).long(), labels)
    assert evaluate_retrieval(*arguments)["map@all"] == pytest.approx(2 / 3)
    optimistic = evaluate_retrieval(*arguments, ties="optimistic")["map@all"]
    assert optimistic == pytest.approx((1 / 2 + 2 / 3) / 2)


@pytest.mark.parametrize("seed", range(4))
def test_block_rule_is_bounded_in_every_query(seed):
    problem = random_problem(seed, whole_numbers=True)
    rules = ("pessimistic", "block", "optimistic")
    low, block, high = (
        per_query_metrics(*problem, ks=(3, 20), ties=ties) for ties in rules
    )
    for name in metric_names((3, 20)):
        if "hits" not in name:
            assert (low[name] <= block[name] + 1e-12).all(), name
        if "voc" in name or name.startswith("p@"):
            assert (block[name] <= high[name] + 1e-12).all(), name
    assert (low["p@20"] < high["p@20"]).any()  # there are ties at all


@pytest.mark.parametrize("whole_numbers", [False, True])
def test_average_precision_at_k_is_at_most_precision_at_k(whole_numbers):
    query, gallery, query_labels, gallery_labels = random_problem(
        2, photos=200, whole_numbers=whole_numbers
    )
    values = per_query_metrics(query, gallery, query_labels, gallery_labels, ks=(8,))
    assert torch.bincount(gallery_labels).min() >= 8
    for name in ("min", "voc", "relevant", "k"):
        assert (values[f"map@8/{name}"] <= values["p@8"] + 1e-12).all()
    assert (values["map@8/hits"] > values["p@8"]).any()  # the lenient one is larger
