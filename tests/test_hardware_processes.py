"""Two processes train exactly what one process trains with the joint batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import joint_training
import pytest
import torch

SCRIPT = Path(joint_training.__file__)
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone")
TIGHT = dict(rtol=1e-9, atol=1e-10)  # everything is computed in double precision


def launch(*words: str, processes: int = 2) -> subprocess.CompletedProcess[str]:
    """Run a command under torchrun, one thread a process."""
    command = [*TORCHRUN, "--nproc_per_node", str(processes), *words]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=300
    )


def read_json(path: Path) -> dict:
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    """Return what two processes trained, for every recipe."""
    path = tmp_path_factory.mktemp("joint") / "joint.pt"
    run = launch(str(SCRIPT), str(path))
    assert run.returncode == 0, run.stderr[-2000:]
    return torch.load(path, weights_only=True)


@pytest.fixture
def alone(monkeypatch):
    """Return a function that trains a recipe in this process, in double precision."""
    loop = joint_training.loop
    monkeypatch.setattr(loop, "prepare_images", loop.prepare_images)  # put back after
    return joint_training.three_steps


def test_there_were_two_processes(joint):
    assert joint["processes"] == 2


@pytest.mark.parametrize("name", joint_training.RECIPES)
def test_losses_gradients_and_weights_are_those_of_one_process(name, joint, alone):
    expected = alone(name)
    for one, other in zip(expected["losses"], joint[name]["losses"], strict=True):
        assert one == pytest.approx(other, rel=1e-6)
    gradients = zip(expected["gradients"], joint[name]["gradients"], strict=True)
    for one, other in gradients:
        assert one.keys() == other.keys()
        torch.testing.assert_close(one, other, **TIGHT)
    torch.testing.assert_close(expected["weights"], joint[name]["weights"], **TIGHT)


@pytest.mark.parametrize("name", [n for n in joint_training.RECIPES if "ramln" in n])
def test_memory_and_margins_are_those_of_one_process(name, joint, alone):
    expected, found = alone(name)["method"]["learner"], joint[name]["method"]["learner"]
    assert found["memory"]["labels"].max() >= 0  # something was written
    for part in ("memory", "margins"):
        torch.testing.assert_close(expected[part], found[part], **TIGHT)


def test_every_recipe_moved(joint):
    for name in joint_training.RECIPES:
        first, last = (joint[name]["gradients"][step] for step in (0, -1))
        assert any(not torch.equal(first[key], last[key]) for key in first), name


def test_fit_under_torchrun_says_what_fit_says_alone(tmp_path):
    words = ("-m", "zssbir_lib", "fit", "--profile", "smoke", "--device", "cpu")
    words += ("--set", "batch_size=16")
    joint = launch(*words, "--out", str(tmp_path / "joint"))
    alone = subprocess.run(
        [sys.executable, *words, "--out", str(tmp_path / "alone")],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"},
    )
    assert joint.returncode == alone.returncode == 0, joint.stderr[-2000:]
    assert joint.stdout.count("recipe (seed 0") == 1  # only the first process prints
    assert sorted(path.name for path in (tmp_path / "joint").iterdir()) == [
        "checkpoint.pt",
        "command.txt",
        "history.csv",
        "log.txt",
        "metrics.json",
    ]
    results = [
        read_json(tmp_path / name / "metrics.json") for name in ("joint", "alone")
    ]
    assert [result["execution"]["processes"] for result in results] == [2, 1]
    histories = [[epoch["loss"] for epoch in result["history"]] for result in results]
    assert histories[0] == pytest.approx(histories[1], rel=0.02)  # single precision


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path):
    words = ("-m", "zssbir_lib", "fit", "--profile", "smoke", "--device", "cpu")
    words += ("--set", "batch_size=5", "--out", str(tmp_path / "run"))
    run = launch(*words)
    assert run.returncode != 0
    assert "a batch of 15 images cannot be shared by 2 processes" in run.stderr
