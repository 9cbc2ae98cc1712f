"""Early stopping on held-out sketches: which they are, and that they are watched."""

from dataclasses import replace

import pytest
import torch

from zssbir_lib.data import hold_out_sketches
from zssbir_lib.modality import SKETCH
from zssbir_lib.training import (
    Experiment,
    SBTKNet,
    accuracy,
    apply_head,
    build_net,
    run_experiment,
)
from zssbir_lib.training.experiment import training_material

METHOD = SBTKNet.named(epochs=3, steps_per_epoch=5, batch_size=4, embedding_size=8)


@pytest.fixture
def seen(tiny_data):
    return tiny_data.restricted_to("abcd")


@pytest.mark.parametrize(
    ("share", "held"), [(0.1, 1), (0.25, 2), (0.5, 4), (0.99, 7), (0.01, 1)]
)
def test_held_out_sketches_are_a_part_of_every_class(seen, share, held):
    rest, held_out = hold_out_sketches(seen, share)
    assert torch.bincount(held_out.labels).tolist() == [held] * 4
    assert torch.bincount(rest.sketches.labels).tolist() == [8 - held] * 4
    assert rest.class_names == seen.class_names and rest.photos is seen.photos
    assert held_out.modality == SKETCH
    together = torch.cat((rest.sketches.images.indices, held_out.images.indices))
    assert torch.equal(together.sort().values, seen.sketches.images.indices)


def test_the_seed_decides_which_sketches_are_held_out(seen):
    chosen = [hold_out_sketches(seen, 0.3, s)[1].images.indices for s in (0, 0, 1)]
    assert torch.equal(chosen[0], chosen[1])
    assert not torch.equal(chosen[0], chosen[2])


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_a_bad_share_is_refused(seen, share):
    with pytest.raises(ValueError, match=f"share is {share}, expected a number"):
        hold_out_sketches(seen, share)


def test_a_class_with_one_sketch_cannot_spare_it(seen):
    sketches = seen.sketches.subset(torch.tensor([0, 1, 8, 16, 17, 24, 25]))
    data = replace(seen, sketches=sketches)
    with pytest.raises(ValueError, match="class 'b' has 1 sketches: one to hold out"):
        hold_out_sketches(data)


def test_watching_sketches_keeps_them_out_of_the_training(tiny_data, tiny_split):
    parts = tiny_split.apply(tiny_data)
    method = METHOD.changed(validation="sketches", steps_per_epoch=None)
    seen, validate = training_material(method.recipe, parts)
    rest, held_out = hold_out_sketches(parts.seen)
    assert torch.equal(seen.sketches.images.indices, rest.sketches.images.indices)
    net = build_net(method, seed=0, classes=2)
    right = apply_head(net, held_out, net.classify).argmax(1) == held_out.labels
    assert validate(net) == pytest.approx(right.float().mean().item())
    with torch.no_grad():  # a classifier that always says class 1
        net.heads["identity"].weight.fill_(0)
        net.heads["identity"].bias.copy_(torch.tensor([0.0, 1.0]))
    assert validate(net) == pytest.approx(0.5)


def test_an_epoch_is_a_pass_over_what_is_left(tiny_data, tiny_split):
    method = METHOD.changed(validation="sketches", steps_per_epoch=None, batch_size=1)
    method = method.changed(epochs=1, losses=("classification",))
    _, result = run_experiment(Experiment(tiny_data, tiny_split, method))
    assert result["steps"] == 14  # two classes of eight, one of each held out
    assert 0 <= result["history"][0]["validation"] <= 1


def test_without_validation_classes_there_is_nothing_to_watch(tiny_data, tiny_split):
    parts = replace(tiny_split, validation=()).apply(tiny_data)
    seen, validate = training_material(METHOD.recipe, parts)
    assert seen is parts.seen and validate is None


def test_accuracy_by_hand():
    logits = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0], [0.0, 1.0]])
    assert accuracy(logits, torch.tensor([0, 1, 1, 1])) == 0.75
