"""Trainings frozen before the library moved: weights and scores, bit for bit.

Every method at the length "smoke", each in a process of its own with one thread: on the
embedded world, and 20 steps of MobileNetV2 on a few real images. The digests were
written by the library as it was before (commit 192533c). On another processor, or with
other versions, sums come in another order: there only the scores are compared, roughly.
A scaffold: it goes when the data floor has moved, too.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

TESTS = Path(__file__).resolve().parent
FROZEN = json.loads((TESTS / "goldens" / "frozen.json").read_text())
MADE_BY = {"torch": "2.15.0+cu132", "capability": "AVX512"}
VARIANTS = TESTS.parent / "studies" / "ramln_variants.py"
METHODS = ("untrained", "triplet", "sbtknet", "mathm", "ramln", "combined")
CASES = {name: f"--method {name}" for name in METHODS} | {
    "bid-qua": "--method bid-qua",
    "bid-tri": "--method bid-tri",
    "mathm classification": "--method classification",
    "sbtknet item": "--method sbtknet --set teaching=item",
    "ramln joint": "--method ramln --set margins.learning=joint "
    "--set margins.centred=false",
    "ramln shuffled": f"--method {VARIANTS}:Shuffled",
}
SCORES = ("metrics", "metrics_by_feature", "metrics_macro", "validation", "generalised")


def digest_of(value, name=""):
    """Return a hash of the tensors in nested values, with their names."""
    found = hashlib.blake2b(digest_size=8)
    for path, tensor in tensors_in(value, name):
        found.update(path.encode())
        found.update(tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


def tensors_in(value, name):
    """Yield tensors with the way to them, sorted by name."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from tensors_in(value[key], f"{name}/{key}")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from tensors_in(one, f"{name}/{number}")


def hash_of(values):
    """Return a hash of plain values."""
    text = json.dumps(values, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def trained(words, folder):
    """Run `fit` in a fresh process; return metrics and checkpoint."""
    command = [sys.executable, "-m", "zssbir_lib", "fit", "--profile", "smoke"]
    command += ["--device", "cpu", "--out", str(folder), *words.split()]
    quiet = os.environ | {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    run = subprocess.run(command, capture_output=True, text=True, env=quiet)
    assert run.returncode == 0, run.stderr[-1000:]
    metrics = json.loads((folder / "metrics.json").read_text())
    return metrics, torch.load(folder / "checkpoint.pt", weights_only=True)


def compare(name, words, folder):
    """Compare a training with its frozen twin."""
    metrics, saved = trained(words, folder)
    frozen = FROZEN[name]
    assert metrics["metrics"]["map@all"] == pytest.approx(frozen["map@all"], abs=0.05)
    if MADE_BY != {
        "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
    }:
        pytest.skip("another processor or torch than the digests were made with")
    found = {"scores": hash_of({n: metrics[n] for n in SCORES if n in metrics})}
    found["history"] = hash_of(metrics["history"])
    if metrics["steps"]:
        found |= {"model": digest_of(saved["model"]), "kept": digest_of(saved["kept"])}
        found["optimiser"] = digest_of(saved["optimiser"]["state"])
        found["generator"] = digest_of(saved["generator"], "g")
    assert found == {part: frozen[part] for part in found}


@pytest.mark.parametrize("name", CASES)
def test_the_world(name, tmp_path):
    compare(name, f"{CASES[name]} --generalised", tmp_path)


@pytest.mark.parametrize("name", METHODS)
def test_mobilenet_on_real_images(name, shared, tmp_path):
    data = shared / "data"
    weights = data / "weights" / "mobilenet_v2_imagenet.pth"
    words = f"--method {name} --data {data}/sketchy-mini --split sketchy-21 "
    words += f"--backbone mobilenet_v2 --weights {weights} "
    words += "--set steps_per_epoch=20 --set image_size=64"
    compare(f"{name}, mobilenet", words, tmp_path)
