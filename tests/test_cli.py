"""The command line: whole runs on a small folder of images, and every error line."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from command_line import run_failing
from noise_folder import fit_words, write_noise_folder

from zssbir_lib import __version__
from zssbir_lib.cli import main
from zssbir_lib.evaluation import metric_names
from zssbir_lib.training import (
    Experiment,
    named_method,
    read_checkpoint,
    run_experiment,
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Write six small classes with a split file."""
    return write_noise_folder(tmp_path_factory.mktemp("images"))


@pytest.fixture
def arguments(folder, tmp_path):
    """Return the words of a short training that works."""
    return fit_words(folder, tmp_path / "run")


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    """Return the folder of a finished run."""
    out = tmp_path_factory.mktemp("runs") / "run"
    assert main(fit_words(folder, out, "--seed", "3", "--generalised")) == 0
    return out


def metrics_of(run):
    return json.loads((run / "metrics.json").read_text())


# --- fit -----------------------------------------------------------------------------


def test_fit_writes_every_metric_and_its_origin(trained):
    content = metrics_of(trained)
    counts = ["queries", "queries_without_relevant"]
    assert list(content["metrics"]) == [*metric_names(), *counts]
    assert all(0 <= content["metrics"][name] <= 1 for name in metric_names())
    assert set(content["generalised"]) == {"seen_gallery", "seen_sample"}
    assert content["seed"] == 3 and content["steps"] == 4
    assert content["versions"]["torch"] and content["device"] == "cpu"
    assert (content["recipe"]["method"], content["recipe"]["epochs"]) == ("triplet", 2)
    assert str(trained.parent) not in json.dumps(content)  # no local path in a result


def test_fit_prints_the_recipe_and_every_metric(arguments, capsys):
    assert main(arguments) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["batch_size", "4"] in lines and ["method", "triplet"] in lines
    assert {line[0] for line in lines} > set(metric_names())
    assert lines[-1][0] == "written:"


def test_held_out_validation_classes_are_scored(arguments, tmp_path):
    assert main([*arguments, "--validation-classes", "2"]) == 0
    content = metrics_of(tmp_path / "run")
    assert content["split"] == {
        "name": content["split"]["name"],
        "seen": 2,
        "validation": 2,
        "unseen": 2,
    }
    assert all("validation" in record for record in content["history"])


def test_a_second_run_in_the_same_folder_needs_resume(folder, trained, capsys):
    words = fit_words(folder, trained, "--seed", "3", "--generalised")
    before = metrics_of(trained)
    assert "already holds a run: add --resume" in run_failing(capsys, *words)
    assert main([*words, "--resume"]) == 0
    assert metrics_of(trained)["metrics"] == before["metrics"]


def test_an_untrained_network_leaves_a_checkpoint_too(folder, tmp_path):
    words = fit_words(folder, tmp_path / "run", "--method", "untrained")
    words += ["--set", "epochs=0"]
    assert main(words) == 0
    content = read_checkpoint(tmp_path / "run" / "checkpoint.pt")
    assert content["classes"] == [] and content["step"] == 0
    first = metrics_of(tmp_path / "run")
    assert first["recipe"]["feature"] == "pooled" and first["history"] == []
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert "history.csv" not in names and {"command.txt", "log.txt"} < names
    out = tmp_path / "again.json"
    checkpoint = str(tmp_path / "run" / "checkpoint.pt")
    assert main(["evaluate", "--checkpoint", checkpoint, "--out", str(out)]) == 0
    assert json.loads(out.read_text())["metrics"] == first["metrics"]


# --- evaluate ------------------------------------------------------------------------


def evaluated(run, out, *more):
    """Evaluate a run's checkpoint; return what was written."""
    words = ["evaluate", "--checkpoint", str(run / "checkpoint.pt"), "--out", str(out)]
    assert main([*words, *map(str, more)]) == 0
    return json.loads(out.read_text())


