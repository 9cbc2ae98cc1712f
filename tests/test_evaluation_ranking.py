"""Distances, ranks and averages."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from zssbir_lib.evaluation import (
    evaluate_retrieval,
    metric_names,
    per_query_metrics,
    rank_gallery,
    ranking,
)
from zssbir_lib.evaluation.ranking import (
    GalleryKeys,
    coarse_mean,
    count_in_itself,
    count_up_to,
    rank_relevant,
    sort_rows,
)


def draw(seed=0, queries=40, photos=90, classes=6, dimensions=8):
    """Draw embeddings around class centres, with labels."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, dimensions, generator=generator)
    labels = torch.randint(classes, (queries + photos,), generator=generator)
    noise = torch.randn(queries + photos, dimensions, generator=generator)
    features = centres[labels] + 1.5 * noise
    return features[:queries], features[queries:], labels[:queries], labels[queries:]


def assert_same(first, second, tolerance=0.0):
    """Compare two dictionaries of metrics."""
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_allclose(
            first[name], second[name], rtol=0, atol=tolerance, err_msg=name
        )


def test_keys_and_counts_of_the_result():
    values = evaluate_retrieval(*draw())
    assert tuple(values) == (
        "map@all",
        "map@all/voc",
        *(f"map@100/{name}" for name in ("min", "voc", "hits", "relevant", "k")),
        *("p@100", "p@100/capped"),
        *(f"map@200/{name}" for name in ("min", "voc", "hits", "relevant", "k")),
        *("p@200", "p@200/capped"),
        *("queries", "queries_without_relevant"),
    )
    assert type(values["map@all"]) is float
    assert type(values["queries"]) is int and values["queries"] == 40
    assert values["queries_without_relevant"] == 0


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_keys_order_the_gallery_like_float64_distances(distance):
    query, gallery, *_ = draw()
    if distance == "cosine":
        unit = torch.nn.functional.normalize
        expected = 1 - unit(query.double()) @ unit(gallery.double()).T
    else:
        expected = torch.cdist(query.double(), gallery.double())
    keys = GalleryKeys(gallery, distance).compare(query)
    assert keys.dtype == torch.float32
    assert torch.equal(keys.argsort(dim=1), expected.argsort(dim=1))


def test_euclidean_keys_survive_a_large_common_offset():
    query, gallery, *labels = draw()
    query, gallery = query.mul(64).round() / 64, gallery.mul(64).round() / 64
    expected = per_query_metrics(query, gallery, *labels)
    # 1000 + x is exact in float32 here, so the distances are the same
    assert_same(per_query_metrics(query + 1000, gallery + 1000, *labels), expected)


def test_coarse_mean_keeps_whole_numbers_and_leaves_centred_features_alone():
    whole = torch.tensor([[7.0, -3.0], [9.0, -2.0], [12.0, -3.0]])
    shift = coarse_mean(whole)
    assert torch.equal(shift, shift.round()) and shift.any()
    assert not coarse_mean(torch.nn.functional.normalize(draw()[0])).any()


def test_equal_whole_number_distances_tie_exactly():
    gallery = torch.tensor([[3.0, 4.0], [5.0, 0.0], [-4.0, 3.0], [1.0, 1.0]])
    keys = GalleryKeys(gallery, "euclidean").compare(torch.zeros(1, 2))[0]
    assert keys[0] == keys[1] == keys[2] and keys[3] < keys[0]


def test_all_forms_of_codes_give_the_same_hamming_result():
    query, gallery, *labels = draw(dimensions=16)
    query, gallery = query > 0, gallery > 0
    expected = per_query_metrics(query, gallery, *labels, "hamming")
    for convert in (
        lambda bits: bits.float(),
        lambda bits: bits.long() * 2 - 1,
        lambda bits: torch.from_numpy(np.packbits(bits.numpy(), axis=1)),
    ):
        values = per_query_metrics(convert(query), convert(gallery), *labels, "hamming")
        assert_same(values, expected)
    distance = (query[:, None] != gallery).sum(dim=2)
    for i in range(5):
        relevant = labels[1] == labels[0][i]
        score = average_precision_score(relevant, -distance[i])
        assert expected["map@all"][i] == pytest.approx(score)


