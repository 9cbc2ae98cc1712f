"""A batch in parts: the same training in less memory."""

import weakref
from copy import deepcopy

import joint_training
import pytest
import torch
from joint_training import RECIPES, noise_data, three_steps
from torch.utils._python_dispatch import TorchDispatchMode

from zssbir_lib.models import batch_norms
from zssbir_lib.training import (
    Execution,
    FeaturePass,
    load_steps,
    named_method,
    new_state,
    training_step,
)
from zssbir_lib.training.execution import still_statistics

TIGHT = dict(rtol=1e-9, atol=1e-11)  # everything is computed in double precision
KEPT = {name: one.changed(keep_batchnorm=True) for name, one in RECIPES.items()}


def fresh(name, execution=None):
    return new_state(RECIPES[name], noise_data(), 0, execution)


@pytest.fixture(autouse=True)
def put_back(monkeypatch):
    """Put back what computing in double precision changes."""
    loop = joint_training.loop
    monkeypatch.setattr(loop, "prepare_images", loop.prepare_images)


@pytest.fixture(scope="module")
def whole():
    """Return a function that gives what one part trains, computed once a recipe."""
    known = {}

    def train(name):
        if name not in known:
            with pytest.MonkeyPatch.context() as patch:
                patch.setitem(RECIPES, name, KEPT[name])
                loop = joint_training.loop
                patch.setattr(loop, "prepare_images", loop.prepare_images)
                known[name] = three_steps(name)
        return known[name]

    return train


@pytest.mark.parametrize(
    ("name", "parts"),
    [(name, 3) for name in KEPT] + [("triplet", 2), ("mathm", 33), ("ramln", 100)],
)
def test_with_kept_statistics_parts_change_nothing(name, parts, whole, monkeypatch):
    expected = whole(name)
    monkeypatch.setitem(RECIPES, name, KEPT[name])
    found = three_steps(name, Execution(parts=parts))
    for one, other in zip(expected["losses"], found["losses"], strict=True):
        assert one == pytest.approx(other, rel=1e-6)
    for part in ("gradients", "weights", "method"):
        torch.testing.assert_close(expected[part], found[part], **TIGHT)


def test_parts_are_the_batch_in_order():
    net = fresh("mathm").net.eval()
    images, modality = torch.randn(7, 3, 32, 32), torch.tensor([0, 0, 1, 0, 1, 1, 1])
    sizes = []
    net.backbone.blocks[0].register_forward_hook(
        lambda layer, given, output: sizes.append(len(output))
    )
    with torch.no_grad():
        for gate in net.backbone.gates:
            gate.tag.weight.normal_()  # so that the modality counts
        expected = net.pooled(images, modality)
        found = FeaturePass(net, Execution(parts=3))(images, modality)
    assert sizes == [7, 3, 2, 2]
    torch.testing.assert_close(found, expected)


def first_statistics(net, parts):
    """Work out by hand what the first BatchNorm remembers of a batch in parts."""
    conv, norm = net.backbone.blocks[0][0], net.backbone.blocks[0][1]
    mean, variance = norm.running_mean.clone(), norm.running_var.clone()
    for images in parts:
        mapped = conv(images)
        mean = 0.9 * mean + 0.1 * mapped.mean(dim=(0, 2, 3))
        variance = 0.9 * variance + 0.1 * mapped.var(dim=(0, 2, 3))  # unbiased
    return mean, variance


def one_step(execution):
    """Take one training step of the baseline; return the state before and after."""
    state = fresh("triplet", execution)
    before, given = deepcopy(state.net), []
    keep = state.net.pooled

    def pooled(images, modality):
        given.append(images.clone())
        return keep(images, modality)

    state.features.feature_pass.pool = pooled
    training_step(state, next(load_steps(state)))
    return before, state.net, given


def test_running_statistics_take_in_each_part_once():
    before, after, given = one_step(Execution(parts=2))
    assert [len(images) for images in given] == [12, 12, 12, 12]  # there, and back
    with torch.no_grad():
        mean, variance = first_statistics(before, given[:2])
    norm = after.backbone.blocks[0][1]
    torch.testing.assert_close(norm.running_mean, mean)
    torch.testing.assert_close(norm.running_var, variance)


def test_batches_are_counted_once_a_part():
    _, after, _ = one_step(Execution(parts=2))
    counts = {layer.num_batches_tracked.item() for layer in batch_norms(after)}
    assert counts == {2}


def test_with_training_statistics_each_part_has_its_own():
    """Features and gradients are those of plain passes, one for each part."""
    torch.manual_seed(0)
    net = fresh("mathm").net.double()
    plain = deepcopy(net)
    images, modality = torch.randn(8, 3, 32, 32).double(), torch.arange(8) // 4
    passes = FeaturePass(net, Execution(parts=2))
    found = passes(images, modality)
    halves = (slice(0, None, 2), slice(1, None, 2))
    expected = torch.stack([plain.pooled(images[h], modality[h]) for h in halves], 1)
    expected = expected.flatten(0, 1)  # of the first, of the second, of the first, ...
    torch.testing.assert_close(found, expected, **TIGHT)
    weights = torch.randn_like(found)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    for (name, one), other in zip(
        net.backbone.named_parameters(), plain.backbone.parameters(), strict=True
    ):
        torch.testing.assert_close(one.grad, other.grad, **TIGHT, msg=name)
    for one, other in zip(batch_norms(net), batch_norms(plain), strict=True):
        torch.testing.assert_close(one.running_mean, other.running_mean)
        torch.testing.assert_close(one.running_var, other.running_var)
        assert one.momentum == other.momentum == 0.1


def test_still_statistics_are_put_back_after_an_error():
    net = fresh("triplet").net
    with pytest.raises(KeyError), still_statistics(net):
        assert {layer.momentum for layer in batch_norms(net)} == {0.0}
        raise KeyError
    assert {layer.momentum for layer in batch_norms(net)} == {0.1}


class LiveBytes(TorchDispatchMode):
    """Count the bytes of the tensors that are alive, and the most there were."""

    def __init__(self):
        super().__init__()
        self.live, self.most, self.known = 0, 0, set()

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        output = function(*arguments, **(keywords or {}))
        for one in output if isinstance(output, tuple | list) else (output,):
            if isinstance(one, torch.Tensor):
                self.note(one.untyped_storage())
        return output

    def note(self, storage):
        key, size = storage._cdata, storage.nbytes()
        if key in self.known:
            return
        self.known.add(key)
        self.live += size
        self.most = max(self.most, self.live)
        weakref.finalize(storage, self.forget, key, size)

    def forget(self, key, size):
        self.known.discard(key)
        self.live -= size


def peak_of_a_step(parts):
    """Return the most bytes that a training step holds beyond those before it."""
    short = dict(batch_size=32, epochs=1, steps_per_epoch=2, weights="none")
    method = named_method("triplet", **short)
    state = new_state(method, noise_data(), 0, Execution(parts=parts))
    steps = load_steps(state)
    training_step(state, next(steps))  # makes gradients and moments
    batch = next(steps)
    with LiveBytes() as bytes_:
        training_step(state, batch)
    return bytes_.most


def test_parts_need_less_memory():
    one, four = peak_of_a_step(1), peak_of_a_step(4)
    eight = peak_of_a_step(8)
    assert one > 12e6  # 11.4 MB of activations of 96 images
    assert four < 0.5 * one and eight < 0.9 * four
