"""The loop: learning, resuming bit for bit, early stopping, NaN, Ctrl-C."""

import os
import signal
from dataclasses import replace

import pytest
import torch

from zssbir_lib.training import (
    Experiment,
    build_method,
    fit,
    load_trained_net,
    named_recipe,
    new_state,
    read_checkpoint,
    restore_state,
    run_experiment,
    save_checkpoint,
)

RECIPE = named_recipe("triplet", weights="none", epochs=4, steps_per_epoch=5)
RECIPE = replace(RECIPE, batch_size=4, embedding_size=8)


@pytest.fixture
def seen(tiny_data, tiny_split):
    return tiny_split.apply(tiny_data).seen


def fresh(recipe=RECIPE, seed=0):
    return new_state(recipe, seed, sketches=16)


def same_weights(left, right):
    pairs = zip(left.state_dict().values(), right.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


class Stop:
    """A validation that presses Ctrl-C in the given epoch."""

    def __init__(self, epoch):
        self.epoch, self.calls = epoch, 0

    def __call__(self, net):
        self.calls += 1
        if self.calls == self.epoch:
            os.kill(os.getpid(), signal.SIGINT)
        return 0.0


def test_training_lowers_the_loss(seen):
    recipe = replace(RECIPE, epochs=8, steps_per_epoch=10)
    state = fresh(recipe)
    fit(state, build_method(seen, recipe))
    assert state.history[-1]["loss"] < 0.5 * state.history[0]["loss"]
    assert [record["epoch"] for record in state.history] == list(range(1, 9))


def test_the_same_seed_repeats_bit_for_bit_and_another_does_not(seen):
    states = [fresh(), fresh(), fresh(seed=1)]
    for state in states:
        fit(state, build_method(seen, RECIPE))
    assert same_weights(states[0].net, states[1].net)
    assert not same_weights(states[0].net, states[2].net)


def test_resuming_after_an_epoch_equals_an_uninterrupted_run(seen, tmp_path):
    whole = fresh()
    fit(whole, build_method(seen, RECIPE), validate=lambda net: 0.5)

    path = tmp_path / "checkpoint.pt"
    first = fresh()
    with pytest.raises(KeyboardInterrupt, match="stopped after step 10"):
        fit(first, build_method(seen, RECIPE), Stop(epoch=2), path)
    second = fresh()
    restore_state(second, read_checkpoint(path), path)
    assert second.step == 10
    fit(second, build_method(seen, RECIPE), validate=lambda net: 0.5)

    assert same_weights(whole.net, second.net)
    losses = [[r["loss"] for r in state.history] for state in (whole, second)]
    assert losses[0] == losses[1]


def test_resuming_in_the_middle_of_an_epoch_is_exact_too(seen, tmp_path):
    whole = fresh()
    fit(whole, build_method(seen, RECIPE))

    path = tmp_path / "checkpoint.pt"
    method = build_method(seen, RECIPE)
    sample, drawn = method.sample, []

    def sample_and_interrupt(generator):
        drawn.append(1)
        if len(drawn) == 7:
            os.kill(os.getpid(), signal.SIGINT)
        return sample(generator)

    method.sample = sample_and_interrupt
    with pytest.raises(KeyboardInterrupt, match="stopped after step 7"):
        fit(fresh(), method, checkpoint=path)
    resumed = fresh()
    restore_state(resumed, read_checkpoint(path), path)
    fit(resumed, build_method(seen, RECIPE))
    assert same_weights(whole.net, resumed.net)
    assert whole.history == resumed.history


def test_early_stopping_keeps_the_best_epoch(seen):
    recipe = replace(RECIPE, epochs=10, patience=2)
    state, snapshots = fresh(recipe), []
    values = iter([0.1, 0.5, 0.3, 0.4, 0.9])

    def validate(net):
        snapshots.append({n: w.clone() for n, w in net.state_dict().items()})
        return next(values)

    fit(state, build_method(seen, recipe), validate)
    assert len(state.history) == 4  # two epochs without improvement after epoch 2
    kept = state.net.state_dict()
    assert all(torch.equal(kept[n], w) for n, w in snapshots[1].items())
    assert not all(torch.equal(kept[n], w) for n, w in snapshots[3].items())


def test_early_stopping_without_validation_is_refused(seen):
    recipe = replace(RECIPE, patience=2)
    with pytest.raises(ValueError, match="needs validation classes"):
        fit(fresh(recipe), build_method(seen, recipe))


def test_a_nan_stops_with_step_and_remedy_and_keeps_the_checkpoint(seen, tmp_path):
    path = tmp_path / "checkpoint.pt"
    state = fresh()

    def poison(net):
        with torch.no_grad():
            net.projection.weight.fill_(float("nan"))
        return 0.0

    with pytest.raises(ValueError, match="loss is nan at step 6 of 20.*learning_rate"):
        fit(state, build_method(seen, RECIPE), poison, path)
    assert read_checkpoint(path)["step"] == 5


def test_best_weights_of_a_checkpoint_are_the_ones_evaluated(seen, tmp_path):
    recipe = replace(RECIPE, patience=1, epochs=3)
    state, values = fresh(recipe), iter([0.5, 0.1])
    path = tmp_path / "checkpoint.pt"
    fit(state, build_method(seen, recipe), lambda net: next(values), path)
    net, saved = load_trained_net(read_checkpoint(path))
    assert saved == recipe
    assert same_weights(net, state.net)


def test_an_interrupted_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
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


def test_damaged_or_foreign_checkpoints_are_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        read_checkpoint(path)
    save_checkpoint(fresh(), path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="damaged or no checkpoint"):
        read_checkpoint(path)
    torch.save({"weights": 1}, path)
    with pytest.raises(ValueError, match="not a checkpoint of format 4"):
        read_checkpoint(path)


def test_a_checkpoint_of_another_recipe_or_seed_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(fresh(), path)
    content = read_checkpoint(path)
    with pytest.raises(ValueError, match="margin was 0.2, is 0.5"):
        restore_state(fresh(replace(RECIPE, margin=0.5)), content, path)
    with pytest.raises(ValueError, match="seed was 0, is 3"):
        restore_state(fresh(seed=3), content, path)


def test_other_classes_under_the_same_name_are_not_resumed(
    tiny_data, tiny_split, tmp_path
):
    recipe = replace(RECIPE, epochs=1)
    run_experiment(Experiment(tiny_data, tiny_split, recipe), tmp_path)
    (tmp_path / "metrics.json").unlink()  # as if it had been stopped before the end
    other = replace(tiny_split, seen=("c", "d"), validation=("a", "b"))
    with pytest.raises(ValueError, match="trained on other classes than those of 'tin"):
        run_experiment(Experiment(tiny_data, other, recipe), tmp_path, resume=True)
