"""Batches loaded ahead: the same whatever the workers, and nothing is left behind."""

import gc
import multiprocessing
import os
import pickle
import random
import signal
import time
from collections import deque
from dataclasses import replace

import joint_training
import pytest
import torch
from joint_training import noise_data
from noise_folder import write_noise_folder
from torch.utils.data import get_worker_info
from training_states import in_step, interrupt, press_ctrl_c, same_weights

from zssbir_lib.data import Augmentation, UnreadableImage, load_data, vary
from zssbir_lib.data.transforms import NO_AUGMENTATION
from zssbir_lib.training import (
    Execution,
    StepImages,
    draw_batch,
    fit,
    load_steps,
    loading,
    named_method,
    network_input,
    new_state,
    read_checkpoint,
    restore_state,
)
from zssbir_lib.training.loading import StepReader, build_loader, explained_failures
from zssbir_lib.training.parallel import Processes

METHODS = ("triplet", "sbtknet", "mathm", "ramln")
SHORT = dict(epochs=3, steps_per_epoch=5, weights="none", embedding_size=8)
METHOD = named_method("triplet", batch_size=4, **SHORT)


def fresh(method=METHOD, workers=0, data=None):
    """Return the state of a short training."""
    return new_state(method, data or noise_data(), 0, Execution(workers=workers))


def drawn(name, workers):
    """Return every batch of a recipe, and where the draws stand after each."""
    state = fresh(joint_training.RECIPES[name].changed(epochs=3), workers)
    return [
        (batch, state.generator.get_state(), dict(state.drawn))
        for batch in load_steps(state)
    ]


