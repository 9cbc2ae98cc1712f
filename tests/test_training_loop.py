"""The loop: learning, resuming bit for bit, early stopping, NaN, Ctrl-C."""

import signal
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from training_states import interrupt, press_ctrl_c, same_weights

from zssbir_lib.training import (
    Experiment,
    Triplet,
    fit,
    load_trained_net,
    new_state,
    read_checkpoint,
    restore_state,
    run_experiment,
    save_checkpoint,
)
from zssbir_lib.training.checkpoints import FORMAT
from zssbir_lib.training.loading import StepReader
from zssbir_lib.training.loop import Interruption
from zssbir_lib.training.method import StepImages
from zssbir_lib.training.parallel import Processes

METHOD = Triplet.named(weights="none", epochs=4, steps_per_epoch=5)
METHOD = METHOD.changed(batch_size=4, embedding_size=8)


@pytest.fixture
def fresh(tiny_data, tiny_split):
    """Return a function that gives the state before a training."""
    seen = tiny_split.apply(tiny_data).seen
    return lambda method=METHOD, seed=0: new_state(method, seen, seed)


def test_training_lowers_the_loss(fresh):
    method = METHOD.changed(epochs=8, steps_per_epoch=10)
    state = fresh(method)
    fit(state)
    assert state.history[-1]["loss"] < 0.5 * state.history[0]["loss"]
    assert [record["epoch"] for record in state.history] == list(range(1, 9))


def test_the_same_seed_repeats_bit_for_bit_and_another_does_not(fresh):
    states = [fresh(), fresh(), fresh(seed=1)]
    for state in states:
        fit(state)
    assert same_weights(states[0].net, states[1].net)
    assert not same_weights(states[0].net, states[2].net)


def test_resuming_after_an_epoch_equals_an_uninterrupted_run(fresh, tmp_path):
    whole, first, second = fresh(), fresh(), fresh()
    fit(whole, validate=lambda net: 0.5)

    def stop_after_two_epochs(net):
        if first.step == 10:
            press_ctrl_c()
        return 0.5

    path = tmp_path / "checkpoint.pt"
    with pytest.raises(KeyboardInterrupt, match="stopped after step 10"):
        fit(first, stop_after_two_epochs, path)
    restore_state(second, read_checkpoint(path), path)
    assert second.step == 10
    fit(second, validate=lambda net: 0.5)
    assert same_weights(whole.net, second.net)
    assert whole.history == second.history


def test_resuming_in_the_middle_of_an_epoch_is_exact_too(fresh, tmp_path):
    whole, resumed = fresh(), fresh()
    fit(whole)
    path = tmp_path / "checkpoint.pt"
    restore_state(resumed, interrupt(fresh(), 7, path), path)
    assert resumed.step == 7
    fit(resumed)
    assert same_weights(whole.net, resumed.net)
    assert whole.history == resumed.history


def test_early_stopping_keeps_the_best_epoch(fresh):
    method = METHOD.changed(epochs=10, patience=2)
    state, snapshots = fresh(method), []
    values = iter([0.1, 0.5, 0.3, 0.4, 0.9])

    def validate(net):
        snapshots.append({n: w.clone() for n, w in net.state_dict().items()})
        return next(values)

    fit(state, validate)
    assert len(state.history) == 4  # two epochs without improvement after epoch 2
    kept = state.net.state_dict()
    assert all(torch.equal(kept[n], w) for n, w in snapshots[1].items())
    assert not all(torch.equal(kept[n], w) for n, w in snapshots[3].items())


def test_early_stopping_without_validation_is_refused(fresh):
    method = METHOD.changed(patience=2)
    with pytest.raises(ValueError, match="needs validation classes"):
        fit(fresh(method))


def test_a_nan_stops_with_step_and_remedy_and_keeps_the_checkpoint(fresh, tmp_path):
    path = tmp_path / "checkpoint.pt"
    state = fresh()

    def poison(net):
        with torch.no_grad():
            net.projection.weight.fill_(float("nan"))
        return 0.0

    with pytest.raises(ValueError, match="loss is nan at step 6 of 20.*learning_rate"):
        fit(state, poison, path)
    assert read_checkpoint(path)["step"] == 5


def test_best_weights_of_a_checkpoint_are_the_ones_evaluated(fresh, tmp_path):
    method = METHOD.changed(patience=1, epochs=3)
    state, values = fresh(method), iter([0.5, 0.1])
    path = tmp_path / "checkpoint.pt"
    fit(state, lambda net: next(values), path)
    net, saved = load_trained_net(read_checkpoint(path))
    assert saved == method.recipe
    assert same_weights(net, state.net)


def test_an_interrupted_write_leaves_the_old_checkpoint(fresh, tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.pt"
    state = fresh()
    save_checkpoint(state, path)

    def break_off(content, target):
        target.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", break_off)
    state.step = 99
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(state, path)
    assert read_checkpoint(path)["step"] == 0


def test_damaged_or_foreign_checkpoints_are_refused(fresh, tmp_path):
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        read_checkpoint(path)
    save_checkpoint(fresh(), path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="damaged or no checkpoint"):
        read_checkpoint(path)
    torch.save({"weights": 1}, path)
    with pytest.raises(ValueError, match=f"not a checkpoint of format {FORMAT}"):
        read_checkpoint(path)


def test_a_checkpoint_of_another_recipe_or_seed_is_refused(fresh, tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(fresh(), path)
    content = read_checkpoint(path)
    with pytest.raises(ValueError, match="margin was 0.2, is 0.5"):
        restore_state(fresh(METHOD.changed(margin=0.5)), content, path)
    with pytest.raises(ValueError, match="seed was 0, is 3"):
        restore_state(fresh(seed=3), content, path)


def test_other_classes_under_the_same_name_are_not_resumed(
    tiny_data, tiny_split, tmp_path
):
    method = METHOD.changed(epochs=1)
    run_experiment(Experiment(tiny_data, tiny_split, method), tmp_path)
    (tmp_path / "metrics.json").unlink()  # as if it had been stopped before the end
    other = replace(tiny_split, seen=("c", "d"), validation=("a", "b"))
    with pytest.raises(ValueError, match="trained on other classes than those of 'tin"):
        run_experiment(Experiment(tiny_data, other, method), tmp_path, resume=True)


@pytest.mark.parametrize(
    ("values", "epochs"),
    [
        ([0.5, 0.5, 0.5, 0.9], 3),  # a plateau is no improvement
        ([0.5, 0.4, 0.6, 0.5, 0.55, 0.9], 5),  # an improvement forgives what was before
    ],
)
def test_epochs_without_improvement_are_counted_in_a_row(fresh, values, epochs):
    state, left = fresh(METHOD.changed(epochs=10, patience=2)), iter(values)
    fit(state, lambda net: next(left))
    assert len(state.history) == epochs
    assert state.best_validation == max(values[:epochs])


def test_the_second_ctrl_c_is_obeyed_at_once():
    with Interruption() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_what_a_reader_meets_comes_back_as_it_is():
    class Broken:
        def __init__(self, error):
            self.error = error

        def __getitem__(self, rows):
            raise self.error

    chosen = StepImages(torch.tensor([0]), torch.tensor([0]))
    for error in (ValueError("cannot identify"), OSError("no such device")):
        images = SimpleNamespace(images=Broken(error))
        data = SimpleNamespace(sketches=images, photos=images)
        assert StepReader(data, Processes())[chosen] is error
