"""Benchmarks of RAMLN: what they compare, and that a step of theirs runs."""

import argparse
import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

from zssbir_lib.data import ImageSet
from zssbir_lib.training import RAMLN

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return importlib.import_module


@pytest.fixture
def options():
    return argparse.Namespace(
        backbone="small", weights="none", batch_size=32, device="cpu"
    )


def test_contestants_of_the_meta_step_differ_in_margins_alone(benchmark, options):
    cost = benchmark("meta_step_cost")
    base = RAMLN.named(weights="none", batch_size=32)
    found = {name: cost.method_of(name, options) for name in cost.ROWS}
    assert found[cost.BASELINE].margins.form == "fixed"
    for name, method in found.items():
        assert method.margins.warm_up == 0
        assert method.margins.scope == ("all" if "all weights" in name else "heads")
        first_order = method.margins.gradient == "first_order"
        assert first_order == ("first order" in name)
        assert (type(method).__name__ == "ThreeSteps") == ("3 steps" in name)
        assert vars(method) | {"margins": 0} == vars(base) | {"margins": 0}


def test_steps_are_timed_in_turn_and_the_median_is_kept(benchmark):
    cost = benchmark("meta_step_cost")
    now, calls = [0.0], []
    lengths = {"a": iter([1.0] * 4 + [1, 1, 9, 9, 2, 2]), "b": iter([3.0] * 10)}

    def stepper(name):
        def step():
            calls.append(name)
            now[0] += next(lengths[name])

        return step

    steppers = {name: stepper(name) for name in lengths}
    clock = dict(clock=lambda: now[0], warm_up=4)
    found = cost.median_seconds(steppers, rounds=3, steps=2, **clock)
    assert found == {"a": 2.0, "b": 3.0}
    assert calls == [*"aaaabbbb", *"aabbaabbaabb"]


def test_a_step_of_a_contestant_learns_margins(benchmark, options, tiny_data):
    cost = benchmark("meta_step_cost")
    step = cost.Stepper(tiny_data, cost.method_of("exact, heads", options), "cpu")
    step()
    assert step.state.step == 1 and step.losses["meta"] > 0
    assert cost.peak_resident() > 50  # MiB: torch alone takes more


def test_rare_classes_keep_a_sixth_of_their_images(benchmark):
    rare = benchmark("margins_of_rare_classes")
    labels = torch.arange(3).repeat_interleave(12)
    pixels = torch.arange(36, dtype=torch.uint8)[:, None, None, None].expand(
        36, 3, 2, 2
    )
    kept = rare.thinned(ImageSet(pixels, labels, 0), torch.tensor([True, False, True]))
    assert torch.bincount(kept.labels).tolist() == [2, 12, 2]
    assert kept.images[torch.arange(2)][:, 0, 0, 0].tolist() == [0, 1]
    means = rare.by_class(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]))
    assert means.tolist() == [2.0, 5.0]