def test_evaluate_remembers_data_and_split_and_repeats_the_numbers(trained, tmp_path):
    first, again = metrics_of(trained), evaluated(trained, tmp_path / "again.json")
    for name in ("metrics", "metrics_by_feature", "metrics_macro", "split", "data"):
        assert again[name] == first[name]
    assert (again["recipe"], again["seed"]) == (first["recipe"], 3)
    assert "generalised" not in again


def test_evaluate_on_the_same_data_by_name_is_the_same(folder, trained, tmp_path):
    data = ("--data", folder, "--split", folder / "split.json", "--generalised")
    again = evaluated(trained, tmp_path / "again.json", *data)
    first = metrics_of(trained)
    assert again["metrics"] == first["metrics"]
    assert again["generalised"] == first["generalised"]


def test_evaluate_takes_another_split_of_the_remembered_data(trained, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"seen": ["a", "b"], "unseen": ["f"]}))
    found = evaluated(trained, tmp_path / "again.json", "--split", other)
    assert found["split"]["unseen"] == 1 and found["metrics"]["queries"] == 8


def test_evaluate_compares_the_feature_it_is_told(trained, tmp_path, capsys):
    found = evaluated(trained, tmp_path / "again.json", "--feature", "pooled")
    assert found["metrics"] == found["metrics_by_feature"]["pooled"]
    assert found["metrics"] != found["metrics_by_feature"]["embedding"]
    assert found["recipe"]["feature"] == "pooled"
    words = ("evaluate", "--checkpoint", trained / "checkpoint.pt", "--feature")
    errors = run_failing(capsys, *words, "colour")
    assert "feature must be one of embedding, pooled, centred" in errors
    assert "centred" in run_failing(capsys, *words, "centred")


def test_codes_need_enough_photos(trained, capsys):
    words = ("evaluate", "--checkpoint", trained / "checkpoint.pt", "--test-time")
    errors = run_failing(capsys, *words)
    assert "16 photos of unseen classes are too few for codes of 64 bits" in errors


def test_evaluating_on_a_class_that_was_trained_on_is_refused(
    trained, tmp_path, capsys
):
    leaky = tmp_path / "leaky.json"
    leaky.write_text(json.dumps({"seen": ["c", "e"], "unseen": ["a", "b"]}))
    words = ("evaluate", "--checkpoint", trained / "checkpoint.pt", "--split", leaky)
    assert "trained on 2 classes that are to be unseen" in run_failing(capsys, *words)


def test_other_data_need_a_split(folder, trained, capsys):
    words = ("evaluate", "--checkpoint", trained / "checkpoint.pt", "--data", folder)
    assert "--split is needed for a folder" in run_failing(capsys, *words)


def test_data_that_are_no_longer_there_are_named(trained, tmp_path, capsys):
    moved = tmp_path / "checkpoint.pt"
    content = torch.load(trained / "checkpoint.pt", weights_only=True)
    content["about"]["source"]["data"] = "gone"
    torch.save(content, moved)
    errors = run_failing(capsys, "evaluate", "--checkpoint", moved)
    assert "no data at gone" in errors


def test_a_file_that_is_no_checkpoint_is_one_clear_line(tmp_path, capsys):
    path = tmp_path / "checkpoint.pt"
    path.write_text("nothing")
    errors = run_failing(capsys, "evaluate", "--checkpoint", path)
    assert "damaged or no checkpoint" in errors
    path.unlink()
    errors = run_failing(capsys, "evaluate", "--checkpoint", path)
    assert f"no checkpoint at {path}; `fit --out DIR` writes one" in errors


