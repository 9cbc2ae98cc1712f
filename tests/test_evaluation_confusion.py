"""Confusion of classes: counted by hand, by a slow loop, and what is refused."""

import pytest
import torch

from zssbir_lib.evaluation import (
    confusion_matrix,
    most_confused_pair,
    mutual_confusion,
)


def test_shares_counted_by_hand():
    retrieved = torch.tensor([[0, 0, 1, 2], [0, 1, 1, 1], [2, 2, 2, 0]])
    found = confusion_matrix(retrieved, torch.tensor([0, 0, 2]), classes=3)
    assert found.dtype == torch.float64
    assert found[0].tolist() == [3 / 8, 4 / 8, 1 / 8]
    assert found[1].isnan().all()  # no query of class 1
    assert found[2].tolist() == [1 / 4, 0, 3 / 4]


def test_a_slow_loop_counts_the_same():
    generator = torch.Generator().manual_seed(3)
    retrieved = torch.randint(5, (40, 7), generator=generator)
    query = torch.randint(5, (40,), generator=generator)
    slow = torch.zeros(5, 5, dtype=torch.float64)
    for row, label in zip(retrieved.tolist(), query.tolist(), strict=True):
        for one in row:
            slow[label, one] += 1 / (7 * int((query == label).sum()))
    torch.testing.assert_close(confusion_matrix(retrieved, query, 5), slow)
    torch.testing.assert_close(slow.sum(dim=1), torch.ones(5, dtype=torch.float64))


def test_the_mean_of_both_directions():
    confusion = torch.tensor([[0.5, 0.4, 0.1], [0.0, 0.9, 0.1], [0.3, 0.2, 0.5]])
    mutual = mutual_confusion(confusion)
    expected = torch.tensor([[0, 0.2, 0.2], [0.2, 0, 0.15], [0.2, 0.15, 0]])
    torch.testing.assert_close(mutual.float(), expected)
    assert confusion[0, 0] == 0.5  # the argument is as it was


def test_a_large_share_one_way_loses_against_both_ways():
    confusion = torch.tensor([[0.6, 0.4, 0.0], [0.0, 0.7, 0.3], [0.0, 0.3, 0.7]])
    assert most_confused_pair(confusion) == (1, 2)
    confusion[0, 1] = 0.61
    assert most_confused_pair(confusion) == (0, 1)


def test_of_equal_pairs_the_first_is_found():
    confusion = torch.full((4, 4), 0.25)
    assert most_confused_pair(confusion) == (0, 1)


def test_a_class_without_queries_is_in_no_pair():
    retrieved = torch.tensor([[1, 1, 1], [2, 2, 0]])
    confusion = confusion_matrix(retrieved, torch.tensor([0, 2]), classes=3)
    assert confusion[0, 1] == 1  # class 1 has photos, but no sketch
    assert most_confused_pair(confusion) == (0, 2)


def test_no_confusion_at_all_is_no_pair():
    with pytest.raises(ValueError, match="no class is confused with another"):
        most_confused_pair(torch.eye(3))


@pytest.mark.parametrize(
    ("retrieved", "query", "classes", "message"),
    [
        ([0, 1], [0, 1], 2, r"has shape \(2,\) and query_labels \(2,\)"),
        ([[0, 1]], [0, 1], 2, r"expected \(Q, K\) and \(Q,\)"),
        ([[0, 2]], [0], 2, "retrieved_labels run from 0 to 2: expected 0 to 1"),
        ([[0, 1]], [-1], 2, "query_labels run from -1 to -1"),
    ],
)
def test_labels_that_do_not_fit(retrieved, query, classes, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(torch.tensor(retrieved), torch.tensor(query), classes)


def test_nothing_retrieved():
    with pytest.raises(ValueError, match="no retrieved photos"):
        confusion_matrix(torch.zeros(2, 0, dtype=int), torch.tensor([0, 1]), 2)


def test_a_matrix_that_is_not_square():
    with pytest.raises(ValueError, match=r"shape \(2, 3\): expected \(C, C\)"):
        mutual_confusion(torch.zeros(2, 3))
