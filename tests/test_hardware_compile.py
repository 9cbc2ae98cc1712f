"""A compiled backbone: the same training, and checkpoints that do not show it.

Compiling to machine code takes about a minute, so that test runs only on request
(`ZSSBIR_SLOW=1 pytest tests/test_hardware_compile.py`); the others stop before it and
run what PyTorch has traced.
"""

import functools
import os
import shutil

import pytest
import torch
from joint_training import noise_data

from zssbir_lib.models import batch_norms
from zssbir_lib.training import (
    Execution,
    fit,
    load_trained_net,
    named_method,
    new_state,
    read_checkpoint,
    restore_state,
)

RECIPE = named_method(
    "triplet", batch_size=4, epochs=2, steps_per_epoch=2, weights="none"
)


def fresh(execution=None):
    return new_state(RECIPE, noise_data(), 0, execution)


def train(execution, path=None):
    state = fresh(execution)
    fit(state, checkpoint=path)
    return state


def losses(state):
    return [record["loss"] for record in state.history]


@pytest.fixture
def calls(monkeypatch):
    """Let compiling stop after tracing; return what was asked to be compiled."""
    compiled, asked = torch.compile, []

    def trace(function):
        asked.append(function)
        return compiled(function, backend="aot_eager")

    monkeypatch.setattr(torch, "compile", trace)
    yield asked
    torch._dynamo.reset()


def test_only_the_pooled_features_are_compiled(calls):
    state = fresh(Execution(compile=True))
    assert calls == [state.net.pooled]
    plain = fresh()
    assert len(calls) == 1
    assert list(state.net.state_dict()) == list(plain.net.state_dict())


@pytest.mark.parametrize("parts", [1, 2])
def test_a_compiled_training_is_the_same(parts, calls, tmp_path):
    path = tmp_path / "checkpoint.pt"
    state = train(Execution(compile=True, parts=parts), path)
    plain = train(Execution(parts=parts))
    assert losses(state) == pytest.approx(losses(plain), rel=1e-2)
    for one, other in zip(batch_norms(state.net), batch_norms(plain.net), strict=True):
        torch.testing.assert_close(one.running_var, other.running_var, rtol=0.1, atol=0)
    assert_plain(path, state)


def assert_plain(path, state):
    """Check that a checkpoint is read and continued without compiling."""
    content = read_checkpoint(path)
    plain = fresh()
    assert list(content["model"]) == list(plain.net.state_dict())
    net, recipe = load_trained_net(content)
    assert recipe == RECIPE.recipe
    torch.testing.assert_close(net.state_dict(), state.net.state_dict())
    restore_state(plain, content, path)
    assert plain.step == 4 and plain.finished


@functools.cache
def why_not():
    """Return why nothing is compiled to machine code here, or nothing."""
    if shutil.which("g++") is None:
        return "no C++ compiler (g++), which torch.compile needs on a CPU"
    asked = os.environ.get("ZSSBIR_SLOW")
    return "" if asked else "compiling takes a minute: set ZSSBIR_SLOW=1 to run it"


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_machine_code_trains_the_same(tmp_path):
    path = tmp_path / "checkpoint.pt"
    state = train(Execution(compile=True), path)
    assert losses(state) == pytest.approx(losses(train(Execution())), rel=2e-2)
    assert_plain(path, state)
