"""The benchmark of training beside the bare network: what it compares."""

import argparse
import importlib
from pathlib import Path

import pytest
import torch

from zssbir_lib.training import Triplet

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
OPTIONS = argparse.Namespace(
    backbone="small",
    images=48,
    device="cpu",
    precision="auto",
    compile=False,
    workers=0,
    rounds=1,
    steps=1,
)


@pytest.fixture
def speed(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("training_speed")


def test_every_method_sees_as_many_images_from_random_weights(speed):
    for method in speed.METHODS:
        recipe = speed.method_of(method, OPTIONS).recipe
        images = recipe.batch_size * {"triplet": 3, "sbtknet": 4}.get(method, 1)
        assert images == 48 and recipe.weights == "none"
    assert speed.method_of("ramln", OPTIONS).margins.warm_up == 0


def test_the_bare_pass_normalises_as_the_training_does(speed):
    method = Triplet.named("mobilenet_v2", weights="none", image_size=32)
    bare = speed.BarePass(method, 2, speed.Execution())
    assert method.recipe.keep_batchnorm
    before = bare.net.state_dict()["backbone.blocks.0.1.running_mean"].clone()
    bare()
    after = bare.net.state_dict()["backbone.blocks.0.1.running_mean"]
    assert torch.equal(before, after)
    assert all(weight.grad is None for weight in bare.net.parameters())


def test_rows_are_shares_of_the_bare_pass(speed):
    rows = {row["name"]: row for row in speed.measure(OPTIONS)}
    assert list(rows) == [*speed.METHODS, "bare", "bare, gates"]
    assert rows["bare"]["share_of_bare"] == 1
    assert rows["bare, gates"]["share_of_bare_with_gates"] == 1
    share = rows["mathm"]["images_per_second"] / rows["bare"]["images_per_second"]
    assert rows["mathm"]["share_of_bare"] == pytest.approx(share, abs=2e-3)
    assert {row["peak_mib"] for row in rows.values()} == {"not yet run on a GPU"}
