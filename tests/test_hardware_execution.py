"""How a training is computed: what can be asked for, and bfloat16."""

import dataclasses
from contextlib import nullcontext

import pytest
import torch
from joint_training import RECIPES, noise_data

from zssbir_lib.training import Execution, load_steps, new_state, training_step

METHODS = ("triplet", "sbtknet", "sbtknet by item", "mathm", "ramln all weights")


def fresh(name, execution=None):
    return new_state(RECIPES[name], noise_data(), 0, execution)


# what can be asked for


def test_without_a_word_one_cpu_process_computes_in_single_precision():
    execution = Execution()
    assert not execution.reduced
    assert isinstance(execution.autocast(), nullcontext)
    assert execution.to_dict() == {
        "device": "cpu",
        "precision": "float32",
        "compile": False,
        "parts": 1,
        "workers": 0,
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"precision": "float16"}, "one of auto, float32, bfloat16; got 'float16'"),
        ({"precision": ""}, "got ''"),
        ({"parts": 0}, "parts must be 1 or more, got 0"),
        ({"parts": -3}, "parts must be 1 or more, got -3"),
        ({"workers": -1}, "workers must be 0 or more, got -1"),
    ],
)
def test_what_is_out_of_range_is_named(wrong, message):
    with pytest.raises(ValueError, match=message) as error:
        Execution(**wrong)
    assert len(str(error.value).splitlines()) == 1


def test_the_least_values_are_allowed():
    execution = Execution(parts=1, workers=0, precision="float32")
    assert (execution.parts, execution.workers) == (1, 0)


def test_settings_do_not_change_under_way():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Execution().parts = 2


@pytest.mark.parametrize(
    ("device", "precision", "native", "reduced"),
    [
        ("cpu", "auto", True, False),
        ("cpu", "bfloat16", False, True),
        ("cuda:1", "auto", True, True),
        ("cuda:1", "auto", False, False),
        ("cuda:1", "float32", True, False),
        ("cuda", "bfloat16", False, True),
    ],
)
def test_auto_means_bfloat16_on_gpus_that_have_it(
    device, precision, native, reduced, monkeypatch
):
    """PyTorch also says yes for old GPUs that only emulate it, and are slow at it."""

    def supported(including_emulation=True):
        return native or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    execution = Execution(device, precision)
    assert execution.reduced == reduced
    assert execution.to_dict()["precision"] == ("bfloat16" if reduced else "float32")


def test_autocast_is_of_bfloat16_on_the_own_device():
    assert not torch.is_autocast_enabled("cpu")
    with Execution(precision="bfloat16").autocast():
        assert torch.is_autocast_enabled("cpu")
        assert torch.get_autocast_dtype("cpu") == torch.bfloat16
    assert not torch.is_autocast_enabled("cpu")


# bfloat16


def train(name, execution):
    """Train a recipe; return state, losses and finite-gradient answers by step."""
    state, losses = fresh(name, execution), []
    for batch in load_steps(state):
        losses.append(training_step(state, batch)["loss"])
        gradients = [w.grad for w in state.net.parameters() if w.grad is not None]
        assert gradients and all(g.isfinite().all() for g in gradients)
        assert all(g.dtype == torch.float32 for g in gradients)
    return state, losses


@pytest.mark.parametrize("name", METHODS)
def test_bfloat16_trains_and_keeps_weights_in_single_precision(name):
    state, reduced = train(name, Execution(precision="bfloat16"))
    _, single = train(name, Execution())
    assert reduced == pytest.approx(single, rel=0.05)
    assert reduced != single  # the backbone did compute otherwise
    floats = [v for v in state.net.state_dict().values() if v.is_floating_point()]
    assert all(value.dtype == torch.float32 for value in floats)
    moments = [
        value
        for weight in state.optimiser.state.values()
        for value in weight.values()
        if torch.is_tensor(value)
    ]
    assert moments and all(value.dtype == torch.float32 for value in moments)


@pytest.mark.parametrize("parts", [1, 3])
def test_autocast_ends_with_the_pooled_features(parts):
    execution = Execution(precision="bfloat16", parts=parts)
    state = fresh("mathm", execution)
    inside = []
    state.net.backbone.blocks[1].register_forward_hook(
        lambda layer, given, output: inside.append(output.dtype)
    )
    images, modality = torch.randn(6, 3, 32, 32), torch.arange(6) % 2
    pooled = state.features(images, modality)
    assert inside == [torch.bfloat16] * parts
    assert pooled.dtype == torch.float32
    single = fresh("mathm", Execution(parts=parts))
    close = single.features(images, modality)
    torch.testing.assert_close(pooled, close, rtol=0.05, atol=0.05)
    assert not torch.equal(pooled, close)


@pytest.mark.parametrize("name", METHODS)
def test_heads_losses_and_the_meta_step_compute_in_single_precision(name, monkeypatch):
    """Outside the backbone's own pass no tensor is of bfloat16 and autocast is off."""
    state, seen = fresh(name, Execution(precision="bfloat16")), []
    whole = type(state.method).loss_terms

    def loss_terms(method, net, step, kept):
        assert not torch.is_autocast_enabled("cpu")
        hooks = [
            layer.register_forward_hook(
                lambda layer, given, output: seen.append(output.dtype)
            )
            for layer in (net.projection, *net.heads.values())
        ]
        found = whole(method, net, step, kept)
        for hook in hooks:
            hook.remove()
        assert all(value.dtype == torch.float32 for value in found.values())
        return found

    monkeypatch.setattr(type(state.method), "loss_terms", loss_terms)
    losses = [training_step(state, batch) for batch in load_steps(state)]
    assert set(seen) == {torch.float32}
    if name.startswith("ramln"):
        assert "meta" in losses[-1]  # the last step was a meta step
