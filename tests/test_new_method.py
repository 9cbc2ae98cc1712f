"""A reader's own method: one file outside the library, with a loss and a head."""

import json
import subprocess
import sys

import pytest
import torch
from noise_folder import fit_words, write_noise_folder
from training_states import same_weights

from zssbir_lib.cli import main
from zssbir_lib.data import ZeroShotSplit, load_data
from zssbir_lib.training import (
    Experiment,
    find_method,
    load_trained_net,
    read_checkpoint,
    run_experiment,
)

OWN_FILE = '''
"""Contrast of sketches and photos behind a small network of its own."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from zssbir_lib.records import Count, Positive
from zssbir_lib.training import Method, class_batch_sampler


@dataclass(frozen=True)
class Contrastive(Method):
    """Every sketch has to find the photos of its class among those of the batch.

    Attributes:
        temperature: how sharp the choice is.
        images_per_class: half sketches, half photos.
        width: of the head.
    """

    temperature: Positive = 0.1
    images_per_class: Count = 4
    width: Count = 16

    name = "contrastive"

    def sampler(self, data):
        return class_batch_sampler(data, self.recipe.batch_size, self.images_per_class)

    def heads(self, features, classes):
        layers = nn.Linear(features, self.width), nn.ReLU(), nn.Linear(self.width, 8)
        return {"contrast": nn.Sequential(*layers)}

    def loss_terms(self, net, step, kept=None):
        points = functional.normalize(net.heads["contrast"](step.pooled), dim=1)
        embeddings = net.project(step.pooled)
        sketch = step.modality == 0
        same = step.labels[sketch][:, None] == step.labels[~sketch]  # (S, P)
        step.observed["same"] = same.float().mean()
        return {
            name: self.contrast(some[sketch], some[~sketch], same)
            for name, some in (("head", points), ("embedding", embeddings))
        }

    def contrast(self, sketches, photos, same):
        chances = (sketches @ photos.T / self.temperature).softmax(dim=1)
        return -(chances * same).sum(dim=1).log().mean()


class NoMethod:
    pass
'''
OWN = ("--set", "temperature=0.2", "--set", "batch_size=12")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_noise_folder(tmp_path_factory.mktemp("data"))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own method.py"
    path.write_text(OWN_FILE)
    return path


def trained(folder, file, out, *more):
    """Train by the command line; return the result, expecting success."""
    words = fit_words(folder, out, "--method", f"{file}:Contrastive", *OWN, *more)
    assert main(words) == 0
    return json.loads((out / "metrics.json").read_text())


def last_line(capsys):
    """Return the one line of error that a command printed last."""
    *others, line = capsys.readouterr().err.strip().splitlines()
    assert all("warning: the backbone" in other for other in others)
    return line


def test_it_trains_and_says_so(folder, file, tmp_path):
    result = trained(folder, file, tmp_path / "run", "--set", "epochs=12")
    recipe, history = result["recipe"], result["history"]
    assert (recipe["method"], recipe["temperature"]) == ("contrastive", 0.2)
    assert (recipe["width"], recipe["batch_size"]) == (16, 12)
    first, last = history[0], history[-1]
    assert {"head", "embedding", "same", "loss"} <= set(first)
    assert first["same"] == pytest.approx(1 / 3)
    assert first["loss"] == pytest.approx(first["head"] + first["embedding"])
    assert last["head"] < 0.5 * first["head"] and last["loss"] < 0.5 * first["loss"]


