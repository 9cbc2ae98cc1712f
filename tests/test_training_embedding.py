"""Embeddings averaged with those of mirror images."""

from math import sqrt

import pytest
import torch
from torch import nn
from torch.nn import functional

from zssbir_lib.data import ImageSet
from zssbir_lib.modality import PHOTO
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.models.backbones import PixelStatistics
from zssbir_lib.training import embed, embed_with_mirror


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
    plain, both = embed_with_mirror(net, images, "pooled")
    torch.testing.assert_close(plain, expected)
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
def test_plain_is_embed_and_the_mean_has_length_one(net, noise, feature):
    plain, both = embed_with_mirror(net, noise, feature)
    torch.testing.assert_close(plain, embed(net, noise, feature), rtol=0, atol=0)
    found = embed(net, noise, feature, mirrored=True)
    torch.testing.assert_close(both, found, rtol=0, atol=0)
    torch.testing.assert_close(both.norm(dim=1), torch.ones(10))
    assert (both - plain).abs().max() > 1e-3


@pytest.mark.parametrize("feature", ["embedding", "pooled"])
def test_an_image_and_its_mirror_image_are_the_same(net, noise, feature):
    turned = ImageSet(noise.images.flip(-1), noise.labels, PHOTO)
    found, other = (embed(net, one, feature, mirrored=True) for one in (noise, turned))
    torch.testing.assert_close(found, other)
    assert (embed(net, noise, feature) - embed(net, turned, feature)).abs().max() > 1e-3


def test_a_symmetric_image_keeps_its_embedding(net, noise):
    half = noise.images[..., :16]
    whole = ImageSet(torch.cat([half, half.flip(-1)], dim=-1), noise.labels, PHOTO)
    plain, both = embed_with_mirror(net, whole)
    torch.testing.assert_close(both, plain)


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
        with pytest.raises(ValueError, match="one of embedding, pooled, centred, got"):
            embed(net, noise, "x", mirrored=mirrored)
