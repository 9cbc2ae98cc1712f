"""The command line: whole runs on a small folder of images, and every error line."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from PIL import Image

from zssbir_lib.cli import main
from zssbir_lib.cli.options import read_change
from zssbir_lib.evaluation import metric_names
from zssbir_lib.training import Recipe, run_experiment

SHORT = ("--profile", "smoke", "--weights", "none", "--set", "batch_size=4")
SHORT += ("--set", "epochs=2", "--set", "steps_per_epoch=2", "--set", "image_size=32")


@pytest.fixture(scope="session")
def folder(tiny_data, tmp_path_factory):
    """Write the tiny data as class folders with a split file."""
    root = tmp_path_factory.mktemp("images")
    for kind, images in (("sketch", tiny_data.sketches), ("photo", tiny_data.photos)):
        for i, label in enumerate(images.labels.tolist()):
            path = root / kind / tiny_data.class_names[label] / f"{i:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images.images[i].permute(1, 2, 0).numpy()).save(path)
    split = {"seen": ["a", "b", "c", "d"], "unseen": ["e", "f"]}
    (root / "split.json").write_text(json.dumps(split))
    return root


@pytest.fixture
def arguments(folder, tmp_path):
    """Return the words of a short training that works."""
    data = ("--data", str(folder), "--split", str(folder / "split.json"))
    return ["fit", *data, *SHORT, "--out", str(tmp_path / "run")]


def run_failing(capsys, *words):
    """Run the command line, expecting failure; return its standard error."""
    try:
        code = main([str(word) for word in words])
    except SystemExit as stop:
        code = stop.code
    errors = capsys.readouterr().err
    assert code == 2
    assert "Traceback" not in errors
    assert len(errors.strip().splitlines()) == 1, errors
    return errors


def test_fit_writes_every_metric_and_its_origin(arguments, tmp_path, capsys):
    assert main([*arguments, "--seed", "3", "--generalised"]) == 0
    content = json.loads((tmp_path / "run" / "metrics.json").read_text())
    counts = ["queries", "queries_without_relevant"]
    assert list(content["metrics"]) == [*metric_names(), *counts]
    assert all(0 <= content["metrics"][name] <= 1 for name in metric_names())
    assert set(content["generalised"]) == {"seen_gallery", "seen_sample"}
    assert content["seed"] == 3 and content["steps"] == 4
    assert content["versions"]["torch"] and content["device"] == "cpu"
    assert Recipe.from_dict(content["recipe"]).epochs == 2
    assert str(tmp_path) not in json.dumps(content)  # no local path in a result
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["batch_size", "4"] in lines  # the recipe is printed


def test_evaluate_reproduces_the_metrics_of_fit(arguments, folder, tmp_path):
    assert main(arguments) == 0
    words = ["evaluate", "--checkpoint", str(tmp_path / "run" / "checkpoint.pt")]
    words += [*arguments[1:5], "--out", str(tmp_path / "again.json")]
    assert main(words) == 0
    first = json.loads((tmp_path / "run" / "metrics.json").read_text())
    again = json.loads((tmp_path / "again.json").read_text())
    assert first["metrics"] == again["metrics"]
    assert first["metrics_macro"] == again["metrics_macro"]


def test_evaluating_on_a_class_that_was_trained_on_is_refused(
    arguments, folder, tmp_path, capsys
):
    assert main(arguments) == 0
    leaky = tmp_path / "leaky.json"
    leaky.write_text(json.dumps({"seen": ["c", "e"], "unseen": ["a", "b"]}))
    words = ("evaluate", "--checkpoint", tmp_path / "run" / "checkpoint.pt")
    words += ("--data", folder, "--split", leaky)
    assert "trained on 2 classes that are unseen" in run_failing(capsys, *words)


def test_held_out_validation_classes_are_scored(arguments, tmp_path):
    assert main([*arguments, "--validation-classes", "2"]) == 0
    content = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert content["split"] == {
        "name": content["split"]["name"],
        "seen": 2,
        "validation": 2,
        "unseen": 2,
    }
    assert all("validation" in record for record in content["history"])


def test_a_second_run_in_the_same_folder_needs_resume(arguments, capsys):
    assert main(arguments) == 0
    assert "already holds a run: add --resume" in run_failing(capsys, *arguments)
    assert main([*arguments, "--resume"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--method", "magic"], "argument --method: invalid choice: 'magic'"),
        (["--backbone", "vgg"], "argument --backbone: invalid choice: 'vgg'"),
        (["--data", "absent"], "no data at absent"),
        (["--split", "absent"], "no split or file 'absent'"),
        (["--split", "sketchy-21"], "lacks 125 of the 125 classes asked for"),
        (["--weights", "absent.pth"], "no weights file absent.pth"),
        (["--weights", "imagenet"], "no ImageNet weights for the backbone 'small'"),
        (["--set", "colour=red"], "--set takes NAME=VALUE"),
        (["--set", "margin=wide"], "--set margin needs a value of type float"),
        (["--set", "margin=-1"], "margin must be 0 or more, got -1.0"),
        (["--device", "cuda:7"], "no GPU is available"),
        (["--device", "abacus"], "--device 'abacus' is unknown"),
        (["--validation-classes", "9"], "cannot hold out 9 of 4 seen classes"),
        (["--seen-classes", "1"], "cannot keep 1 of 4 seen classes"),
        (["--difficulty", "hard"], "level 'hard' is for the data set 'world' only"),
        (["--threads", "0"], "number of threads must be 1 or more, got 0"),
        (["--profile", "paper"], "profile for the backbone 'small' must be one of"),
        (["--set", "epochs=1", "--set", "patience=1"], "needs validation classes"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments, words, message, capsys):
    if words[0] == "--device" and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert message in run_failing(capsys, *arguments, *words)


def test_a_folder_needs_a_split(folder, tmp_path, capsys):
    words = ("fit", "--data", folder, "--out", tmp_path / "run")
    assert "--split is needed for a folder" in run_failing(capsys, *words)


def test_a_missing_command_is_one_clear_line(capsys):
    assert "command" in run_failing(capsys)


def test_a_file_that_is_no_checkpoint_is_one_clear_line(folder, tmp_path, capsys):
    path = tmp_path / "checkpoint.pt"
    path.write_text("nothing")
    words = ("evaluate", "--checkpoint", path, "--data", folder, "--split")
    errors = run_failing(capsys, *words, folder / "split.json")
    assert "damaged or no checkpoint" in errors


def test_a_broken_image_names_its_path_or_is_skipped(
    arguments, folder, tmp_path, capsys
):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    broken = sorted((copy / "photo" / "a").iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:60])
    arguments[2] = str(copy)
    arguments += ["--set", "batch_size=64"]
    assert broken.name in run_failing(capsys, *arguments)
    arguments[arguments.index("--out") + 1] = str(tmp_path / "second")
    with pytest.warns(UserWarning, match=broken.name):
        assert main([*arguments, "--skip-unreadable"]) == 0


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("margin", "0.5", 0.5),
        ("epochs", "3", 3),
        ("steps_per_epoch", "7", 7),
        ("keep_batchnorm", "true", True),
        ("schedule", "cosine", "cosine"),
    ],
)
def test_changes_are_read_in_the_type_of_their_field(name, text, value):
    assert read_change(f"{name}={text}") == (name, value)


def test_ctrl_c_says_how_to_go_on_and_the_result_is_the_same(
    arguments, folder, tmp_path
):
    long = [*arguments, "--set", "epochs=60"]
    process = subprocess.Popen(
        [sys.executable, "-m", "zssbir_lib", *long],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    checkpoint = tmp_path / "run" / "checkpoint.pt"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "--resume goes on from there" in errors

    assert main([*long, "--resume"]) == 0
    whole = [*long]
    whole[whole.index("--out") + 1] = str(tmp_path / "whole")
    assert main(whole) == 0
    results = [
        json.loads((tmp_path / n / "metrics.json").read_text())
        for n in ("run", "whole")
    ]
    assert results[0]["metrics"] == results[1]["metrics"]


def test_run_experiment_without_a_folder_writes_nothing(
    tiny_data, tiny_split, tmp_path, monkeypatch
):
    from zssbir_lib.training import Experiment, named_recipe

    monkeypatch.chdir(tmp_path)
    recipe = named_recipe("triplet", profile="smoke", weights="none")
    recipe = replace(recipe, epochs=1, steps_per_epoch=2)
    net, result = run_experiment(Experiment(tiny_data, tiny_split, recipe))
    assert result["metrics"]["queries"] == 16
    assert not net.training
    assert os.listdir(tmp_path) == []