def test_a_checkpoint_needs_neither_file_nor_words(folder, file, tmp_path, capsys):
    """Another process, which never saw the file, evaluates and retrieves alike."""
    result = trained(folder, file, tmp_path / "run")
    path = tmp_path / "run" / "checkpoint.pt"
    weights = read_checkpoint(path)["model"]
    assert {name for name in weights if name.startswith("heads.contrast.")}
    file.unlink()
    words = ["evaluate", "--checkpoint", str(path), "--device", "cpu"]
    again = tmp_path / "again.json"
    command = [sys.executable, "-m", "zssbir_lib", *words, "--out", str(again)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = json.loads(again.read_text())
    assert found["metrics"] == result["metrics"]
    assert found["recipe"] == result["recipe"]
    net, _ = load_trained_net(read_checkpoint(path))
    assert list(net.heads) == []  # retrieval does without
    assert net.trained_on == tuple("abcd")


def test_it_resumes_where_it_was(folder, file, tmp_path):
    whole = trained(folder, file, tmp_path / "whole")
    run = tmp_path / "run"
    trained(folder, file, run)
    (run / "metrics.json").unlink()
    assert trained(folder, file, run, "--resume")["history"] == whole["history"]
    one, other = (
        read_checkpoint(tmp_path / n / "checkpoint.pt") for n in ("whole", "run")
    )
    assert same_weights(one["model"], other["model"])
    words = fit_words(folder, run, "--method", f"{file}:Contrastive", "--resume")
    assert main(words) == 2  # with another temperature


def test_from_python_it_is_an_object(folder, file, tmp_path):
    kind = find_method(f"{file}:Contrastive")
    assert kind is find_method(f"{file}:Contrastive")
    method = kind.named(
        profile="smoke", weights="none", batch_size=12, epochs=2, steps_per_epoch=2
    ).changed(temperature=0.2)
    assert kind(temperature=0.2).temperature == 0.2
    split = ZeroShotSplit("own", tuple("abcd"), (), tuple("ef"))
    experiment = Experiment(load_data(folder, 32), split, method)
    net, result = run_experiment(experiment)
    assert isinstance(net.heads["contrast"], torch.nn.Sequential)
    by_command = trained(folder, file, tmp_path / "run")
    assert result["history"] == by_command["history"]
    assert result["metrics"] == by_command["metrics"]


def test_its_fields_are_listed_with_the_others(file, capsys):
    assert main(["fit", "--method", f"{file}:Contrastive", "--fields"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["temperature"].endswith("how sharp the choice is")
    assert "learning_rate" in lines


@pytest.mark.parametrize(
    ("method", "more", "message"),
    [
        (
            "{file}:Contrastive",
            "temprature=1",
            "'temprature' (did you mean 'temp",
        ),
        ("{file}:Contrastive", "temperature=0", "temperature must be above 0, got 0"),
        (
            "{file}:Contrastive",
            "width=2.5",
            "width needs a value of type int, got",
        ),
        ("{file}:Contrastive", "losses=a", "the recipe has no field called 'losses'"),
        (
            "{file}:Contrastiv",
            "",
            "method.py defines no method (a `Method`) called",
        ),
        ("{file}:NoMethod", "", "defines no method (a `Method`) called NoMethod"),
        ("{file}:", "", "defines no method (a `Method`) called"),
        ("nowhere.py:Contrastive", "", "no file nowhere.py: name a file that defines"),
        ("contrastive", "", "no method is called 'contrastive'"),
        ("{file}", "", "or FILE.py:Name for one of your own"),
    ],
)
def test_mistakes_are_one_line(method, more, message, folder, file, tmp_path, capsys):
    words = ["--method", method.format(file=file)] + (["--set", more] if more else [])
    assert main(fit_words(folder, tmp_path / "run", *words)) == 2
    line = last_line(capsys)
    assert message in line and line.startswith("zssbir: error: ")
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("import torch\n", "import no_such\n", "ModuleNotFoundError: No module named"),
        ("class NoMethod:", "class NoMethod", "stops with SyntaxError"),
    ],
)
def test_a_broken_file_is_one_line_and_is_read_again_once_mended(
    old, new, message, folder, file, tmp_path, capsys
):
    file.write_text(OWN_FILE.replace(old, new, 1))
    words = fit_words(folder, tmp_path / "run", "--method", f"{file}:Contrastive")
    assert main(words) == 2
    assert message in last_line(capsys)
    file.write_text(OWN_FILE)
    assert find_method(f"{file}:Contrastive").name == "contrastive"


def test_a_method_that_lacks_its_losses_is_one_line(folder, tmp_path, capsys):
    half = tmp_path / "half.py"
    half.write_text(
        "from zssbir_lib.training import Triplet\n"
        "class Half(Triplet):\n"
        "    def loss_terms(self, net, step, kept=None):\n"
        "        return super(Triplet, self).loss_terms(net, step, kept)\n"
    )
    words = fit_words(folder, tmp_path / "run", "--method", f"{half}:Half")
    assert main(words) == 2
    assert "Half has to define `loss_terms`" in last_line(capsys)