def test_a_zero_vector_is_equally_far_from_everything_under_cosine():
    gallery, labels = torch.randn(6, 3), torch.tensor([1, 0, 1, 0, 1, 1])
    values = evaluate_retrieval(
        torch.zeros(1, 3), gallery, torch.ones(1).long(), labels, "cosine"
    )
    assert values["map@all"] == pytest.approx(4 / 6)


def test_the_order_of_the_gallery_does_not_matter():
    query, gallery, query_labels, gallery_labels = draw()
    query, gallery = query.round(), gallery.round()  # with ties, sums are exact
    order = torch.randperm(len(gallery), generator=torch.Generator().manual_seed(3))
    for ties in ("block", "optimistic", "pessimistic"):
        first = per_query_metrics(
            query, gallery, query_labels, gallery_labels, ties=ties
        )
        second = per_query_metrics(
            query, gallery[order], query_labels, gallery_labels[order], ties=ties
        )
        assert_same(first, second)


def test_permuted_queries_give_permuted_values():
    query, gallery, query_labels, gallery_labels = draw()
    order = torch.randperm(len(query), generator=torch.Generator().manual_seed(3))
    first = per_query_metrics(query, gallery, query_labels, gallery_labels)
    second = per_query_metrics(
        query[order], gallery, query_labels[order], gallery_labels
    )
    permuted = {name: value[order.numpy()] for name, value in first.items()}
    assert_same(permuted, second, 1e-12)


@pytest.mark.parametrize("chunk_size", [1, 7, 40])
def test_the_chunk_size_does_not_matter(chunk_size):
    query, gallery, *labels = draw()
    query, gallery = query.round(), gallery.round()
    expected = per_query_metrics(query, gallery, *labels, ks=(3, 10))
    values = per_query_metrics(
        query, gallery, *labels, ks=(3, 10), chunk_size=chunk_size
    )
    assert_same(values, expected, 1e-12)


def test_the_input_is_left_as_it_was():
    problem = draw()
    copies = [tensor.clone() for tensor in problem]
    evaluate_retrieval(*problem)
    evaluate_retrieval(*problem, distance="cosine", ties="optimistic")
    for tensor, copy in zip(problem, copies, strict=True):
        assert torch.equal(tensor, copy)


def test_cosine_equals_euclidean_for_unit_vectors():
    query, gallery, *labels = draw()
    unit = [torch.nn.functional.normalize(x.double()) for x in (query, gallery)]
    expected = per_query_metrics(*unit, *labels, "cosine")
    assert_same(per_query_metrics(*unit, *labels, "euclidean"), expected, 1e-12)


def test_gradients_may_be_attached():
    query, gallery, *labels = draw()
    expected = evaluate_retrieval(query, gallery, *labels)
    assert evaluate_retrieval(query.requires_grad_(), gallery, *labels) == expected


def test_queries_without_a_relevant_photo_are_left_out_and_counted():
    query, gallery, query_labels, gallery_labels = draw()
    keep = gallery_labels != 2
    lonely = (query_labels == 2).numpy()
    arguments = (query, gallery[keep], query_labels, gallery_labels[keep])
    single, values = per_query_metrics(*arguments), evaluate_retrieval(*arguments)
    for name in metric_names():
        assert np.isnan(single[name][lonely]).all()
        assert values[name] == pytest.approx(single[name][~lonely].mean())
    assert values["queries_without_relevant"] == lonely.sum() > 0
    assert values["queries"] == (~lonely).sum()


