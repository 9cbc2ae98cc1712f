"""Embeddings improved by their nearest neighbours."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from zssbir_lib.evaluation import evaluate_retrieval
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


def clusters(spread=0.6, seed=0):
    """Return queries and gallery around five centres, with their labels."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(5, 8, generator=generator)
    labels = torch.arange(5).repeat_interleave(12)
    noise = torch.randn(2, 60, 8, generator=generator)
    return (*(normalize(centres[labels] + 2 * spread * one) for one in noise), labels)


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


def test_one_neighbour_is_oneself():
    gallery = points(20)
    torch.testing.assert_close(smooth_gallery(gallery, neighbours=1), gallery)


def test_a_slow_loop_says_the_same(monkeypatch):
    monkeypatch.setattr(module, "BUFFER_ELEMENTS", 100)  # a few points at a time
    query, gallery = points(13), points(40, seed=1)
    found = mean_of_nearest(query, gallery, neighbours=5)
    for row, one in zip(found, query, strict=True):
        order = sorted(range(40), key=lambda place: -float(one @ gallery[place]))
        mean = sum(gallery[place] for place in order[:5])
        torch.testing.assert_close(row, mean / mean.norm())


def test_the_order_of_the_gallery_does_not_matter():
    gallery = points(30)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(
        smooth_gallery(gallery[order], 6), smooth_gallery(gallery, 6)[order]
    )


def test_neighbours_help_where_classes_are_clusters():
    query, gallery, labels = clusters()

    def score(queries, photos):
        return evaluate_retrieval(queries, photos, labels, labels)["map@all"]

    smooth = smooth_gallery(gallery, 8)
    plain, smoothed = score(query, gallery), score(query, smooth)
    both = score(expand_queries(query, smooth, 8), smooth)
    assert plain + 0.03 < smoothed < both


def test_centring_takes_a_gap_away():
    query, gallery, labels = clusters()
    gap = torch.zeros(8)
    gap[0] = 1.5
    apart = normalize(query + gap), normalize(gallery - gap)
    before = evaluate_retrieval(*apart, labels, labels)["map@all"]
    centred = centre_modalities(*apart)
    after = evaluate_retrieval(*centred, labels, labels)["map@all"]
    assert after > before + 0.02
    for part in centred:
        torch.testing.assert_close(part.norm(dim=1), torch.ones(60))


def test_an_offset_of_one_modality_does_not_matter():
    query, gallery = points(9), points(9, seed=4)
    mean = query.mean(dim=0)
    centred, _ = centre_modalities(query, gallery)
    torch.testing.assert_close(centred, normalize(query - mean, dim=1))


@pytest.mark.parametrize("count", [0, -1, 31])
def test_a_number_out_of_range_is_refused(count):
    gallery = points(30)
    with pytest.raises(ValueError, match=f"neighbours is {count}: choose from 1 to 30"):
        smooth_gallery(gallery, count)


def test_what_is_no_number_is_refused():
    gallery = points(30)
    gallery[3, 2] = torch.nan
    for call in (smooth_gallery, lambda one: centre_modalities(points(2), one)):
        with pytest.raises(ValueError):
            call(gallery)


def test_one_photo_is_enough():
    query, gallery = points(3), points(1, seed=2)
    torch.testing.assert_close(smooth_gallery(gallery, 1), gallery)
    assert expand_queries(query, gallery, 1).shape == (3, 8)