# --- mistakes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--method", "magic"], "no method is called 'magic'; choose one of untrained"),
        (["--method", "mathn"], "did you mean 'mathm'?"),
        (["--method", "mine.py:Mine"], "no file mine.py: name a file that defines a"),
        (
            ["--backbone", "vgg"],
            "backbone must be one of small, mobilenet_v2, resnet",
        ),
        (["--profile", "long"], "must be one of smoke, quick, book; got 'long'"),
        (["--precision", "half"], "'half'"),
        (["--data", "absent"], "no data at absent"),
        (["--split", "absent"], "no split or file 'absent'"),
        (["--split", "sketchy-21"], "lacks 125 of the 125 classes asked for"),
        (["--weights", "absent.pth"], "no weights file absent.pth"),
        (["--weights", "imagenet"], "no ImageNet weights for the backbone 'small'"),
        (["--set", "colour=red"], "no field called 'colour'"),
        (["--set", "margn=0.3"], "no field called 'margn' (did you mean 'margin'?)"),
        (["--set", "margin"], "--set takes NAME=VALUE, got 'margin'"),
        (["--set", "margin=wide"], "--set margin needs a value of type float"),
        (["--set", "margin=-1"], "margin must be 0 or more, got -1.0"),
        (["--set", "profile=book"], "--set cannot change profile: use --profile"),
        (["--set", "backbone=small"], "--set cannot change backbone: use --backbone"),
        (["--set", "augmentation=none"], "augmentation is a record: set one of its fi"),
        (["--device", "cuda:7"], "no GPU is available"),
        (["--device", "abacus"], "--device 'abacus' is unknown"),
        (["--validation-classes", "9"], "cannot hold out 9 of 4 seen classes"),
        (["--seen-classes", "1"], "cannot keep 1 of 4 seen classes"),
        (["--difficulty", "hard"], "level 'hard' is for the data set 'world' only"),
        (["--threads", "0"], "number of threads must be 1 or more, got 0"),
        (["--profile", "paper"], "profile for the backbone 'small' must be one of"),
        (["--set", "epochs=1", "--set", "patience=1"], "needs validation classes"),
        (["--colour"], "unrecognized arguments: --colour (--help lists the options)"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments, words, message, capsys, tmp_path):
    if words[0] == "--device" and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert message in run_failing(capsys, *arguments, *words)
    assert not (tmp_path / "run" / "metrics.json").exists()


def test_a_folder_needs_a_split_and_a_run_a_folder(folder, tmp_path, capsys):
    words = ("fit", "--data", folder, "--out", tmp_path / "run")
    assert "--split is needed for a folder" in run_failing(capsys, *words)
    assert "--out is needed: a folder" in run_failing(capsys, "fit")


def test_a_missing_command_is_one_clear_line(capsys):
    assert "command" in run_failing(capsys)


def test_a_broken_image_names_its_path_or_is_skipped(
    arguments, folder, tmp_path, capsys
):
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
    with pytest.warns(UserWarning, match=broken.name):  # it remembers to skip
        evaluated(tmp_path / "second", tmp_path / "again.json")


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"zssbir {__version__}\n"


# --- stopping ------------------------------------------------------------------------


def test_ctrl_c_says_how_to_go_on_and_the_result_is_the_same(arguments, tmp_path):
    long = [*arguments, "--set", "epochs=60"]
    process = subprocess.Popen(
        [sys.executable, "-m", "zssbir_lib", *long],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    checkpoint = tmp_path / "run" / "checkpoint.pt"
    deadline = time.monotonic() + 240
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 130, errors
    assert "--resume goes on from there" in errors

    assert main([*long, "--resume"]) == 0
    whole = [*long]
    whole[whole.index("--out") + 1] = str(tmp_path / "whole")
    assert main(whole) == 0
    results = [metrics_of(tmp_path / name) for name in ("run", "whole")]
    assert results[0]["metrics"] == results[1]["metrics"]
    histories = [(tmp_path / n / "history.csv").read_text() for n in ("run", "whole")]
    assert histories[0] == histories[1] and histories[0].count("\n") == 61


def test_run_experiment_without_a_folder_writes_nothing(
    tiny_data, tiny_split, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    short = dict(weights="none", epochs=1, steps_per_epoch=2)
    method = named_method("triplet", profile="smoke", **short)
    net, result = run_experiment(Experiment(tiny_data, tiny_split, method))
    assert result["metrics"]["queries"] == 16
    assert not net.training
    assert os.listdir(tmp_path) == []
