"""Conditional gates, and the projection that starts from a classifier."""

import copy
from dataclasses import replace

import pytest
import torch

from zssbir_lib.models import (
    ConditionalGate,
    EmbeddingNet,
    add_gates,
    build_backbone,
    classifier,
)
from zssbir_lib.models.gates import GatedBackbone
from zssbir_lib.models.weights import classifier_projection
from zssbir_lib.training import (
    build_net,
    embed,
    load_trained_net,
    named_method,
    new_state,
    read_checkpoint,
    save_checkpoint,
)

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
    residual = 0
    for block, gate in zip(backbone.blocks, gated.gates, strict=True):
        if hasattr(block, "use_res_connect") and block.use_res_connect:
            inputs = torch.rand(2, block.conv[0][0].in_channels, 4, 4)
            residual += 1
            with torch.no_grad():
                found = backbone.gated_block(block, gate, inputs, PHOTO)
                assert torch.equal(found, inputs)
        elif hasattr(block, "downsample") and block.downsample is None:
            inputs = torch.rand(2, block.conv1.in_channels, 4, 4)
            residual += 1
            with torch.no_grad():
                found = backbone.gated_block(block, gate, inputs, PHOTO)
                assert torch.equal(found, inputs)
    assert residual == {"mobilenet_v2": 10, "resnet50": 12}[name]


def test_a_gate_for_every_block_but_the_first():
    gated = GatedBackbone(build_backbone("small"), first=2)
    assert [gate.excite.out_features for gate in gated.gates] == [64, 96, 128]
    with pytest.raises(ValueError, match="the first 5 get none"):
        GatedBackbone(build_backbone("small"), first=5)


def classifier_weights(classes=10, features=24):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(classes, features, generator=generator).double()


def project(weight, size, seed=0):
    return classifier_projection(weight, size, torch.Generator().manual_seed(seed))


def test_a_full_projection_keeps_every_distance_of_the_logits():
    # W = U S V^T, and the projection R S V^T differs from it by rotations only
    weight = classifier_weights()
    projection = project(weight, 10)
    torch.testing.assert_close(projection.T @ projection, weight.T @ weight)


def test_a_small_projection_keeps_the_main_directions_and_the_sum():
    weight = classifier_weights()
    _, values, directions = torch.linalg.svd(weight, full_matrices=False)
    found = torch.linalg.svd(project(weight, 4), full_matrices=False)
    torch.testing.assert_close(found.S.sum(), values.sum())
    torch.testing.assert_close(found.S / found.S[0], values[:4] / values[0])
    overlap = (found.Vh @ directions[:4].T).abs()
    torch.testing.assert_close(overlap, torch.eye(4).double(), atol=1e-8, rtol=0)


def test_the_rotation_depends_on_the_generator():
    weight = classifier_weights()
    assert torch.equal(project(weight, 4), project(weight, 4))
    assert not torch.allclose(project(weight, 4), project(weight, 4, seed=1))


@pytest.mark.parametrize("size", [0, 11])
def test_a_projection_has_no_more_directions_than_the_classifier(size):
    with pytest.raises(ValueError, match=f"size is {size}, expected 1 to 10"):
        project(classifier_weights(), size)


# --- gates of a whole network --------------------------------------------------------


METHOD = named_method("mathm", embedding_size=8, batch_size=16)
IMAGES = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
MIXED = torch.tensor([0, 1, 0, 1])


def same_weights(left, right):
    left, right = left.state_dict(), right.state_dict()
    assert list(left) == list(right)
    return all(torch.equal(left[name], right[name]) for name in left)


def with_tags(net):
    """Let photos look different to a network."""
    for gate in net.backbone.gates:
        torch.nn.init.normal_(
            gate.tag.weight, generator=torch.Generator().manual_seed(1)
        )
    return net.eval()


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50"])
def test_new_gates_change_nothing_in_training_either(name):
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    backbone = build_backbone(name).train()
    backbone.blocks = backbone.blocks[:6]  # the first with and without an addition
    gated = GatedBackbone(copy.deepcopy(backbone)).train()
    plain, found = backbone(images), gated(images, torch.tensor([0, 1]))
    torch.testing.assert_close(found, plain)
    statistics = gated.blocks.state_dict()
    for key, value in backbone.blocks.state_dict().items():  # statistics moved alike
        torch.testing.assert_close(statistics[key], value)
    found.sum().backward()
    silent = [n for n, p in gated.blocks.named_parameters() if p.grad is None]
    assert silent == []


