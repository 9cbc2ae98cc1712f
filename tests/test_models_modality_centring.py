"""Centred features: by hand, what training notes, checkpoints, errors."""

import pytest
import torch
from torch.nn.functional import normalize

from zssbir_lib.models import EmbeddingNet
from zssbir_lib.models.heads import ModalityCentring
from zssbir_lib.training import (
    embed,
    fit,
    load_trained_net,
    named_method,
    new_state,
    read_checkpoint,
    save_checkpoint,
)

KINDS = torch.tensor([0, 0, 1])


def noted(batches, momentum: float = 0.25) -> ModalityCentring:
    centring = ModalityCentring(2, momentum)
    for pooled, modality in batches:
        centring.note(torch.tensor(pooled), torch.tensor(modality))
    return centring


def test_by_hand():
    """Lengths do not count: (3, 0) and (0, 5) average to (0.5, 0.5)."""
    centring = noted([([[3.0, 0.0], [0.0, 5.0], [0.0, -2.0]], [0, 0, 1])])
    assert torch.allclose(centring.means, torch.tensor([[0.5, 0.5], [0.0, -1.0]]))
    found = centring(torch.tensor([[2.0, 0.0], [0.0, 1.0], [4.0, 0.0]]), KINDS)
    half = 0.5**0.5
    expected = [[half, -half], [-half, half], [half, half]]
    assert torch.allclose(found, torch.tensor(expected))


def test_first_batches_count_evenly_then_the_momentum():
    one = ([[1.0, 0.0]], [0])
    other = ([[0.0, 1.0]], [0])
    means = [noted(batches).means[0, 0] for batches in ([one], [one, other])]
    assert [float(value) for value in means] == pytest.approx([1.0, 0.5])
    many = noted([one] * 10 + [other])  # the momentum 1/4 is more than 1/11
    assert float(many.means[0, 0]) == pytest.approx(0.75)


def test_a_missing_modality_leaves_its_mean():
    centring = noted([([[1.0, 0.0]], [1]), ([[0.0, 1.0]], [0])])
    assert torch.equal(centring.means, torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    assert centring.batches.tolist() == [1, 1]


def test_before_training_it_is_the_pooled_feature():
    pooled = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(ModalityCentring(5)(pooled, KINDS), normalize(pooled, dim=1))


def test_it_closes_the_gap():
    generator = torch.Generator().manual_seed(1)
    gap = 3 * torch.tensor([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    modality = torch.arange(400) % 2
    pooled = gap[modality] + torch.randn(400, 4, generator=generator)
    centring = ModalityCentring(4, momentum=1.0)
    centring.note(pooled, modality)

    def distance(features):
        sketches, photos = features[modality == 0], features[modality == 1]
        return float((sketches.mean(0) - photos.mean(0)).norm())

    after = distance(centring(pooled, modality))
    assert after < distance(normalize(pooled, dim=1)) / 5


@pytest.mark.parametrize("momentum", [0.0, 1.5, float("nan")])
def test_momentum_is_checked(momentum):
    with pytest.raises(ValueError, match="momentum must be above 0 and at most 1"):
        ModalityCentring(2, momentum)


def test_a_network_without_means_says_so():
    with pytest.raises(ValueError, match="train it with feature=centred"):
        EmbeddingNet("small", 8).centred(torch.ones(1, 128), torch.zeros(1))


def trained(data):
    size = dict(epochs=1, steps_per_epoch=3, batch_size=12, images_per_class=4)
    state = new_state(named_method("mathm", feature="centred", **size), data)
    fit(state)
    return state


def test_training_notes_the_means_and_checkpoints_keep_them(tiny_data, tmp_path):
    seen = tiny_data.restricted_to("abcd")
    state = trained(seen)
    assert state.net.centring.batches.tolist() == [3, 3]
    assert (state.net.centring.means.norm(dim=1) > 0.1).all()
    save_checkpoint(state, tmp_path / "checkpoint.pt")
    net, recipe = load_trained_net(read_checkpoint(tmp_path / "checkpoint.pt"))
    assert torch.equal(net.centring.means, state.net.centring.means)
    for images in (seen.sketches, seen.photos):
        found = embed(net, images, recipe.feature)
        mean = net.centring.means[images.modality]
        expected = normalize(embed(net, images, "pooled") - mean, dim=1)
        assert torch.allclose(found, expected, atol=1e-6)


def test_the_weights_are_those_without_it(tiny_data):
    seen = tiny_data.restricted_to("abcd")
    with_means = trained(seen).net.state_dict()
    size = dict(epochs=1, steps_per_epoch=3, batch_size=12, images_per_class=4)
    state = new_state(named_method("mathm", **size), seen)
    fit(state)
    for name, value in state.net.state_dict().items():
        assert torch.equal(value, with_means[name]), name
