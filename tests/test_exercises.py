"""The exercises of notebooks 07 and 08: right answers by hand, likely mistakes."""

import numpy as np
import pytest
import torch

from zssbir_lib import evaluation
from zssbir_lib.exercises import EXERCISES
from zssbir_lib.lessons import agrees, check_exercise

CORNERS = torch.tensor([[1.0, 1], [-1, 1], [-1, -1], [1, -1]], dtype=torch.float64)
QUARTER = torch.tensor([[0.0, -1], [1, 0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "case", "answer"),
    [
        ("7.1", ([0b1010], [0b0011]), 2),
        ("7.1", ([255, 255], [0, 254]), 9),
        ("7.2", ([1, 1], [1, 0]), 1 / 2),
        ("7.2", ([2, 1, 2], [1, 1, 0]), (1 + 2 / 3) / 2),
        ("7.3", ([1, 1, 1],), 2 / 8),
        ("7.3", ([3, -1],), 1.0),  # 3 - 1 is 2, and every sum is 2 or 4
        ("7.4", (CORNERS @ QUARTER.T, CORNERS), QUARTER),
        ("8.1", ([[(0, 0), (3, 4)], [(0, 0), (0, 15)]], 1), 0.25),
        ("8.1", ([[(0, 0), (3, 4)], [(0, 0), (0, 15)]], 2), 1.0),
        ("8.2", (1 + 1 / 256,), 1.0),  # half-way: to the even one, below
        ("8.2", (1 + 3 / 256,), 1 + 2 / 128),  # half-way: to the even one, above
        ("8.2", (257.0,), 256.0),
        ("8.3", ([0.0, 4.0], [1.0, 3.0]), [2.0, 6.0]),
    ],
)
def test_references_by_hand(name, case, answer):
    assert agrees(EXERCISES[name].reference(*case), answer, tolerance=1e-9)


def test_references_agree_with_the_library():
    chance = torch.Generator().manual_seed(0)
    apart = torch.randint(4, (12,), generator=chance)
    relevant = torch.tensor([1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0])
    codes = torch.arange(4) < apart[:, None]  # (12, 4) so many bits set
    arguments = torch.zeros(1, 4, dtype=torch.bool), codes, torch.ones(1).long()
    found = evaluation.evaluate_retrieval(*arguments, relevant, distance="hamming")
    reference = EXERCISES["7.2"].reference(apart.tolist(), relevant.tolist())
    assert found["map@all"] == pytest.approx(reference)
    differences = [4, 3, -1, 2, 0, 5]
    exact = evaluation.sign_flip_test(differences)
    assert EXERCISES["7.3"].reference(differences) == pytest.approx(exact)


def test_reference_rounds_to_bfloat16_as_torch_does():
    numbers = torch.randn(500, generator=torch.Generator().manual_seed(0)) * 100
    mine = [EXERCISES["8.2"].reference(number) for number in numbers.tolist()]
    assert mine == numbers.bfloat16().tolist()


def test_reference_of_joint_statistics_is_right_for_real_parts():
    parts = torch.randn(4, 6, generator=torch.Generator().manual_seed(0)).double()
    means, variances = parts.mean(1).tolist(), parts.var(1, correction=0).tolist()
    mean, variance = EXERCISES["8.3"].reference(means, variances)
    assert mean == pytest.approx(float(parts.mean()))
    assert variance == pytest.approx(float(parts.var(correction=0)))


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("7.1", lambda a, b: sum(x != y for x, y in zip(a, b, strict=True))),
        (
            "7.1",
            lambda a, b: sum(x.bit_count() for x in a) - sum(map(int.bit_count, b)),
        ),
        ("7.2", lambda distances, relevant: sum(relevant) / len(relevant)),
        ("7.2", lambda distances, relevant: by_index(distances, relevant)),
        ("7.3", lambda differences: 2 / 2 ** len(differences)),
        ("7.3", lambda differences: evaluation.sign_flip_test(differences) / 2),
        ("7.4", lambda points, corners: transpose_missing(points, corners)),
        ("7.4", lambda points, corners: torch.eye(points.shape[1])),
        ("8.1", lambda strokes, count: count / len(strokes)),  # strokes, not length
        ("8.1", lambda strokes, count: 1.0),
        ("8.2", lambda number: number),
        ("8.2", lambda number: round(number * 128) / 128),  # fixed steps
        (
            "8.2",  # cut off, not rounded
            lambda number: float(
                (torch.tensor(number).view(torch.int32) & -65536).view(torch.float32)
            ),
        ),
        ("8.3", lambda means, variances: [np.mean(means), np.mean(variances)]),
        ("8.3", lambda means, variances: [np.mean(means), sum(variances)]),
    ],
)
def test_likely_mistakes_are_found(name, mistake, capsys):
    check_exercise(name, mistake)
    assert capsys.readouterr().out.startswith(f"{name}: for input ")


def by_index(distances, relevant):
    """Return average precision with ties in the order of the list."""
    order = sorted(range(len(distances)), key=distances.__getitem__)
    return evaluation.average_precision([relevant[i] for i in order])


def transpose_missing(points, corners):
    left, _, right = torch.linalg.svd(corners.T @ points)
    return right @ left.T