def assert_same_draws(some, others):
    for (one, *at), (other, *where) in zip(some, others, strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
        assert torch.equal(one.modality, other.modality)
        assert one.seed == other.seed
        for mine, yours in zip(one.variation, other.variation, strict=True):
            assert mine is yours is None or torch.equal(mine, yours)
        assert torch.equal(at[0], where[0]) and at[1].keys() == where[1].keys()
        assert all(torch.equal(at[1][key], where[1][key]) for key in at[1])


# the same batches


@pytest.mark.parametrize("name", METHODS)
def test_workers_load_what_is_drawn_step_by_step(name):
    """A slow reference: draw, then vary, one step after the other."""
    state = fresh(joint_training.RECIPES[name].changed(epochs=3))
    generator, steps = torch.Generator().manual_seed(0), drawn(name, 2)
    assert len(steps) == 9
    for batch, stand, sampler in steps:
        expected = draw_batch(state, generator)
        size = len(expected.labels)
        variation = state.recipe.augmentation.draw(size, generator)
        assert torch.equal(batch.images, expected.images)
        assert torch.equal(batch.labels, expected.labels)
        assert torch.equal(batch.modality, expected.modality)
        assert batch.seed == expected.seed
        assert torch.equal(batch.variation.frames, variation.frames)
        assert torch.equal(batch.variation.grey, variation.grey)
        assert torch.equal(stand, generator.get_state())
        for key, value in state.sampler.state_dict().items():
            assert torch.equal(sampler[key], value)


@pytest.mark.parametrize("name", ["sbtknet", "ramln"])
def test_batches_do_not_depend_on_workers_or_how_far_ahead_they_are(name, monkeypatch):
    expected = drawn(name, 0)
    assert_same_draws(drawn(name, 1), expected)
    monkeypatch.setattr(loading, "AHEAD", 7)
    assert_same_draws(drawn(name, 2), expected)


@pytest.mark.parametrize("name", ["triplet", "ramln"])
def test_weights_do_not_depend_on_workers(name):
    method = joint_training.RECIPES[name].changed(epochs=2)
    trained = [fresh(method, workers) for workers in (0, 1, 2)]
    for state in trained:
        fit(state)
    assert trained[0].history == trained[1].history == trained[2].history
    assert same_weights(trained[0].net, trained[1].net)
    assert same_weights(trained[0].net, trained[2].net)


def test_workers_are_ahead_and_the_state_is_not():
    state = fresh(workers=2)
    planned = deque()
    loader = iter(build_loader(state, planned))
    assert len(planned) == 2 * loading.AHEAD
    next(loader)
    assert len(planned) == 2 * loading.AHEAD + 1  # one more was asked for
    untouched = torch.Generator().manual_seed(0)
    assert torch.equal(state.generator.get_state(), untouched.get_state())


def test_only_the_steps_that_are_left_are_drawn():
    state = fresh()
    state.step = state.total_steps - 2
    assert sum(1 for _ in load_steps(state)) == 2
    state.step = state.total_steps
    assert list(load_steps(state)) == []


def test_a_sharer_reads_every_other_image_of_the_batch():
    data = noise_data()
    chosen = StepImages(torch.tensor([5, 1, 9]), torch.tensor([0, 7, 3, 2, 8]))
    whole = StepReader(data, Processes(0, 1))[chosen]
    expected = (data.sketches.images[chosen.sketches], data.photos.images[[0, 7, 3]])
    assert torch.equal(whole[:6], torch.cat(expected))
    for count in (2, 4, 8):
        for rank in range(count):
            part = StepReader(data, Processes(rank, count))[chosen]
            assert torch.equal(part, whole[rank::count]), (rank, count)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_sharer_varies_its_images_as_the_whole_batch_does(count):
    """Amounts are drawn for the whole batch, whoever has the images."""
    images = torch.rand(7, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    modality = torch.tensor([0, 1, 1, 0, 1, 0, 1])
    augmentation, source = Augmentation(), torch.Generator().manual_seed(2)
    variation = augmentation.draw(7, source)
    whole = vary(images, modality, variation)
    again = augmentation.apply(images, modality, torch.Generator().manual_seed(2))
    assert torch.equal(whole, again) and not torch.equal(whole, images)
    for rank in range(count):
        mine = slice(rank, None, count)
        part = vary(images[mine], modality[mine], variation.rows(rank, count))
        torch.testing.assert_close(part, whole[mine])


def test_without_augmentation_nothing_is_drawn_and_nothing_changes():
    source = torch.Generator().manual_seed(2)
    before = source.get_state()
    variation = NO_AUGMENTATION.draw(4, source)
    assert variation == (None, None, None) == variation.rows(1, 2)
    assert torch.equal(source.get_state(), before)
    images = torch.rand(4, 3, 8, 8)
    assert vary(images, 1, variation) is images


def test_what_was_drawn_before_is_what_is_drawn_now():
    """A batch without drawn amounts draws them from the state, in the same order."""
    loaded, state = fresh(), fresh()
    batch = next(load_steps(loaded))
    plain = draw_batch(state)
    assert plain.variation is None
    assert torch.equal(network_input(state, plain), network_input(loaded, batch))
    assert torch.equal(state.generator.get_state(), loaded.generator.get_state())


def test_the_global_random_state_is_left_alone():
    for workers in (0, 2):
        before = torch.get_rng_state(), random.getstate()
        fit(fresh(workers=workers))
        assert torch.equal(before[0], torch.get_rng_state())
        assert before[1] == random.getstate()


def test_the_data_can_be_sent_to_workers_that_are_not_forked(tmp_path):
    folder = write_noise_folder(tmp_path)
    seen = load_data(folder, 32).restricted_to(["b", "d"])
    reader = StepReader(seen, Processes())
    chosen = StepImages(torch.tensor([0, 9]), torch.tensor([3]))
    copy = pickle.loads(pickle.dumps(reader))
    assert torch.equal(copy[chosen], reader[chosen])


def test_spawned_workers_load_the_same():
    method = METHOD.changed(epochs=1, steps_per_epoch=2)
    expected = [batch.images for batch in load_steps(fresh(method))]
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("spawn", force=True)
    try:
        found = [batch.images for batch in load_steps(fresh(method, workers=1))]
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert all(map(torch.equal, found, expected)) and len(found) == 2


# stopping


def test_a_checkpoint_in_the_middle_of_an_epoch_resumes_exactly(tmp_path):
    method = named_method("ramln", batch_size=32, margins={"warm_up": 1}, **SHORT)
    whole, path = fresh(method), tmp_path / "checkpoint.pt"
    fit(whole)
    content = interrupt(fresh(method, workers=2), 7, path)
    assert content["step"] == 7 and len(content["epoch_losses"]) == 2
    for workers in (0, 2):
        resumed = fresh(method, workers)
        restore_state(resumed, read_checkpoint(path), path)
        fit(resumed)
        assert same_weights(whole.net, resumed.net)
        assert whole.history == resumed.history
        assert torch.equal(whole.generator.get_state(), resumed.generator.get_state())


def test_early_stopping_leaves_no_worker_behind():
    state, values = fresh(METHOD.changed(epochs=50, patience=1), 2), iter([0.5, 0.4])
    fit(state, lambda net: next(values))
    assert state.step == 10
    gc.collect()
    assert multiprocessing.active_children() == []


def fail():
    raise ValueError("this loss is broken")


@pytest.mark.parametrize(
    ("act", "error"), [(press_ctrl_c, KeyboardInterrupt), (fail, ValueError)]
)
def test_ctrl_c_and_errors_leave_no_worker_behind(act, error):
    """Not even while the error is kept, as notebooks keep the last one."""
    state = fresh(METHOD.changed(epochs=50), workers=2)
    in_step(state, 3, act)
    with pytest.raises(error, match="stopped after step 3|broken") as stopped:
        fit(state)
    left = multiprocessing.active_children()
    del stopped
    gc.collect()
    assert left == []


# images that cannot be read, and workers that die


@pytest.mark.parametrize("workers", [0, 2])
def test_a_broken_image_is_named_by_workers_too(tmp_path, workers):
    folder = write_noise_folder(tmp_path / "data")
    broken = folder / "photo" / "c" / "020.png"
    broken.write_bytes(broken.read_bytes()[:60])
    path = tmp_path / "checkpoint.pt"
    state = fresh(METHOD.changed(epochs=40), workers, load_data(folder, 32))
    with pytest.raises(UnreadableImage, match="cannot read image .*c/020.png") as error:
        fit(state, checkpoint=path)
    assert error.value.path == broken
    assert "--skip-unreadable" in str(error.value)
    kept = read_checkpoint(path)["step"] if path.exists() else 0
    assert kept == state.step // 5 * 5  # of the last whole epoch


class Fatal:
    """Images on which a worker, but not the training itself, comes to grief."""

    def __init__(self, images, end):
        self.images, self.end, self.reads = images, end, 0

    def __len__(self):
        return len(self.images)

    def __getitem__(self, indices):
        self.reads += 1
        if get_worker_info() is not None and self.reads == 8:
            self.end()
        return self.images[indices]


def fatal_training(end, path=None):
    """Train with one worker that ends in its eighth step; return the error."""
    data = noise_data()
    photos = replace(data.photos, images=Fatal(data.photos.images, end))
    try:
        fit(fresh(workers=1, data=replace(data, photos=photos)), checkpoint=path)
    except Exception as error:
        return error.with_traceback(None)
    return None


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("end", [killed, lambda: os._exit(1)], ids=["killed", "exit"])
def test_a_worker_that_dies_is_one_clear_error_and_the_checkpoint_is_good(
    end, tmp_path
):
    path = tmp_path / "checkpoint.pt"
    error = fatal_training(end, path)
    assert type(error) is OSError
    for words in ("a loader worker died", "--workers", "--resume", "checkpoint is unt"):
        assert words in str(error)
    assert len(str(error).splitlines()) == 1
    whole, resumed = fresh(), fresh()
    fit(whole)
    if path.exists():
        restore_state(resumed, read_checkpoint(path), path)
        assert resumed.step in (0, 5)
    fit(resumed)
    assert same_weights(whole.net, resumed.net) and whole.history == resumed.history


def kill_a_worker():
    os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)


def test_a_worker_killed_from_outside_is_the_same_error(tmp_path):
    path = tmp_path / "checkpoint.pt"
    state = fresh(METHOD.changed(epochs=2000), workers=2)
    in_step(state, 7, kill_a_worker)
    with pytest.raises(OSError, match="a loader worker died"):
        fit(state, checkpoint=path)
    assert read_checkpoint(path)["step"] == state.step // 5 * 5


def test_a_worker_that_dies_while_a_checkpoint_is_written_is_not_a_full_disk(
    tmp_path, monkeypatch
):
    path = tmp_path / "checkpoint.pt"
    state = fresh(METHOD.changed(epochs=2000), workers=2)
    save = torch.save

    def save_and_kill(content, file):
        if content["step"] == 10:
            kill_a_worker()
            time.sleep(1)  # until the system has told of it
        save(content, file)

    monkeypatch.setattr(torch, "save", save_and_kill)
    with pytest.raises(OSError, match="a loader worker died") as error:
        fit(state, checkpoint=path)
    assert "free space" not in str(error.value)
    assert read_checkpoint(path)["step"] == 5
    assert [one.name for one in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_what_goes_wrong_inside_a_worker_is_not_called_its_death():
    """The worker lives: its RuntimeError must be told, not hidden."""

    def mistake():
        raise RuntimeError("sizes of sketches and photos differ")

    error = fatal_training(mistake)
    assert "sizes of sketches and photos differ" in str(error)
    assert "worker died" not in str(error)


def test_other_errors_are_left_as_they_are():
    with pytest.raises(RuntimeError, match="^shapes differ$"), explained_failures():
        raise RuntimeError("shapes differ")
    with pytest.raises(ValueError, match="^other$"), explained_failures():
        raise ValueError("other")


def test_a_full_gpu_says_what_to_do():
    with (
        pytest.raises(OSError, match="GPU's memory is full.*--parts 2, 4"),
        explained_failures(),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
