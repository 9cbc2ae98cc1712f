"""What lies in a run's folder, and what a run says while it goes on."""

import csv
import json
import shlex
import sys

import pytest
from noise_folder import fit_words, write_noise_folder

from zssbir_lib.cli import main
from zssbir_lib.cli.fit import warn_of_toy_backbone

QUICK = ("--profile", "quick", "--validation-classes", "2", "--seed", "4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write six small classes into a folder with a blank in its name."""
    return write_noise_folder(tmp_path_factory.mktemp("two words"))


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    """Return the folder of a run that is no smoke test."""
    out = tmp_path_factory.mktemp("runs") / "my run"
    assert main(fit_words(folder, out, *QUICK)) == 0
    return out


def metrics_of(run):
    return json.loads((run / "metrics.json").read_text())


def test_everything_is_there(run):
    names = {path.name for path in run.iterdir() if path.is_file()}
    files = {"checkpoint.pt", "metrics.json", "command.txt", "log.txt", "history.csv"}
    assert names == files | {"curves.png", "retrieved.png"}
    for name in ("curves.png", "retrieved.png"):
        assert (run / name).read_bytes()[1:4] == b"PNG"


def test_the_command_repeats_the_run(run, tmp_path):
    (line,) = (run / "command.txt").read_text().splitlines()
    program, *words = shlex.split(line)
    assert program == "zssbir" and words[0] == "fit"
    words[words.index("--out") + 1] = str(tmp_path / "again")
    assert main(words) == 0
    first, again = metrics_of(run), metrics_of(tmp_path / "again")
    for name in ("metrics", "history", "recipe", "seed", "split"):
        assert first[name] == again[name]
    for name in ("history.csv", "log.txt", "retrieved.png"):
        assert (run / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_log_has_recipe_epochs_and_scores(run):
    lines = (run / "log.txt").read_text().splitlines()
    content = metrics_of(run)
    assert lines[0].startswith("recipe (seed 4, ") and lines[0].endswith("cpu):")
    assert any(line.split() == ["batch_size", "4"] for line in lines)
    epochs = [line for line in lines if line.startswith("epoch ")]
    for number, (line, record) in enumerate(
        zip(epochs, content["history"], strict=True), start=1
    ):
        shown = f"loss {record['loss']:.4f}, validation {record['validation']:.4f}"
        assert line == f"epoch {number}/2, {shown}"
    assert f"map@all: {content['metrics']['map@all']}" in lines


def test_the_history_is_a_table(run):
    with (run / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    history = metrics_of(run)["history"]
    found = [{name: float(value) for name, value in row.items()} for row in rows]
    assert found == history and {"loss", "epoch", "step", "validation"} <= set(rows[0])


def test_a_smoke_run_draws_nothing(folder, tmp_path):
    words = fit_words(folder, tmp_path / "run")
    assert main(words) == 0
    names = {path.name for path in (tmp_path / "run").iterdir() if path.is_file()}
    files = {"checkpoint.pt", "metrics.json", "command.txt", "log.txt", "history.csv"}
    assert names == files


def test_a_run_that_goes_on_tells_of_all_epochs(folder, run, tmp_path, monkeypatch):
    from zssbir_lib.training import loop

    words = fit_words(folder, tmp_path / "run", *QUICK)
    save = loop.save_checkpoint

    def stop(state, *rest):
        save(state, *rest)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "save_checkpoint", stop)
        assert main(words) == 130
    assert not (tmp_path / "run" / "metrics.json").exists()
    assert main([*words, "--resume"]) == 0
    for name in ("history.csv", "log.txt"):
        assert (tmp_path / "run" / name).read_text() == (run / name).read_text()


# --- while it goes on ----------------------------------------------------------------


def test_without_a_terminal_an_epoch_is_one_line(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert main(fit_words(folder, tmp_path / "run", *QUICK)) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("zssbir: warning: the backbone 'small'")
    assert [line.split(",")[0] for line in lines[1:]] == ["epoch 1/2", "epoch 2/2"]
    log = (tmp_path / "run" / "log.txt").read_text().splitlines()
    assert set(lines[1:]) < set(log)


def test_the_toy_backbone_on_real_images_is_told_once(capsys):
    warn_of_toy_backbone("small", "photos/")
    line = capsys.readouterr().err
    assert (
        line.count("\n") == 1 and "--backbone mobilenet_v2 --weights imagenet" in line
    )
    for backbone, data in (("small", "world"), ("mobilenet_v2", "photos/")):
        warn_of_toy_backbone(backbone, data)
    assert capsys.readouterr().err == ""
