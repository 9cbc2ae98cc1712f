"""One network scored in every protocol and every representation."""

from dataclasses import replace

import pytest
import torch

from zssbir_lib.data import ImageSet, SketchPhotoData, ZeroShotData
from zssbir_lib.evaluation import (
    LabelledEmbeddings,
    RetrievalSets,
    encode_sets,
    evaluate_retrieval,
    expand_queries,
    improve_by_neighbours,
    retrieval_codes,
    score_representations,
    smooth_gallery,
)
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training import (
    embed,
    score_cells,
    score_generalised,
    score_retrieval,
)
from zssbir_lib.training.cells import CELL_METRICS, CELLS

OFTEN = 40  # photos a class


def noisy(classes, photos, seed):
    """Return classes of flat colour with noise, 32 px: 6 sketches each, some photos."""
    generator = torch.Generator().manual_seed(seed)
    colours = torch.randint(60, 196, (classes, 3, 1, 1), generator=generator)

    def images(count, modality):
        labels = torch.arange(classes).repeat_interleave(count)
        shape = (len(labels), 3, 32, 32)
        noise = torch.randint(-60, 60, shape, generator=generator)
        pixels = (colours[labels] + noise).clamp(0, 255).to(torch.uint8)
        return ImageSet(pixels, labels, modality)

    names = tuple(f"class {seed} {number}" for number in range(classes))
    return SketchPhotoData("noisy", names, images(6, SKETCH), images(photos, PHOTO), 32)


@pytest.fixture(scope="module")
def parts():
    return ZeroShotData(noisy(4, OFTEN, 1), None, noisy(3, OFTEN, 2))


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return EmbeddingNet("small", 64)


@pytest.fixture(scope="module")
def cells(net, parts):
    return score_cells(net, parts)


def chosen(metrics):
    return pytest.approx({name: metrics[name] for name in CELL_METRICS})


def test_cells_and_metrics_are_those_promised(cells):
    assert tuple(cells) == CELLS and len(CELLS) == 12
    assert {tuple(metrics) for metrics in cells.values()} == {CELL_METRICS}
    values = [value for metrics in cells.values() for value in metrics.values()]
    assert all(0 <= value <= 1 for value in values)
    assert len({metrics["map@all"] for metrics in cells.values()}) == 12


def test_real_cells_are_what_the_plain_protocols_give(cells, net, parts):
    assert cells["zero_shot/real"] == chosen(score_retrieval(net, parts.unseen))
    generalised = score_generalised(net, parts.seen, parts.unseen)
    for protocol, metrics in generalised.items():
        assert cells[f"{protocol}/real"] == chosen(metrics)


def test_other_cells_are_the_steps_one_after_another(cells, net, parts):
    unseen = parts.unseen
    labels = unseen.sketches.labels, unseen.photos.labels
    sets = unseen.sketches, unseen.photos
    plain = [embed(net, images) for images in sets]
    codes = retrieval_codes(*plain)
    expected = evaluate_retrieval(*codes, *labels, distance="hamming")
    assert cells["zero_shot/code"] == chosen(expected)
    query, gallery = (embed(net, images, mirrored=True) for images in sets)
    gallery = smooth_gallery(gallery, 20)
    query = expand_queries(query, gallery, 20)
    expected = evaluate_retrieval(query, gallery, *labels)
    assert cells["zero_shot/real+"] == chosen(expected)
    codes = retrieval_codes(query, gallery)
    expected = evaluate_retrieval(*codes, *labels, distance="hamming")
    assert cells["zero_shot/code+"] == chosen(expected)


def test_the_generalised_gallery_is_smoothed_and_encoded_as_a_whole(cells, net, parts):
    query = embed(net, parts.unseen.sketches, mirrored=True)
    photos = [
        embed(net, one.photos, mirrored=True) for one in (parts.unseen, parts.seen)
    ]
    gallery = smooth_gallery(torch.cat(photos), 20)
    codes = retrieval_codes(expand_queries(query, gallery, 20), gallery)
    labels = torch.cat([parts.unseen.photos.labels, parts.seen.photos.labels + 3])
    found = evaluate_retrieval(
        *codes, parts.unseen.sketches.labels, labels, distance="hamming"
    )
    assert cells["seen_gallery/code+"] == chosen(found)


def test_each_image_is_shown_twice(net, parts, monkeypatch):
    shown, pooled = [], net.pooled

    def counting(images, modality):
        shown.append(len(images))
        return pooled(images, modality)

    monkeypatch.setattr(net, "pooled", counting)
    score_cells(net, parts)
    assert sum(shown) == 2 * (3 + 4) * (6 + OFTEN)


def test_the_pooled_feature_may_be_compared(net, parts):
    found = score_cells(net, parts, "pooled")["zero_shot/real"]
    assert found == chosen(score_retrieval(net, parts.unseen, "pooled"))


def test_too_few_photos_are_refused_before_the_work(net, parts):
    few = replace(parts, unseen=noisy(2, 32, 3))
    with pytest.raises(ValueError, match="64 photos of unseen classes are too few"):
        score_cells(net, few)
    assert score_cells(net, replace(parts, unseen=noisy(5, 13, 3)))  # 65


def test_too_small_embeddings_are_refused(parts):
    with pytest.raises(ValueError, match="embeddings of 63 numbers give no 64 bits"):
        score_cells(EmbeddingNet("small", 63), parts)


# --- representations -----------------------------------------------------------------


@pytest.fixture
def sets():
    generator = torch.Generator().manual_seed(0)

    def draw(count, label):
        return LabelledEmbeddings(torch.randn(count, 8, generator=generator), label)

    return RetrievalSets(
        draw(4, torch.tensor([0, 0, 1, 1])), draw(30, torch.arange(30) % 2)
    )


def test_neighbours_change_embeddings_and_keep_labels(sets):
    found = improve_by_neighbours(sets, 3)
    assert found.query.labels is sets.query.labels
    assert found.gallery.labels is sets.gallery.labels
    gallery = smooth_gallery(sets.gallery.embeddings, 3)
    torch.testing.assert_close(found.gallery.embeddings, gallery)
    query = expand_queries(sets.query.embeddings, gallery, 3)
    torch.testing.assert_close(found.query.embeddings, query)


def test_codes_are_packed(sets):
    found = encode_sets(sets, 8)
    assert found.query.embeddings.shape == (4, 1)
    assert found.gallery.embeddings.dtype == torch.uint8
    assert found.evaluate(distance="hamming")["queries"] == 4


def test_steps_are_taken_from_the_mirrored_embeddings_only(sets):
    mirrored = replace(
        sets, query=LabelledEmbeddings(-sets.query.embeddings, sets.query.labels)
    )
    found = score_representations(sets, mirrored, bits=8, neighbours=3)
    alone = score_representations(sets, sets, bits=8, neighbours=3)
    for name in ("real", "code"):
        assert found[name] == alone[name]
    for name in ("real+", "code+"):
        assert found[name] != alone[name]


def test_more_neighbours_than_photos_are_refused(sets):
    with pytest.raises(ValueError, match="neighbours is 31: choose from 1 to 30"):
        score_representations(sets, sets, bits=8, neighbours=31)