def test_macro_average_is_the_mean_of_class_means():
    query, gallery, query_labels, gallery_labels = draw()
    query, query_labels = query[:25], query_labels[:25]
    arguments = (query, gallery, query_labels, gallery_labels)
    single = per_query_metrics(*arguments)["map@all"]
    labels = query_labels.numpy()
    classes = [single[labels == label].mean() for label in np.unique(labels)]
    macro = evaluate_retrieval(*arguments, average="macro")["map@all"]
    assert macro == pytest.approx(np.mean(classes))
    assert macro != pytest.approx(single.mean(), abs=1e-4)


def test_one_class_one_photo_and_label_numbers_of_any_size():
    one = torch.tensor([2**40])
    values = evaluate_retrieval(torch.ones(1, 4), torch.ones(1, 4), one, one)
    assert values["map@all"] == values["map@200/min"] == 1
    assert values["p@100"] == 1 / 100


def test_nearest_photos_stand_in_gallery_order_where_they_tie():
    gallery = torch.tensor([[2.0], [1.0], [2.0], [0.0], [1.0]])
    nearest = rank_gallery(torch.zeros(2, 1), gallery, k=4)
    assert nearest.tolist() == [[3, 1, 4, 0]] * 2


def test_nearest_photos_equal_sorted_distances():
    query, gallery, *_ = draw(queries=300)
    expected = torch.cdist(query.double(), gallery.double()).argsort(dim=1)[:, :7]
    assert torch.equal(rank_gallery(query, gallery, k=7), expected)


@pytest.mark.parametrize("strictly", [False, True])
@pytest.mark.parametrize("columns", [3, 50])
def test_counts_equal_a_loop(strictly, columns):
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(9, (4, 60), generator=generator).float()
    values = sort_rows(rows[:, :columns].clone())
    compare = torch.lt if strictly else torch.le
    expected = compare(rows[:, None], values[:, :, None]).sum(dim=2)
    assert torch.equal(count_up_to(sort_rows(rows), values, strictly), expected)
    itself = compare(values[:, None], values[:, :, None]).sum(dim=2)
    assert torch.equal(count_in_itself(values, strictly), itself)


def test_ranks_of_three_photos_by_hand():
    keys = torch.tensor([[0.1, 0.5, 0.5, 0.7, 0.9]])
    relevant = torch.tensor([[0.9, 0.5, 0.1]])
    for ties, rank, found in (
        ("block", [1, 3, 5], [1, 2, 3]),
        ("optimistic", [1, 2, 5], [1, 2, 3]),
        ("pessimistic", [1, 3, 5], [1, 2, 3]),
    ):
        ranks = rank_relevant(keys.clone(), relevant.clone(), (2,), ties)
        assert ranks.rank.tolist() == [rank] and ranks.found.tolist() == [found]


@pytest.mark.parametrize("ties", ["block", "optimistic", "pessimistic"])
def test_torch_alone_equals_numpy(ties, monkeypatch):
    query, gallery, *labels = draw(photos=400)
    query, gallery = query.round(), gallery.round()
    expected = per_query_metrics(query, gallery, *labels, ks=(3, 10), ties=ties)
    monkeypatch.setattr(ranking, "numpy_can_read", lambda tensor: False)
    values = per_query_metrics(query, gallery, *labels, ks=(3, 10), ties=ties)
    assert_same(values, expected, 1e-12)


def test_without_cut_offs_only_complete_rankings_are_scored():
    values = evaluate_retrieval(*draw(), ks=())
    names = ("map@all", "map@all/voc", "queries", "queries_without_relevant")
    assert tuple(values) == names


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("ties", ["block", "optimistic", "pessimistic"])
def test_gpu_equals_cpu(ties):
    query, gallery, *labels = draw()
    query, gallery = query.round(), gallery.round()
    expected = per_query_metrics(query, gallery, *labels, ks=(3, 10), ties=ties)
    on_gpu = [tensor.cuda() for tensor in (query, gallery, *labels)]
    assert_same(per_query_metrics(*on_gpu, ks=(3, 10), ties=ties), expected, 1e-12)
