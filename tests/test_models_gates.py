"""Conditional gates, and the projection that starts from a classifier."""

import pytest
import torch

from zssbir_lib.models import (
    ConditionalGate,
    GatedBackbone,
    build_backbone,
    classifier_projection,
)
from zssbir_lib.models.conditional_gates import gated_block

SKETCH, PHOTO = torch.tensor([0, 0]), torch.tensor([1, 1])


def feature_map(seed=0, channels=32):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(2, channels, 3, 3, generator=generator)


def test_a_new_gate_changes_nothing_for_either_modality():
    gate, features = ConditionalGate(32), feature_map()
    for modality in (SKETCH, PHOTO):
        assert torch.equal(gate(features, modality), features)


def test_the_tag_acts_on_photos_only():
    gate, features = ConditionalGate(32), feature_map()
    torch.nn.init.constant_(gate.tag.weight, 1.0)
    assert torch.equal(gate(features, SKETCH), features)
    factor = 2 / (1 + torch.exp(torch.tensor(-1.0)))  # 2 sigmoid(1)
    torch.testing.assert_close(gate(features, PHOTO), factor * features)


def test_factors_by_hand():
    gate = ConditionalGate(2, reduction=2)  # one hidden unit
    with torch.no_grad():
        gate.squeeze.weight.copy_(torch.tensor([[1.0, -1.0]]))
        gate.squeeze.bias.fill_(0.5)
        gate.excite.weight.copy_(torch.tensor([[2.0], [-2.0]]))
    features = torch.stack([torch.full((2, 2), 3.0), torch.full((2, 2), 1.0)])[None]
    hidden = 3.0 - 1.0 + 0.5  # relu of it
    expected = 2 * torch.sigmoid(torch.tensor([[2 * hidden, -2 * hidden]]))
    factors = gate.factors(features, torch.tensor([0]))
    torch.testing.assert_close(factors, expected)


def test_every_weight_of_a_gate_learns():
    gate = ConditionalGate(32)
    torch.nn.init.constant_(gate.excite.weight, 0.5)
    torch.nn.init.constant_(gate.squeeze.bias, 5.0)  # no hidden unit at rest
    gate(feature_map(), PHOTO).square().sum().backward()
    silent = [n for n, p in gate.named_parameters() if not p.grad.abs().sum() > 0]
    assert silent == []


@pytest.mark.parametrize("name", ["small", "mobilenet_v2", "resnet50"])
def test_a_gated_backbone_starts_as_the_backbone(name):
    backbone = build_backbone(name).eval()
    gated = GatedBackbone(backbone, first=len(backbone.blocks) - 2).eval()
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        plain = backbone(images)
        for modality in (SKETCH, PHOTO):
            assert torch.equal(gated(images, modality), plain)
        torch.nn.init.constant_(gated.gates[-1].tag.weight, 1.0)
        assert torch.equal(gated(images, SKETCH), plain)
        factor = 2 / (1 + torch.exp(torch.tensor(-1.0)))  # 2 sigmoid(1)
        of_photos = gated(images, PHOTO)
        if name == "resnet50":  # its last block adds its input after the gate
            assert not torch.allclose(of_photos, plain)
        else:
            torch.testing.assert_close(of_photos, factor * plain, atol=0, rtol=1e-4)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50"])
def test_a_gate_stands_before_the_addition_of_a_residual_block(name):
    backbone = build_backbone(name).eval()
    gated = GatedBackbone(backbone).eval()
    for gate in gated.gates:  # sigmoid(-100): the branch of a photo is switched off
        torch.nn.init.constant_(gate.tag.weight, -100.0)
    for block, gate in zip(backbone.blocks, gated.gates, strict=True):
        if hasattr(block, "use_res_connect") and block.use_res_connect:
            inputs = torch.rand(2, block.conv[0][0].in_channels, 4, 4)
            with torch.no_grad():
                assert torch.equal(gated_block(block, gate, inputs, PHOTO), inputs)
        elif hasattr(block, "downsample") and block.downsample is None:
            inputs = torch.rand(2, block.conv1.in_channels, 4, 4)
            with torch.no_grad():
                assert torch.equal(gated_block(block, gate, inputs, PHOTO), inputs)


def test_a_gate_for_every_block_but_the_first():
    gated = GatedBackbone(build_backbone("small"), first=2)
    assert [gate.excite.out_features for gate in gated.gates] == [64, 96, 128]
    with pytest.raises(ValueError, match="first is 5, expected 0 to 4"):
        GatedBackbone(build_backbone("small"), first=5)


def classifier(classes=10, features=24):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(classes, features, generator=generator).double()


def project(weight, size, seed=0):
    return classifier_projection(weight, size, torch.Generator().manual_seed(seed))


def test_a_full_projection_keeps_every_distance_of_the_logits():
    # W = U S V^T, and the projection R S V^T differs from it by rotations only
    weight = classifier()
    projection = project(weight, 10)
    torch.testing.assert_close(projection.T @ projection, weight.T @ weight)


def test_a_small_projection_keeps_the_main_directions_and_the_sum():
    weight = classifier()
    _, values, directions = torch.linalg.svd(weight, full_matrices=False)
    found = torch.linalg.svd(project(weight, 4), full_matrices=False)
    torch.testing.assert_close(found.S.sum(), values.sum())
    torch.testing.assert_close(found.S / found.S[0], values[:4] / values[0])
    overlap = (found.Vh @ directions[:4].T).abs()
    torch.testing.assert_close(overlap, torch.eye(4).double(), atol=1e-8, rtol=0)


def test_the_rotation_depends_on_the_generator():
    weight = classifier()
    assert torch.equal(project(weight, 4), project(weight, 4))
    assert not torch.allclose(project(weight, 4), project(weight, 4, seed=1))


@pytest.mark.parametrize("size", [0, 11])
def test_a_projection_has_no_more_directions_than_the_classifier(size):
    with pytest.raises(ValueError, match=f"size is {size}, expected 1 to 10"):
        project(classifier(), size)
