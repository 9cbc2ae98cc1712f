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

from zssbir_lib.data import Augmentation, UnreadableImage, load_data, vary
from zssbir_lib.data.transforms import NO_AUGMENTATION
from zssbir_lib.training import (
    Execution,
    build_method,
    fit,
    load_steps,
    loading,
    named_recipe,
    network_input,
    new_state,
    read_checkpoint,
    restore_state,
)
from zssbir_lib.training.hardware.processes import Processes
from zssbir_lib.training.loading import StepReader, build_loader, explained_failures
from zssbir_lib.training.methods.batch import StepImages

METHODS = ("triplet", "sbtknet", "mathm", "ramln")
SHORT = dict(epochs=3, steps_per_epoch=5, weights="none", embedding_size=8)
RECIPE = named_recipe("triplet", batch_size=4, **SHORT)


def fresh(recipe=RECIPE, workers=0, seed=0):
    """Return the state and method of a short training."""
    execution = Execution(workers=workers)
    state = new_state(recipe, seed, 48, execution, classes=joint_training.CLASSES)
    return state, build_method(noise_data(), recipe, seed=seed)


def drawn(name, workers):
    """Return every batch of a recipe, and where the draws stand after each."""
    recipe = replace(joint_training.RECIPES[name], epochs=3)
    state, method = fresh(recipe, workers)
    return [
        (batch, state.generator.get_state(), dict(state.sampler))
        for batch in load_steps(state, method)
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


def same_weights(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


# the same batches


@pytest.mark.parametrize("name", METHODS)
def test_workers_load_what_is_drawn_step_by_step(name):
    """A slow reference: draw, then vary, one step after the other."""
    recipe = replace(joint_training.RECIPES[name], epochs=3)
    _, method = fresh(recipe)
    generator, steps = torch.Generator().manual_seed(0), drawn(name, 2)
    assert len(steps) == 9
    for batch, stand, sampler in steps:
        expected = method.draw(generator)
        variation = recipe.augmentation.draw(len(expected.labels), generator)
        assert torch.equal(batch.images, expected.images)
        assert torch.equal(batch.labels, expected.labels)
        assert torch.equal(batch.modality, expected.modality)
        assert batch.seed == expected.seed
        assert torch.equal(batch.variation.frames, variation.frames)
        assert torch.equal(batch.variation.grey, variation.grey)
        assert torch.equal(stand, generator.get_state())
        for key, value in method.sampler.state_dict().items():
            assert torch.equal(sampler[key], value)


@pytest.mark.parametrize("name", ["sbtknet", "ramln"])
def test_batches_do_not_depend_on_workers_or_how_far_ahead_they_are(name, monkeypatch):
    expected = drawn(name, 0)
    assert_same_draws(drawn(name, 1), expected)
    monkeypatch.setattr(loading, "AHEAD", 7)
    assert_same_draws(drawn(name, 2), expected)


@pytest.mark.parametrize("name", ["triplet", "ramln"])
def test_weights_do_not_depend_on_workers(name):
    recipe = replace(joint_training.RECIPES[name], epochs=2)
    trained = []
    for workers in (0, 1, 2):
        state, method = fresh(recipe, workers)
        fit(state, method)
        trained.append(state)
    assert trained[0].history == trained[1].history == trained[2].history
    assert same_weights(trained[0].net, trained[1].net)
    assert same_weights(trained[0].net, trained[2].net)


def test_workers_are_ahead_and_the_state_is_not():
    state, method = fresh(workers=2)
    planned = deque()
    loader = iter(build_loader(state, method, planned))
    assert len(planned) == 2 * loading.AHEAD
    next(loader)
    assert len(planned) == 2 * loading.AHEAD + 1  # one more was asked for
    untouched = torch.Generator().manual_seed(0)
    assert torch.equal(state.generator.get_state(), untouched.get_state())


def test_only_the_steps_that_are_left_are_drawn():
    state, method = fresh()
    state.step = state.total_steps - 2
    assert sum(1 for _ in load_steps(state, method)) == 2
    state.step = state.total_steps
    assert list(load_steps(state, method)) == []


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
    loaded, _ = fresh()
    batch = next(load_steps(loaded, build_method(noise_data(), RECIPE)))
    state, method = fresh()
    plain = method.draw(state.generator)
    assert plain.variation is None
    assert torch.equal(network_input(state, plain), network_input(loaded, batch))
    assert torch.equal(state.generator.get_state(), loaded.generator.get_state())


def test_the_global_random_state_is_left_alone():
    for workers in (0, 2):
        before = torch.get_rng_state(), random.getstate()
        fit(*fresh(workers=workers))
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
    recipe = replace(RECIPE, epochs=1, steps_per_epoch=2)
    state, method = fresh(recipe)
    expected = [batch.images for batch in load_steps(state, method)]
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("spawn", force=True)
    try:
        state, method = fresh(recipe, workers=1)
        found = [batch.images for batch in load_steps(state, method)]
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert all(map(torch.equal, found, expected)) and len(found) == 2


# stopping


def pressing(step):
    """Return a validation-free Ctrl-C: a wrapper of losses that sends it in a step."""

    def around(losses):
        calls = []

        def wrapped(*given):
            calls.append(1)
            if len(calls) == step:
                os.kill(os.getpid(), signal.SIGINT)
            return losses(*given)

        return wrapped

    return around


def test_a_checkpoint_in_the_middle_of_an_epoch_resumes_exactly(tmp_path):
    recipe = named_recipe("ramln", batch_size=32, margins={"warm_up": 1}, **SHORT)
    whole, method = fresh(recipe)
    fit(whole, method)
    path = tmp_path / "checkpoint.pt"
    state, method = fresh(recipe, workers=2)
    method.losses = pressing(7)(method.losses)
    with pytest.raises(KeyboardInterrupt, match="stopped after step 7"):
        fit(state, method, checkpoint=path)
    content = read_checkpoint(path)
    assert content["step"] == 7 and len(content["epoch_losses"]) == 2
    for workers in (0, 2):
        resumed, method = fresh(recipe, workers)
        restore_state(resumed, read_checkpoint(path), path)
        fit(resumed, method)
        assert same_weights(whole.net, resumed.net)
        assert whole.history == resumed.history
        assert torch.equal(whole.generator.get_state(), resumed.generator.get_state())


def test_early_stopping_leaves_no_worker_behind():
    state, method = fresh(replace(RECIPE, epochs=50, patience=1), workers=2)
    values = iter([0.5, 0.4])
    fit(state, method, lambda net: next(values))
    assert state.step == 10
    gc.collect()
    assert multiprocessing.active_children() == []


def test_ctrl_c_leaves_no_worker_behind():
    """Not even while the error is kept, as notebooks keep the last one."""
    state, method = fresh(replace(RECIPE, epochs=50), workers=2)
    method.losses = pressing(3)(method.losses)
    with pytest.raises(KeyboardInterrupt) as stopped:
        fit(state, method)
    left = multiprocessing.active_children()
    del stopped
    gc.collect()
    assert left == []


def test_an_error_leaves_no_worker_behind():
    state, method = fresh(replace(RECIPE, epochs=50), workers=2)

    def broken(*given):
        raise ValueError("this loss is broken")

    method.losses = broken
    with pytest.raises(ValueError, match="broken") as stopped:
        fit(state, method)
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
    data, path = load_data(folder, 32), tmp_path / "checkpoint.pt"
    recipe = replace(RECIPE, epochs=40)
    state = new_state(recipe, 0, 48, Execution(workers=workers))
    with pytest.raises(UnreadableImage, match="cannot read image .*c/020.png") as error:
        fit(state, build_method(data, recipe), checkpoint=path)
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
    state = new_state(RECIPE, 0, 48, Execution(workers=1))
    method = build_method(replace(data, photos=photos), RECIPE)
    try:
        fit(state, method, checkpoint=path)
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
    whole, method = fresh()
    fit(whole, method)
    resumed, method = fresh()
    if path.exists():
        restore_state(resumed, read_checkpoint(path), path)
        assert resumed.step in (0, 5)
    fit(resumed, method)
    assert same_weights(whole.net, resumed.net) and whole.history == resumed.history


def test_a_worker_killed_from_outside_is_the_same_error(tmp_path):
    path = tmp_path / "checkpoint.pt"
    state, method = fresh(replace(RECIPE, epochs=2000), workers=2)
    plain, calls = method.losses, []

    def losses(*given):
        calls.append(1)
        if len(calls) == 7:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
        return plain(*given)

    method.losses = losses
    with pytest.raises(OSError, match="a loader worker died"):
        fit(state, method, checkpoint=path)
    assert read_checkpoint(path)["step"] == state.step // 5 * 5


def test_a_worker_that_dies_while_a_checkpoint_is_written_is_not_a_full_disk(
    tmp_path, monkeypatch
):
    path = tmp_path / "checkpoint.pt"
    state, method = fresh(replace(RECIPE, epochs=2000), workers=2)
    save = torch.save

    def save_and_kill(content, file):
        if content["step"] == 10:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
            time.sleep(1)  # until the system has told of it
        save(content, file)

    monkeypatch.setattr(torch, "save", save_and_kill)
    with pytest.raises(OSError, match="a loader worker died") as error:
        fit(state, method, checkpoint=path)
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
