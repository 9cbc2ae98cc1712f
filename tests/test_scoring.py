"""Scoring: embeddings, protocols, codes; one pass for all; no class trained on."""

from dataclasses import replace
from math import sqrt

import pytest
import torch
from torch import nn
from torch.nn import functional

from zssbir_lib.data import ImageSet, SketchPhotoData, ZeroShotData
from zssbir_lib.evaluation import (
    LabelledEmbeddings,
    RetrievalSets,
    encode_sets,
    evaluate_retrieval,
    expand_queries,
    generalised_with_seen_gallery,
    generalised_with_seen_sample,
    improve_by_neighbours,
    retrieval_codes,
    score_representations,
    smooth_gallery,
    zero_shot,
)
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.models.backbones import PixelStatistics
from zssbir_lib.scoring import (
    CELL_METRICS,
    CELLS,
    FEATURES,
    PooledImages,
    SplitScorer,
    apply_head,
    embed,
    embed_zero_shot,
    score_retrieval,
)

OFTEN = 40  # photos a class


# --- embeddings ----------------------------------------------------------------------


class SidesNet(nn.Module):
    """A network whose feature is the brightness of the left and of the right half."""

    pixels = PixelStatistics((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def pooled(self, images, modality):
        half = images.shape[-1] // 2
        sides = images[..., :half], images[..., half:]
        return torch.stack([side.mean(dim=(1, 2, 3)) for side in sides], dim=1)

    def project(self, pooled):
        return functional.normalize(pooled.flip(1) + 1, dim=1)  # not linear


def photos(*pairs):
    """Return photos of 4 x 4 pixels with the given brightness of both halves."""
    images = torch.zeros(len(pairs), 3, 4, 4, dtype=torch.uint8)
    for image, (left, right) in zip(images, pairs, strict=True):
        image[..., :2], image[..., 2:] = left, right
    return ImageSet(images, torch.zeros(len(pairs), dtype=torch.int64), PHOTO)


def test_worked_by_hand():
    net, images = SidesNet(), photos((255, 0), (255, 255))
    expected = torch.tensor([[1.0, 0.0], [sqrt(0.5), sqrt(0.5)]])
    torch.testing.assert_close(embed(net, images, "pooled"), expected)
    both = embed(net, images, "pooled", mirrored=True)
    halves = torch.full((2, 2), sqrt(0.5))  # (1, 0) and (0, 1) meet half-way
    torch.testing.assert_close(both, halves)


def test_the_embedding_is_averaged_not_the_pooled_feature():
    net, images = SidesNet(), photos((255, 102))
    plain = torch.tensor([[1.4, 2.0]]) / sqrt(1.4**2 + 2.0**2)
    torch.testing.assert_close(embed(net, images), plain)
    expected = torch.full((1, 2), sqrt(0.5))
    torch.testing.assert_close(embed(net, images, mirrored=True), expected)


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return EmbeddingNet("small", 16)


@pytest.fixture(scope="module")
def noise():
    generator = torch.Generator().manual_seed(0)
    shape = (10, 3, 32, 32)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    return ImageSet(images, torch.arange(10), PHOTO)


@pytest.mark.parametrize("feature", ["embedding", "pooled"])
def test_one_pass_gives_what_separate_ones_give(net, noise, feature):
    pooled = PooledImages(net, noise)
    both, plain = pooled.feature(feature, mirrored=True), pooled.feature(feature)
    assert torch.equal(plain, embed(net, noise, feature))
    assert torch.equal(both, embed(net, noise, feature, mirrored=True))
    torch.testing.assert_close(both.norm(dim=1), torch.ones(10))
    assert (both - plain).abs().max() > 1e-3
    doubled = apply_head(net, noise, lambda pooled: 2 * net.project(pooled))
    assert torch.equal(doubled, 2 * embed(net, noise))


@pytest.mark.parametrize("feature", ["embedding", "pooled"])
def test_an_image_and_its_mirror_image_are_the_same(net, noise, feature):
    turned = ImageSet(noise.images.flip(-1), noise.labels, PHOTO)
    found, other = (embed(net, one, feature, mirrored=True) for one in (noise, turned))
    torch.testing.assert_close(found, other)
    assert (embed(net, noise, feature) - embed(net, turned, feature)).abs().max() > 1e-3


def test_a_symmetric_image_keeps_its_embedding(net, noise):
    half = noise.images[..., :16]
    whole = ImageSet(torch.cat([half, half.flip(-1)], dim=-1), noise.labels, PHOTO)
    torch.testing.assert_close(embed(net, whole, mirrored=True), embed(net, whole))


def test_upside_down_is_another_image(net, noise):
    turned = ImageSet(noise.images.flip(-2), noise.labels, PHOTO)
    found, other = (embed(net, one, mirrored=True) for one in (noise, turned))
    assert (found - other).abs().max() > 1e-3


def test_the_training_mode_is_restored(net, noise):
    net.train()
    embed(net, noise, mirrored=True)
    assert net.training


def test_an_unknown_feature_is_refused(net, noise):
    for mirrored in (False, True):
        with pytest.raises(ValueError, match="one of embedding, pooled, centred; got"):
            embed(net, noise, "x", mirrored=mirrored)


# --- a split -------------------------------------------------------------------------


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
    return ZeroShotData(noisy(4, OFTEN, 1), noisy(2, OFTEN, 5), noisy(3, OFTEN, 2))


@pytest.fixture(scope="module")
def wide():
    """Return a network whose embeddings are long enough for codes; it has centring."""
    torch.manual_seed(0)
    net = EmbeddingNet("small", 64, centring=True)
    for modality in (SKETCH, PHOTO):
        pooled = torch.randn(8, net.projection.in_features)
        net.centring.note(pooled, torch.full((8,), modality))
    return net


@pytest.fixture(scope="module")
def cells(wide, parts):
    return SplitScorer(wide, parts).cells()


def chosen(metrics):
    return pytest.approx({name: metrics[name] for name in CELL_METRICS})


def test_cells_and_metrics_are_those_promised(cells):
    assert tuple(cells) == CELLS and len(CELLS) == 12
    assert {tuple(metrics) for metrics in cells.values()} == {CELL_METRICS}
    values = [value for metrics in cells.values() for value in metrics.values()]
    assert all(0 <= value <= 1 for value in values)
    assert len({metrics["map@all"] for metrics in cells.values()}) == 12


def separately(net, parts, feature, mirrored=False):
    """Return every protocol's sets, each set of images embedded on its own."""

    def labelled(images, offset):
        points = embed(net, images, feature, mirrored)
        return LabelledEmbeddings(points, images.labels + offset)

    unseen, seen = parts.unseen, parts.seen
    query, gallery = labelled(unseen.sketches, 0), labelled(unseen.photos, 0)
    more = labelled(seen.sketches, 3), labelled(seen.photos, 3)
    return {
        "zero_shot": zero_shot(query, gallery),
        "seen_gallery": generalised_with_seen_gallery(query, gallery, more[1]),
        "seen_sample": generalised_with_seen_sample(query, gallery, *more),
    }


@pytest.mark.parametrize("feature", FEATURES)
def test_scores_are_those_of_separate_embedding(wide, parts, feature):
    result = SplitScorer(wide, parts).scores(feature, generalised=True)
    sets = separately(wide, parts, feature)
    assert result["metrics"] == sets["zero_shot"].evaluate()
    assert result["metrics"] == score_retrieval(wide, parts.unseen, feature)
    assert result["metrics_macro"] == sets["zero_shot"].evaluate(average="macro")
    watched = score_retrieval(wide, parts.validation, feature)
    assert result["validation"] == watched
    assert list(result["metrics_by_feature"]) == list(FEATURES)
    for name, metrics in result["metrics_by_feature"].items():
        assert metrics == score_retrieval(wide, parts.unseen, name)
    assert result["generalised"] == {
        name: sets[name].evaluate() for name in ("seen_gallery", "seen_sample")
    }


@pytest.mark.parametrize("feature", FEATURES)
def test_cells_and_codes_are_those_of_separate_embedding(wide, parts, feature):
    scorer = SplitScorer(wide, parts)
    plain, mirrored = (separately(wide, parts, feature, m) for m in (False, True))
    found = scorer.cells(feature)
    for protocol, sets in plain.items():
        expected = score_representations(sets, mirrored[protocol])
        for name, metrics in expected.items():
            cell = {metric: metrics[metric] for metric in CELL_METRICS}
            assert found[f"{protocol}/{name}"] == cell
    alone = plain["zero_shot"], mirrored["zero_shot"]
    assert scorer.representations(feature) == score_representations(*alone)


def test_every_image_passes_the_backbone_once_for_everything(wide, parts):
    """Once more as its mirror image, which codes and cells need."""
    shown = []
    hook = wide.backbone.blocks[0].register_forward_hook(
        lambda layer, given, output: shown.append(len(output))
    )
    scorer, one = SplitScorer(wide, parts), OFTEN + 6
    for feature in FEATURES:
        scorer.scores(feature)
    assert sum(shown) == (3 + 2) * one  # unseen and validation
    for feature in FEATURES:
        scorer.scores(feature, generalised=True)
        scorer.protocols(feature)
    assert sum(shown) == (3 + 2 + 4) * one  # and seen
    for feature in FEATURES:
        scorer.representations(feature)
        scorer.cells(feature)
    hook.remove()
    assert sum(shown) == (3 + 2 + 4) * one + (3 + 4) * one


def test_without_centring_there_are_two_features(parts, net):
    result = SplitScorer(net, replace(parts, validation=None)).scores("embedding")
    assert list(result["metrics_by_feature"]) == ["embedding", "pooled"]
    assert "validation" not in result and "generalised" not in result
    with pytest.raises(ValueError, match="centr"):
        embed(net, parts.unseen.photos, "centred")


# --- the guard -----------------------------------------------------------------------


def test_classes_that_were_trained_on_are_refused_unless_allowed(parts, net):
    trained = EmbeddingNet("small", 16)
    trained.load_state_dict(net.state_dict())
    trained.trained_on = ("owl", parts.unseen.class_names[1], "zebra")
    message = "trained on 1 classes .* unseen in 'noisy' .*example 'class 2 1'.* wrong"
    for score in (score_retrieval, embed_zero_shot):
        with pytest.raises(ValueError, match=message):
            score(trained, parts.unseen)
    with pytest.raises(ValueError, match=message):
        SplitScorer(trained, parts)
    allowed = score_retrieval(trained, parts.unseen, allow_seen=True)
    assert allowed == score_retrieval(net, parts.unseen)
    sets = embed_zero_shot(trained, parts.unseen, allow_seen=True)
    assert torch.equal(sets.query.embeddings, embed(net, parts.unseen.sketches))
    trained.trained_on = parts.seen.class_names  # the others are new to it
    assert score_retrieval(trained, parts.unseen) == allowed
    assert SplitScorer(trained, parts).scores("embedding")["metrics"] == allowed


# --- cells by hand -------------------------------------------------------------------


def test_other_cells_are_the_steps_one_after_another(cells, wide, parts):
    unseen = parts.unseen
    labels = unseen.sketches.labels, unseen.photos.labels
    sets = unseen.sketches, unseen.photos
    plain = [embed(wide, images) for images in sets]
    codes = retrieval_codes(*plain)
    expected = evaluate_retrieval(*codes, *labels, distance="hamming")
    assert cells["zero_shot/code"] == chosen(expected)
    query, gallery = (embed(wide, images, mirrored=True) for images in sets)
    gallery = smooth_gallery(gallery, 20)
    query = expand_queries(query, gallery, 20)
    expected = evaluate_retrieval(query, gallery, *labels)
    assert cells["zero_shot/real+"] == chosen(expected)
    codes = retrieval_codes(query, gallery)
    expected = evaluate_retrieval(*codes, *labels, distance="hamming")
    assert cells["zero_shot/code+"] == chosen(expected)


def test_the_generalised_gallery_is_smoothed_and_encoded_as_a_whole(cells, wide, parts):
    query = embed(wide, parts.unseen.sketches, mirrored=True)
    photos = [
        embed(wide, one.photos, mirrored=True) for one in (parts.unseen, parts.seen)
    ]
    gallery = smooth_gallery(torch.cat(photos), 20)
    codes = retrieval_codes(expand_queries(query, gallery, 20), gallery)
    labels = torch.cat([parts.unseen.photos.labels, parts.seen.photos.labels + 3])
    found = evaluate_retrieval(
        *codes, parts.unseen.sketches.labels, labels, distance="hamming"
    )
    assert cells["seen_gallery/code+"] == chosen(found)


def test_too_few_photos_are_refused_before_the_work(wide, parts):
    few = replace(parts, unseen=noisy(2, 32, 3))
    with pytest.raises(ValueError, match="64 photos of unseen classes are too few"):
        SplitScorer(wide, few).cells()
    with pytest.raises(ValueError, match="choose data or a split with 65 or more"):
        SplitScorer(wide, few).representations()
    assert SplitScorer(wide, replace(parts, unseen=noisy(5, 13, 3))).cells()  # 65


def test_too_small_embeddings_are_refused(parts):
    with pytest.raises(ValueError, match="embeddings of 63 numbers give no 64 bits"):
        SplitScorer(EmbeddingNet("small", 63), parts).cells()


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
