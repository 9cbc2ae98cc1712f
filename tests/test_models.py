"""Backbones, the embedding network, and loading weights into them."""

import copy
from functools import partial

import pytest
import torch
import torchvision

from zssbir_lib.models import (
    EmbeddingNet,
    add_gates,
    batch_norms,
    build_backbone,
    count_parameters,
    freeze_first_blocks,
    initialise_backbone,
    set_training_mode,
)
from zssbir_lib.models.backbones import BACKBONES, TorchvisionBackbone
from zssbir_lib.models.weights import read_state


def images(size: int = 32) -> torch.Tensor:
    return torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "features", "size"),
    [("small", 128, 32), ("mobilenet_v2", 1280, 64), ("resnet50", 2048, 64)],
)
def test_backbone_shapes(name, features, size):
    backbone = build_backbone(name).eval()
    assert backbone.feature_size == features
    with torch.no_grad():
        assert backbone(images(size)).shape == (3, features)


def test_unknown_backbone_names_the_known_ones():
    with pytest.raises(ValueError, match="'vgg'; choose one of: small, mobilenet_v2"):
        build_backbone("vgg")


def test_embeddings_have_length_one_unless_switched_off():
    net = EmbeddingNet("small", 16).eval()
    torch.testing.assert_close(net(images()).norm(dim=1), torch.ones(3))
    net.normalise = False
    assert (net(images()).norm(dim=1) - 1).abs().min() > 1e-3


def test_embedding_size_must_be_positive():
    with pytest.raises(ValueError, match="embedding_size must be 1 or more, got 0"):
        EmbeddingNet("small", 0)


def test_frozen_blocks_get_no_gradient_and_the_others_do():
    net = EmbeddingNet("small", 8)
    freeze_first_blocks(net, 2)
    net(images()).sum().backward()
    gradients = [block[0].weight.grad is not None for block in net.backbone.blocks]
    assert gradients == [False, False, True, True, True]
    assert count_parameters(net, trainable_only=True) < count_parameters(net)


def test_freezing_more_blocks_than_there_are_is_refused():
    with pytest.raises(ValueError, match=r"frozen_blocks must lie in 0\.\.5, got 6"):
        freeze_first_blocks(EmbeddingNet("small", 8), 6)


@pytest.mark.parametrize("keep", [True, False])
def test_batchnorm_statistics_move_only_when_not_kept(keep):
    net = EmbeddingNet("small", 8)
    set_training_mode(net, keep_statistics=keep)
    before = [layer.running_mean.clone() for layer in batch_norms(net)]
    net(images())
    moved = [
        not torch.equal(layer.running_mean, old)
        for layer, old in zip(batch_norms(net), before, strict=True)
    ]
    assert moved == [not keep] * 5
    assert net.training


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50"])
def test_torchvision_weights_give_torchvision_features(name, tmp_path):
    torch.manual_seed(0)
    classifier = torchvision.models.get_model(name, weights=None).eval()
    torch.save(classifier.state_dict(), tmp_path / "weights.pth")
    net = EmbeddingNet(name, 8).eval()
    initialise_backbone(net, name, str(tmp_path / "weights.pth"))

    last = "classifier" if name == "mobilenet_v2" else "fc"
    setattr(classifier, last, torch.nn.Identity())
    with torch.no_grad():
        torch.testing.assert_close(net.pooled(images(64)), classifier(images(64)))


def test_a_new_torchvision_backbone_is_one_entry(tmp_path, monkeypatch):
    parts = (("conv1", "bn1", "relu", "maxpool"), "layer1", "layer2.0", "layer2.1")
    entry = partial(TorchvisionBackbone, torchvision.models.resnet18, parts, 128, "fc.")
    monkeypatch.setitem(BACKBONES, "short", entry)
    classifier = torchvision.models.resnet18(weights=None).eval()
    kept = ("conv1", "bn1", "layer1", "layer2", "fc")
    state = {k: v for k, v in classifier.state_dict().items() if k.startswith(kept)}
    torch.save(state, tmp_path / "weights.pth")
    net = EmbeddingNet("short", 8).eval()
    initialise_backbone(net, "short", str(tmp_path / "weights.pth"))
    classifier.layer3 = classifier.layer4 = classifier.fc = torch.nn.Identity()
    add_gates(net)
    with torch.no_grad():
        found = net.pooled(images(64), torch.tensor([0, 1, 0]))
        torch.testing.assert_close(found, classifier(images(64)))
    torch.save(torchvision.models.resnet50().state_dict(), tmp_path / "other.pth")
    with pytest.raises(ValueError, match="do not fit short: 0 names missing"):
        initialise_backbone(
            EmbeddingNet("short", 8), "short", str(tmp_path / "other.pth")
        )


def test_a_net_remembers_its_classes_outside_its_weights():
    net = EmbeddingNet("small", 8)
    assert net.trained_on == ()
    net.trained_on = ("cup", "cat")
    assert copy.deepcopy(net).trained_on == ("cup", "cat")
    assert not any("trained" in name for name in net.state_dict())


def test_missing_weights_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no weights file .*absent.pth"):
        read_state(tmp_path / "absent.pth")


def test_file_that_is_no_weights_file(tmp_path):
    path = tmp_path / "text.pth"
    path.write_text("not weights")
    with pytest.raises(ValueError, match="not a readable weights file"):
        read_state(path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match="does not hold a state dict"):
        read_state(path)


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "other.pth"
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), path)
    net = EmbeddingNet("mobilenet_v2", 8)
    with pytest.raises(ValueError, match="do not fit mobilenet_v2: .* names missing"):
        initialise_backbone(net, "mobilenet_v2", str(path))


def test_weights_of_another_width_are_refused(tmp_path):
    path = tmp_path / "narrow.pth"
    narrow = torchvision.models.mobilenet_v2(weights=None, width_mult=0.5)
    torch.save(narrow.state_dict(), path)
    net = EmbeddingNet("mobilenet_v2", 8)
    with pytest.raises(ValueError, match="do not fit mobilenet_v2: size mismatch"):
        initialise_backbone(net, "mobilenet_v2", str(path))


def test_weights_that_belong_to_another_backbone_are_refused(tmp_path):
    path = tmp_path / "any.pth"
    torch.save({}, path)
    small, large = EmbeddingNet("small", 8), EmbeddingNet("mobilenet_v2", 8)
    with pytest.raises(ValueError, match="teacher is a 'small' backbone"):
        initialise_backbone(large, "mobilenet_v2", "teacher")
    with pytest.raises(
        ValueError, match="no ImageNet weights for the backbone 'small'"
    ):
        initialise_backbone(small, "small", "imagenet")
    with pytest.raises(ValueError, match="takes --weights teacher or none"):
        initialise_backbone(small, "small", str(path))


def test_imagenet_weights_without_a_network_say_what_to_do(monkeypatch):
    def offline(self, **options):
        raise OSError("name resolution failed")

    weights = torchvision.models.get_model_weights("mobilenet_v2")
    monkeypatch.setattr(weights, "get_state_dict", offline)
    with pytest.raises(ValueError, match="could not be downloaded .*--weights FILE"):
        initialise_backbone(EmbeddingNet("mobilenet_v2", 8), "mobilenet_v2", "imagenet")


def test_real_imagenet_weights_load(shared):
    path = shared / "data" / "weights" / "mobilenet_v2_imagenet.pth"
    net = EmbeddingNet("mobilenet_v2", 8).eval()
    initialise_backbone(net, "mobilenet_v2", str(path))
    with torch.no_grad():
        features = net.pooled(images(128))
    assert torch.isfinite(features).all() and features.std() > 0.1
