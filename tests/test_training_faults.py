"""Faults of a training: each ends in one clear line, and nothing is lost."""

import errno
import io
import json
import os
import random
import zipfile
from pathlib import Path

import pytest
import torch
from noise_folder import fit_words, write_noise_folder
from training_states import press_ctrl_c, same_weights

from zssbir_lib.cli import main
from zssbir_lib.training import (
    Experiment,
    Triplet,
    loop,
    new_state,
    read_checkpoint,
    restore_state,
    run_experiment,
    save_checkpoint,
)
from zssbir_lib.training.checkpoints import FORMAT

METHOD = Triplet.named(weights="none", batch_size=4, epochs=4, steps_per_epoch=2)
METHOD = METHOD.changed(embedding_size=8)
FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_noise_folder(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def finished(folder, tmp_path_factory):
    """Return the bytes of the checkpoint of a short run that ended well."""
    run = tmp_path_factory.mktemp("runs") / "run"
    assert main(fit_words(folder, run)) == 0
    return (run / "checkpoint.pt").read_bytes()


@pytest.fixture
def run(finished, tmp_path):
    """Return a folder with a good checkpoint and no metrics."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "checkpoint.pt").write_bytes(finished)
    return run


def failure(capsys, words):
    """Run the command line, expecting exit code 2 and one line; return the line.

    Before it stands, as with every folder, a warning of the toy backbone.
    """
    try:
        code = main(words)
    except SystemExit as stop:
        code = stop.code
    lines = capsys.readouterr().err.strip().splitlines()
    lines = [line for line in lines if "warning: the backbone 'small'" not in line]
    assert code == 2 and len(lines) == 1, lines
    assert "error: " in lines[0] and "Traceback" not in lines[0]
    return lines[0]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# the disk


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_a_full_disk(folder, tmp_path, capsys):
    run = tmp_path / "run"
    run.mkdir()
    (run / "checkpoint.pt.partial").symlink_to(FULL)
    errors = failure(capsys, fit_words(folder, run))
    assert "cannot write" in errors and "No space left on device" in errors
    assert "--resume" in errors
    assert names(run) == []
    assert main(fit_words(folder, run, "--resume")) == 0


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_a_disk_that_fills_up_later_keeps_the_epochs_before(
    folder, tmp_path, capsys, monkeypatch
):
    run, save = tmp_path / "run", loop.save_checkpoint

    def fill_up(state, path, about):
        if state.step == 4:
            path.with_name(path.name + ".partial").symlink_to(FULL)
        save(state, path, about)

    monkeypatch.setattr(loop, "save_checkpoint", fill_up)
    failure(capsys, fit_words(folder, run))
    assert names(run) == ["checkpoint.pt", "command.txt", "history.csv", "log.txt"]
    assert read_checkpoint(run / "checkpoint.pt")["step"] == 2


def test_metrics_that_cannot_be_written_keep_the_checkpoint(folder, run, capsys):
    (run / "metrics.json").mkdir()  # a folder in the way
    errors = failure(capsys, fit_words(folder, run, "--resume"))
    assert "metrics.json" in errors and "Is a directory" in errors
    assert names(run) == ["checkpoint.pt", "metrics.json"]


def test_a_file_in_place_of_the_folder(folder, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("mine")
    assert "cannot write to folder" in failure(capsys, fit_words(folder, file))
    assert file.read_text() == "mine"


def test_a_read_only_folder_is_found_before_training(
    folder, tmp_path, capsys, monkeypatch
):
    def refuse(self, content):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(loop, "training_step", None)  # would fail if it got so far
    errors = failure(capsys, fit_words(folder, tmp_path / "run"))
    assert "Read-only file system" in errors and "permissions" in errors


# the checkpoint


@pytest.mark.parametrize("share", [0, 0.0001, 0.01, 0.5, 0.99, 0.99999])
def test_a_checkpoint_cut_short(share, folder, run, finished, capsys):
    path = run / "checkpoint.pt"
    path.write_bytes(finished[: int(share * len(finished))])
    errors = failure(capsys, fit_words(folder, run, "--resume"))
    assert f"{path} is damaged or no checkpoint" in errors
    assert "delete it and train again" in errors
    assert path.stat().st_size == int(share * len(finished))  # not touched


def test_a_checkpoint_with_flipped_bytes_is_never_trained_on(run, finished):
    """Wherever a byte is wrong: in weights, in numbers, in names, in the index."""
    path, draw = run / "checkpoint.pt", random.Random(0)
    intact = whole_bytes(finished)
    for _ in range(40):
        position = draw.choice(intact)
        content = bytearray(finished)
        content[position] ^= 1 << draw.randrange(8)
        path.write_bytes(content)
        with pytest.raises(ValueError, match="damaged or no checkpoint"):
            read_checkpoint(path)


def whole_bytes(content):
    """Return the positions of bytes that hold content, not padding or dates."""
    positions = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            start = info.header_offset
            lengths = content[start + 26 : start + 30]
            start += 30 + int.from_bytes(lengths[:2], "little")
            start += int.from_bytes(lengths[2:], "little")
            positions.append(range(start, start + info.file_size))
    return [position for some in positions for position in some]


def test_bytes_that_are_read_for_flipping_are_the_content(finished):
    archive = zipfile.ZipFile(io.BytesIO(finished))
    sizes = sum(info.file_size for info in archive.infolist())
    positions = whole_bytes(finished)
    assert len(positions) == sizes > 0.9 * len(finished)
    name = next(n for n in archive.namelist() if n.endswith("data.pkl"))
    pickled = archive.read(name)
    start = finished.index(pickled)
    assert start in positions and start + len(pickled) - 1 in positions


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--set", "margin=0.5"), "margin was 0.2, is 0.5"),
        (("--set", "epochs=3"), "epochs was 2, is 3"),
        (("--method", "mathm", "--set", "batch_size=16"), "method was triplet"),
        (("--seed", "7"), "seed was 0, is 7"),
        (("--seen-classes", "3"), "trained on other classes"),
        (("--validation-classes", "1"), "trained on other classes"),
    ],
)
def test_a_checkpoint_of_another_run(change, message, folder, run, finished, capsys):
    errors = failure(capsys, fit_words(folder, run, "--resume", *change))
    assert message in errors and "choose another --out" in errors
    assert (run / "checkpoint.pt").read_bytes() == finished


@pytest.mark.parametrize(
    "content",
    [
        {"format": FORMAT - 1},
        {"format": FORMAT + 1},
        {"weights": 1},
        [1, 2],
        torch.zeros(3),
    ],
    ids=["older", "newer", "foreign", "list", "tensor"],
)
def test_a_checkpoint_of_another_format(content, folder, run, capsys):
    torch.save(content, run / "checkpoint.pt")
    errors = failure(capsys, fit_words(folder, run, "--resume"))
    assert f"is not a checkpoint of format {FORMAT}; train again" in errors


def test_a_checkpoint_that_would_run_code_is_refused(folder, run, capsys):
    class Evil:
        def __reduce__(self):
            return os.system, ("touch " + str(run / "ran"),)

    torch.save({"format": FORMAT, "recipe": Evil()}, run / "checkpoint.pt")
    errors = failure(capsys, fit_words(folder, run, "--resume"))
    assert "damaged or no checkpoint" in errors
    assert names(run) == ["checkpoint.pt"]


def test_other_execution_settings_are_no_other_run(folder, run):
    words = ("--parts", "3", "--workers", "1", "--precision", "bfloat16")
    assert main(fit_words(folder, run, "--resume", *words)) == 0
    execution = json.loads((run / "metrics.json").read_text())["execution"]
    assert execution == {
        "device": "cpu",
        "precision": "bfloat16",
        "compile": False,
        "parts": 3,
        "workers": 1,
        "processes": 1,
    }


def test_resume_without_a_checkpoint_begins(folder, tmp_path):
    assert main(fit_words(folder, tmp_path / "run", "--resume")) == 0
    told = ["command.txt", "history.csv", "log.txt"]
    assert names(tmp_path / "run") == ["checkpoint.pt", *told, "metrics.json"]


def test_a_run_that_is_there_is_not_overwritten(folder, run, finished, capsys):
    assert "add --resume to continue" in failure(capsys, fit_words(folder, run))
    assert (run / "checkpoint.pt").read_bytes() == finished


def test_a_run_that_stopped_early_is_not_trained_further(
    tiny_data, tiny_split, tmp_path
):
    """It was stopped between its last checkpoint and its metrics."""
    method = METHOD.changed(epochs=30, patience=1, learning_rate=1e-9)
    experiment = Experiment(tiny_data, tiny_split, method)
    net, result = run_experiment(experiment, tmp_path)
    assert result["steps"] < 60  # it did stop early
    again, repeated = run_experiment(experiment, tmp_path, resume=True)
    assert repeated["steps"] == result["steps"]
    assert repeated["history"] == result["history"]
    assert same_weights(net, again)


def scripted(*values, interrupt_at=0):
    """Return a validation with these values; Ctrl-C is pressed in one of them."""
    given = []

    def validate(net):
        given.append(1)
        if len(given) == interrupt_at:
            press_ctrl_c()
        return values[len(given) - 1]

    return validate


def test_early_stopping_goes_on_where_it_was(tiny_data, tmp_path):
    method = METHOD.changed(epochs=9, patience=2)

    def train(validate, path=None, start=None):
        state = new_state(method, tiny_data)
        if start:
            restore_state(state, read_checkpoint(start), start)
        loop.fit(state, validate, path)
        return state

    whole = train(scripted(0.5, 0.4, 0.45))
    assert len(whole.history) == 3  # two epochs without improvement
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(KeyboardInterrupt):
        train(scripted(0.5, 0.4, interrupt_at=2), path)
    resumed = train(scripted(0.45), start=path)
    assert resumed.history == whole.history
    assert same_weights(whole.net, resumed.net)


# the training


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_keeps_the_last_whole_epoch(
    value, folder, tmp_path, capsys, monkeypatch
):
    run, calls = tmp_path / "run", []
    plain = loop.check_finite

    def spoil(total, state):
        calls.append(1)
        plain(total * value if len(calls) == 4 else total, state)

    monkeypatch.setattr(loop, "check_finite", spoil)
    errors = failure(capsys, fit_words(folder, run))
    assert f"the loss is {value} at step 4 of 4" in errors
    assert "learning_rate" in errors and "checkpoint" in errors
    content = read_checkpoint(run / "checkpoint.pt")
    assert content["step"] == 2
    assert all(w.isfinite().all() for w in content["model"].values())
    assert names(run) == ["checkpoint.pt", "command.txt", "history.csv", "log.txt"]


def test_a_step_that_is_no_number_changes_no_weight(tiny_data, monkeypatch):
    state = new_state(METHOD, tiny_data)
    before = {name: w.clone() for name, w in state.net.named_parameters()}
    plain = Triplet.loss_terms

    def spoilt(*given):
        return {"triplet": plain(*given)["triplet"] * float("nan")}

    monkeypatch.setattr(Triplet, "loss_terms", spoilt)
    with pytest.raises(ValueError, match="the loss is nan at step 1 of 8"):
        loop.fit(state)
    assert all(torch.equal(w, before[n]) for n, w in state.net.named_parameters())
    assert state.step == 0


@pytest.mark.parametrize("workers", ["0", "1"])
def test_an_unreadable_image(workers, tmp_path, capsys):
    data = write_noise_folder(tmp_path / "data")
    for broken in (data / "sketch" / "b").iterdir():
        broken.write_bytes(b"no image")
    words = fit_words(data, tmp_path / "run", "--workers", workers)
    errors = failure(capsys, words)
    assert "cannot read image" in errors and "sketch/b/" in errors
    assert "--skip-unreadable" in errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--parts", "0"), "parts must be 1 or more, got 0"),
        (("--workers", "-1"), "workers must be 0 or more, got -1"),
        (("--precision", "float16"), "auto, float32, bfloat16; got 'float16'"),
        (("--parts", "two"), "invalid int value: 'two'"),
        (("--threads", "0"), "threads must be 1 or more, got 0"),
        (("--device", "tpu-9"), "--device 'tpu-9' is unknown"),
    ],
)
def test_options_out_of_range(words, message, folder, tmp_path, capsys):
    errors = failure(capsys, fit_words(folder, tmp_path / "run", *words))
    assert message in errors
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


def test_a_checkpoint_that_lacks_what_it_should_hold(run, capsys, folder):
    content = torch.load(run / "checkpoint.pt")
    del content["optimiser"]
    torch.save(content, run / "checkpoint.pt")
    errors = failure(capsys, fit_words(folder, run, "--resume"))
    assert str(run / "checkpoint.pt") in errors


def test_weights_of_another_shape_are_told(run, capsys, folder):
    content = torch.load(run / "checkpoint.pt")
    content["model"]["projection.weight"] = torch.zeros(2, 2)
    torch.save(content, run / "checkpoint.pt")
    errors = failure(capsys, fit_words(folder, run, "--resume"))
    assert str(run / "checkpoint.pt") in errors


def test_a_restored_state_is_the_saved_one(tiny_data, tmp_path):
    state, path = new_state(METHOD, tiny_data), tmp_path / "checkpoint.pt"
    loop.fit(state)
    save_checkpoint(state, path, {"split": 1})
    other = new_state(METHOD, tiny_data)
    restore_state(other, read_checkpoint(path), path)
    assert other.step == 8 and other.history == state.history
    assert torch.equal(other.generator.get_state(), state.generator.get_state())
    torch.testing.assert_close(
        other.optimiser.state_dict(), state.optimiser.state_dict()
    )
