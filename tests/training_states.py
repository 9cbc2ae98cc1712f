"""What tests do with trainings: compare their weights, act in the middle of a step."""

import os
import signal
from collections.abc import Callable

import pytest
import torch

from zssbir_lib.training import TrainingState, fit, read_checkpoint


def same_weights(left, right) -> bool:
    """Return whether two modules, or dictionaries of tensors, are equal bit for bit."""
    left, right = (m if isinstance(m, dict) else m.state_dict() for m in (left, right))
    assert list(left) == list(right)
    return all(torch.equal(left[name], right[name]) for name in left)


def in_step(state: TrainingState, step: int, act: Callable[[], object]) -> None:
    """Let something happen within a step of a training, after its losses."""

    def hook(*given) -> None:
        if state.step == step - 1:
            act()

    state.optimiser.register_step_pre_hook(hook)


def press_ctrl_c() -> None:
    """Send this process what Ctrl-C sends."""
    os.kill(os.getpid(), signal.SIGINT)


def interrupt(state: TrainingState, step: int, path) -> dict:
    """Train until Ctrl-C in a step, and return the checkpoint that is left."""
    in_step(state, step, press_ctrl_c)
    with pytest.raises(KeyboardInterrupt, match=f"stopped after step {step}"):
        fit(state, checkpoint=path)
    return read_checkpoint(path)
