"""Embeddings improved by their nearest neighbours."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from zssbir_lib.evaluation import neighbourhood as module
from zssbir_lib.evaluation.neighbourhood import (
    centre_modalities,
    expand_queries,
    mean_of_nearest,
    smooth_gallery,
)


def at_angles(*degrees):
    turns = torch.tensor(degrees, dtype=torch.float64) * math.pi / 180
    return torch.stack((turns.cos(), turns.sin()), dim=1)


def angles_of(points):
    return (torch.atan2(points[:, 1], points[:, 0]) * 180 / math.pi).tolist()


def points(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(count, 8, generator=generator), dim=1)


def test_a_gallery_by_hand():
    smooth = smooth_gallery(at_angles(0, 10, 30, 90), neighbours=2)
    # 0 and 10 have each other, 30 has 10, 90 has 30
    assert angles_of(smooth) == pytest.approx([5, 5, 20, 60])
    torch.testing.assert_close(smooth.norm(dim=1), torch.ones(4, dtype=torch.float64))


def test_a_query_by_hand():
    moved = expand_queries(at_angles(0), at_angles(20, 40, 170), neighbours=2)
    assert angles_of(moved) == pytest.approx([15])  # half-way to 30


def test_lengths_do_not_count():
    query, gallery = points(7), points(30, seed=1)
    scale = torch.linspace(0.1, 9, 30)[:, None]
    torch.testing.assert_close(smooth_gallery(gallery * scale), smooth_gallery(gallery))
    longer = expand_queries(4 * query, gallery * scale)
    torch.testing.assert_close(longer, expand_queries(query, gallery))


def test_a_slow_loop_says_the_same(monkeypatch):
    monkeypatch.setattr(module, "BUFFER_ELEMENTS", 100)  # a few points at a time
    query, gallery = points(13), points(40, seed=1)
    found = mean_of_nearest(query, gallery, neighbours=5)
    for row, one in zip(found, query, strict=True):
        order = sorted(range(40), key=lambda place: -float(one @ gallery[place]))
        mean = sum(gallery[place] for place in order[:5])
        torch.testing.assert_close(row, mean / mean.norm())


def test_one_neighbour_is_oneself_and_one_photo_is_enough():
    query, gallery = points(3), points(20, seed=2)
    torch.testing.assert_close(smooth_gallery(gallery, 1), gallery)
    torch.testing.assert_close(smooth_gallery(gallery[:1], 1), gallery[:1])
    assert expand_queries(query, gallery[:1], 1).shape == (3, 8)


def test_centring_subtracts_from_each_modality_its_mean():
    both = points(9), points(12, seed=4) + 1
    for found, one in zip(centre_modalities(*both), both, strict=True):
        unit = normalize(one, dim=1)
        torch.testing.assert_close(found, normalize(unit - unit.mean(dim=0), dim=1))