def test_gates_leave_the_start_of_a_network_as_it_is():
    plain = build_net(METHOD.changed(gates=False), seed=3).eval()
    gated = build_net(METHOD, seed=3).eval()
    assert gated.gated and not plain.gated
    assert same_weights(plain.backbone.blocks, gated.backbone.blocks)
    assert same_weights(plain.projection, gated.projection)
    for modality in (MIXED, MIXED * 0, MIXED * 0 + 1):
        assert torch.equal(gated(IMAGES, modality), plain(IMAGES))
    weights = [
        net.backbone.gates[0].squeeze.weight
        for net in (gated, build_net(METHOD, seed=3), build_net(METHOD, seed=4))
    ]
    assert torch.equal(*weights[:2]) and not torch.equal(*weights[1:])


def test_the_classifier_starts_alike_with_and_without_gates():
    heads = [
        build_net(METHOD.changed(gates=gates), seed=0, classes=4).heads
        for gates in (True, False)
    ]
    assert same_weights(*heads)


def test_tags_move_photos_only():
    net = build_net(METHOD, seed=0).eval()
    before = net.pooled(IMAGES, MIXED)
    after = with_tags(net).pooled(IMAGES, MIXED)
    sketches = MIXED == 0
    assert torch.equal(after[sketches], before[sketches])
    gaps = (after - before)[~sketches].norm(dim=1)
    assert gaps.min() > 0.01
    alone = net.pooled(IMAGES[1:2], MIXED[1:2])  # whatever the rest of the batch
    torch.testing.assert_close(alone, after[1:2])


def test_without_gates_the_modality_does_not_matter():
    net = build_net(METHOD.changed(gates=False), seed=0).eval()
    assert torch.equal(net(IMAGES, MIXED), net(IMAGES))
    assert torch.equal(net.pooled(IMAGES, 1 - MIXED), net.pooled(IMAGES))


@pytest.mark.parametrize("ask", ["__call__", "pooled", "feature_map"])
def test_a_gated_network_asks_for_the_modality(ask):
    net = build_net(METHOD, seed=0)
    with pytest.raises(ValueError, match="has conditional gates: give the modality"):
        getattr(net, ask)(IMAGES)


def test_gates_are_added_once_and_only_where_blocks_are_left():
    net = EmbeddingNet("small", 8)
    blocks = net.backbone.blocks
    add_gates(net, first=3)
    assert net.gated and net.backbone.blocks is blocks
    assert len(net.backbone.gates) == 2 and net.pixels == build_backbone("small").pixels
    gates = net.backbone.gates
    with pytest.raises(ValueError, match="has gates already: add them once"):
        add_gates(net)
    assert net.backbone.gates is gates
    for first in (-1, 5):
        with pytest.raises(ValueError, match=f"the first {first} get none"):
            add_gates(plain := EmbeddingNet("small", 8), first)
        assert not plain.gated


def test_frozen_blocks_have_no_gates():
    net = build_net(METHOD.changed(frozen_blocks=2), seed=0)
    assert len(net.backbone.gates) == 3 and net.backbone.first == 2
    blocks = net.backbone.blocks[:2]
    assert not any(weight.requires_grad for weight in blocks.parameters())
    assert all(weight.requires_grad for weight in net.backbone.gates.parameters())


def test_embedding_a_set_tells_the_gates_its_modality(tiny_data):
    net = with_tags(build_net(METHOD, seed=0))
    photos = tiny_data.photos
    as_sketches = replace(photos, modality=0)
    found, other = embed(net, photos), embed(net, as_sketches)
    assert (found - other).norm(dim=1).min() > 0.01
    plain = build_net(METHOD, seed=0)
    torch.testing.assert_close(other, embed(plain, photos))


@pytest.mark.parametrize(
    "changes",
    [
        dict(),
        dict(gates=False, classifier_bias=True),
        dict(frozen_blocks=2, attention=True),
        dict(projection_start="classifier", losses=("classification", "knowledge")),
        dict(losses=("modality_aware",), terms=("hybrid",), weighting="released"),
    ],
)
def test_a_network_comes_back_from_a_checkpoint(tiny_data, tmp_path, changes):
    method, path = METHOD.changed(**changes), tmp_path / "checkpoint.pt"
    method = method.changed(images_per_class=4)  # four classes are in a batch
    state = new_state(method, tiny_data.restricted_to("abcd"))
    if method.recipe.gates:
        with_tags(state.net)
    save_checkpoint(state, path)
    net, saved = load_trained_net(read_checkpoint(path))
    assert saved == method.recipe and not net.training
    assert net.gated == method.recipe.gates and same_weights(net, state.net)
    found, kept = (n.pooled(IMAGES, MIXED) for n in (net, state.net.eval()))
    assert torch.equal(found, kept)
    if "identity" in net.heads:
        assert torch.equal(net.classify(found), state.net.classify(found))
        assert (net.heads["identity"].bias is None) != method.classifier_bias
        assert net.heads["identity"].in_features == 8


def test_a_classifier_does_without_a_bias_where_asked():
    assert classifier(8, 4).bias is not None
    assert classifier(8, 4, bias=False).bias is None
