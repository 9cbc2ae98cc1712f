"""Kill -9 at any moment: at most an epoch is repeated, and the result is the same."""

import json
import multiprocessing
import os
import random
import sys
import time

import pytest
import torch
from noise_folder import fit_words, write_noise_folder

from zssbir_lib.cli import main
from zssbir_lib.files import write_whole
from zssbir_lib.training import loop, read_checkpoint
from zssbir_lib.training.provenance import commit

EPOCHS, EACH = 8, 5  # epochs, and steps in each
FILES = ["checkpoint.pt", "command.txt", "history.csv", "log.txt", "metrics.json"]
METHODS = {
    "triplet": ("--method", "triplet", "--workers", "1"),
    "ramln": ("--method", "ramln", "--set", "batch_size=16", "--set")
    + ("images_per_class=4", "--set", "margins.warm_up=2"),
}
FORK = multiprocessing.get_context("fork")  # the libraries are loaded already


def train(words, log):
    """Train in a process of its own, noting every finished step; to be killed."""
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    plain = loop.training_step

    def noted_step(state, batch):
        losses = plain(state, batch)
        with open(log, "a") as file:
            file.write(f"{state.step}\n")
        return losses

    loop.training_step = noted_step
    os._exit(main(words))


class Run:
    """A training that can be killed and started again."""

    def __init__(self, folder, out, method):
        self.out, self.log = out, out.with_suffix(".log")
        self.checkpoint = out / "checkpoint.pt"
        self.partial = out / "checkpoint.pt.partial"
        more = ("--set", f"epochs={EPOCHS}", "--set", f"steps_per_epoch={EACH}")
        self.words = fit_words(folder, out, *more, *METHODS[method], "--resume")
        self.log.touch()

    def start(self):
        self.process = FORK.Process(target=train, args=(self.words, self.log))
        self.process.start()

    def steps(self):
        """Return the numbers of all steps taken so far, in the order taken."""
        return [int(line) for line in self.log.read_text().splitlines()]

    def kill_when(self, ready):
        """Kill the process as soon as something is so; return whether it was."""
        end = time.monotonic() + 60
        while self.process.is_alive() and time.monotonic() < end:
            if ready():
                self.process.kill()
                self.process.join()
                return True
        return False

    def saved(self):
        """Return the step of the checkpoint; it is whole whenever it is there."""
        if not self.checkpoint.exists():
            return 0
        return read_checkpoint(self.checkpoint)["step"]


def result(out):
    """Return what counts of a run: metrics and history, weights, all that is saved."""
    content = json.loads((out / "metrics.json").read_text())
    for name in ("cpu_seconds", "wall_seconds", "command"):
        del content[name]
    saved = read_checkpoint(out / "checkpoint.pt")
    told = [(out / name).read_text() for name in ("history.csv", "log.txt")]
    return content, saved, told


def assert_equal(one, other):
    """Compare two nested values bit for bit."""
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_equal(one[key], other[key])
    elif isinstance(one, list | tuple):
        for mine, yours in zip(one, other, strict=True):
            assert_equal(mine, yours)
    else:
        assert one == other


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    commit()  # of all runs, whoever edits the library meanwhile
    return write_noise_folder(tmp_path_factory.mktemp("data"))


def test_the_comparison_notices_a_bit():
    one = {"a": [(torch.zeros(2),)], "b": 1}
    assert_equal(one, {"a": [(torch.zeros(2),)], "b": 1})
    with pytest.raises(AssertionError):
        assert_equal(one, {"a": [(torch.tensor([0, 1e-30]),)], "b": 1})


@pytest.mark.parametrize("method", METHODS)
def test_kills_and_resumes_equal_an_uninterrupted_run(method, folder, tmp_path):
    whole = Run(folder, tmp_path / "whole", method)
    whole.start()
    whole.process.join()
    assert whole.process.exitcode == 0
    assert whole.steps() == list(range(1, EPOCHS * EACH + 1))

    killed, draw = Run(folder, tmp_path / "killed", method), random.Random(method)
    moments = [lambda: killed.partial.exists()]  # while a checkpoint is written
    for earliest in (8, 23):  # in the middle of an epoch
        moment = earliest + draw.randrange(10)
        moments.append(lambda least=moment: len(killed.steps()) >= least)
    for moment in moments:
        before = len(killed.steps())
        killed.start()
        assert killed.kill_when(moment), "it ended before it could be killed"
        taken = killed.steps()[before:]
        assert not taken or taken[-1] - killed.saved() <= EACH
        left = {name.removesuffix(".partial") for name in os.listdir(killed.out)}
        assert left <= set(FILES) - {"metrics.json"}
    killed.start()
    killed.process.join()
    assert killed.process.exitcode == 0
    assert len(killed.steps()) <= EPOCHS * EACH + len(moments) * EACH
    assert sorted(os.listdir(killed.out)) == FILES
    assert_equal(result(killed.out), result(whole.out))


@pytest.mark.parametrize("already", [0, 3, 11])
def test_a_kill_within_the_writing_leaves_the_old_file(already, tmp_path):
    """Killed after some bytes: the old file is whole, the next writing succeeds."""
    path = tmp_path / "file.bin"
    path.write_bytes(b"old content")

    def write_and_die(file):
        file.write(b"new content"[:already])
        file.flush()
        os.kill(os.getpid(), 9)

    process = FORK.Process(target=write_whole, args=(path, write_and_die))
    process.start()
    process.join()
    assert process.exitcode == -9
    assert path.read_bytes() == b"old content"
    write_whole(path, lambda file: file.write(b"newer"))
    assert path.read_bytes() == b"newer" and os.listdir(tmp_path) == ["file.bin"]
