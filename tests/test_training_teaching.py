"""The offline teacher: averages, what it may look at, its cache, student's start."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from zssbir_lib.data import ImageSet, SketchPhotoData
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.models import PixelStatistics, load_teacher
from zssbir_lib.training import (
    SBTKNet,
    apply_head,
    build_net,
    cached_class_activations,
    class_activations,
    draw_batch,
    new_state,
    prepare_images,
    teacher_logits,
)
from zssbir_lib.training.methods import teaching
from zssbir_lib.training.methods.teaching import seen_soft_labels, weights_fingerprint

METHOD = SBTKNet.named(profile="smoke", batch_size=4, embedding_size=8)


def soft_labels(data, method=METHOD):
    """Return what a method's teacher says of the classes of a data set."""
    return seen_soft_labels(method.photo_teacher(), data, method.temperature)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep the cache of every test apart."""
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "teacher"


@pytest.fixture
def seen(tiny_data, tiny_split):
    return tiny_split.apply(tiny_data).seen


class GreyTeacher(nn.Module):
    """A teacher with two outputs: the mean of the pixels times a factor, and 0."""

    class_names = ("bright", "dark")
    pixels = PixelStatistics((0, 0, 0), (1, 1, 1))

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))
        self.calls = 0

    def forward(self, images):
        assert not self.training and not torch.is_grad_enabled()
        self.calls += 1
        brightness = images.mean(dim=(1, 2, 3)) * self.factor  # 0..1 times the factor
        return torch.stack((brightness, torch.zeros_like(brightness)), dim=1)


def grey_photos(*values: int, labels=None) -> ImageSet:
    """Return photos of one grey value each."""
    images = torch.tensor(values, dtype=torch.uint8).view(-1, 1, 1, 1)
    labels = torch.zeros(len(values)).long() if labels is None else labels
    return ImageSet(images.expand(-1, 3, 4, 4).contiguous(), labels, PHOTO)


# --- averages ------------------------------------------------------------------------


def test_activations_by_hand():
    labels = torch.tensor([1, 0, 1, 1])
    photos = grey_photos(0, 255, 255, 51, labels=labels)
    # class 0: 10; class 1: the mean of 0, 10 and 2
    expected = torch.tensor([[10.0, 0.0], [4.0, 0.0]])
    activations = class_activations(GreyTeacher(10.0), photos, 2)
    torch.testing.assert_close(activations, expected)


@pytest.mark.parametrize("batch", [1, 5, 1000])
def test_activations_equal_a_slow_loop(tiny_data, monkeypatch, batch):
    monkeypatch.setattr(teaching, "images_at_a_time", lambda *_: batch)
    order = torch.tensor([0, 8, 1, 17, 40, 9, 24, 33, 2, 41, 42, 18])
    photos, teacher = tiny_data.photos.subset(order), load_teacher()
    sums, counts = torch.zeros(6, 66), [0] * 6
    with torch.no_grad():
        for position in order.tolist():
            label = int(tiny_data.photos.labels[position])
            pixels = tiny_data.photos.images[position][None]
            prepared = prepare_images(pixels, torch.tensor([PHOTO]), teacher.pixels)
            sums[label] += teacher(prepared)[0]
            counts[label] += 1
    assert len(set(counts)) > 1  # classes of different size
    expected = sums / torch.tensor(counts)[:, None]
    activations = class_activations(teacher, photos, 6)
    assert activations.dtype == torch.float32 and not activations.requires_grad
    torch.testing.assert_close(activations, expected, atol=1e-4, rtol=1e-4)


def test_logits_are_averaged_before_the_softmax(seen):
    # two photos, logits (0, 0) and (2 log 3, 0): their mean (log 3, 0) has the softmax
    # (3/4, 1/4); the mean of the two softmaxes would be (1/2 + 9/10) / 2 = 0.7
    none = replace(grey_photos(1).subset(torch.tensor([]).long()), modality=SKETCH)
    data = SketchPhotoData("grey", ("a",), none, grey_photos(0, 255), 4)
    teacher = GreyTeacher(2 * math.log(3))
    labels = seen_soft_labels(teacher, data, temperature=1.0)
    torch.testing.assert_close(labels, torch.tensor([[0.75, 0.25]]))
    # a temperature of 1/2 doubles the mean logit: (2 log 3, 0)
    sharp = seen_soft_labels(teacher, data, temperature=0.5)
    torch.testing.assert_close(sharp, torch.tensor([[0.9, 0.1]]))


def test_logits_come_for_every_photo_without_gradient(seen, monkeypatch):
    monkeypatch.setattr(teaching, "images_at_a_time", lambda *_: 6)
    positions, batches = [], []
    teacher = GreyTeacher().train()
    for where, logits in teacher_logits(teacher, seen.photos):
        assert torch.is_grad_enabled()  # only the teacher works without
        assert not logits.requires_grad and logits.shape == (len(where), 2)
        positions += where.tolist()
        batches.append(len(where))
    assert positions == list(range(16)) and batches == [6, 6, 4]


def test_photos_are_not_augmented(seen):
    first, again = (class_activations(load_teacher(), seen.photos, 2) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([0, 1, 3], 4, "every label from 0 to 3, got 3 labels up to 3"),
        ([0, 1, 2], 2, "every label from 0 to 1, got 3 labels up to 2"),
        ([0, 0, 0], 2, "every label from 0 to 1, got 1 labels"),
        ([], 2, "every label from 0 to 1, got 0 labels"),
    ],
)
def test_every_class_needs_photos(labels, classes, message):
    photos = grey_photos(*[1] * len(labels), labels=torch.tensor(labels).long())
    teacher = GreyTeacher()
    with pytest.raises(ValueError, match=message):
        class_activations(teacher, photos, classes)
    assert teacher.calls == 0


def test_sketches_are_refused(seen):
    with pytest.raises(ValueError, match="knows photos only, got sketches"):
        class_activations(load_teacher(), seen.sketches, 2)


# --- what the teacher may look at ----------------------------------------------------


class Watched:
    """An image source that notes what is asked for and may forbid some of it."""

    def __init__(self, images, allowed):
        self.images, self.allowed, self.read = images, set(allowed), set()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, indices):
        forbidden = set(indices.tolist()) - self.allowed
        if forbidden:
            raise AssertionError(f"forbidden images were read: {sorted(forbidden)}")
        self.read |= set(indices.tolist())
        return self.images[indices]


@pytest.fixture
def watched(tiny_data, tiny_split):
    """Return the tiny data with every sketch and all but the seen photos forbidden."""
    seen_labels = [tiny_data.class_names.index(name) for name in tiny_split.seen]
    photos = tiny_data.photos
    seen_photos = [i for i, y in enumerate(photos.labels.tolist()) if y in seen_labels]
    assert 0 < len(seen_photos) < len(photos)
    return SketchPhotoData(
        tiny_data.name,
        tiny_data.class_names,
        ImageSet(Watched(tiny_data.sketches.images, ()), photos.labels, SKETCH),
        ImageSet(Watched(photos.images, seen_photos), photos.labels, PHOTO),
        tiny_data.image_size,
    )


@pytest.mark.parametrize("cached", [False, True])
def test_no_sketch_and_no_unseen_photo_is_read_by_the_method(
    watched, tiny_split, seen, cached
):
    if cached:
        new_state(METHOD, seen)  # the same photos, so its cache is found below
    state = new_state(METHOD, tiny_split.apply(watched).seen)
    assert watched.sketches.images.read == set()
    assert watched.photos.images.read == watched.photos.images.allowed  # each of them
    assert torch.equal(state.kept.soft_labels, soft_labels(seen))
    assert state.kept.soft_labels.shape == (2, 66)


@pytest.mark.parametrize("teaching_by", ["class", "item"])
def test_a_teacher_by_item_reads_nothing_ahead(watched, tiny_split, teaching_by):
    new_state(METHOD.changed(teaching=teaching_by), tiny_split.apply(watched).seen)
    assert bool(watched.photos.images.read) == (teaching_by == "class")


def test_the_watch_would_notice(watched, tiny_split):
    parts = tiny_split.apply(watched)
    with pytest.raises(AssertionError, match=r"forbidden .*: \[0, "):
        state = new_state(METHOD, parts.seen)
        draw_batch(state, torch.Generator())  # draws sketches
    with pytest.raises(AssertionError, match="forbidden images were read"):
        soft_labels(parts.unseen)


# --- the cache -----------------------------------------------------------------------


def test_the_second_call_does_not_run_the_teacher(seen, cache):
    teacher = GreyTeacher()
    first = cached_class_activations(teacher, seen.photos, 2)
    calls = teacher.calls
    assert calls > 0
    again = cached_class_activations(teacher, seen.photos, 2)
    assert teacher.calls == calls and torch.equal(first, again)
    torch.testing.assert_close(first, class_activations(teacher, seen.photos, 2))
    assert [path.suffix for path in cache.iterdir()] == [".pt"]


def test_a_copy_of_the_photos_finds_the_result(seen):
    cached_class_activations(GreyTeacher(), seen.photos, 2)
    pixels = seen.photos.images[torch.arange(16)].clone()
    copy, teacher = ImageSet(pixels, seen.photos.labels.clone(), PHOTO), GreyTeacher()
    cached_class_activations(teacher, copy, 2)
    assert teacher.calls == 0


def other_pixel(photos):
    pixels = photos.images[torch.arange(len(photos))].clone()
    pixels[3, 1, 2, 2] ^= 1
    return ImageSet(pixels, photos.labels, PHOTO)


def other_labels(photos):
    return ImageSet(photos.images, 1 - photos.labels, PHOTO)


def other_order(photos):
    return photos.subset(torch.arange(15, -1, -1))


@pytest.mark.parametrize("change", [other_pixel, other_labels, other_order])
def test_other_photos_run_the_teacher_again(seen, cache, change):
    cached_class_activations(GreyTeacher(), seen.photos, 2)
    changed, teacher = change(seen.photos), GreyTeacher()
    found = cached_class_activations(teacher, changed, 2)
    assert teacher.calls > 0
    torch.testing.assert_close(found, class_activations(GreyTeacher(), changed, 2))
    assert len(list(cache.iterdir())) == 2


def test_another_teacher_runs(seen):
    first = cached_class_activations(GreyTeacher(1.0), seen.photos, 2)
    teacher = GreyTeacher(2.0)
    second = cached_class_activations(teacher, seen.photos, 2)
    assert teacher.calls > 0
    torch.testing.assert_close(second, 2 * first)


def test_a_folder_may_be_chosen(seen, tmp_path, cache):
    folder = tmp_path / "deep" / "own"
    cached_class_activations(GreyTeacher(), seen.photos, 2, folder=folder)
    assert len(list(folder.iterdir())) == 1 and not cache.exists()


def break_off(content, target):
    target.write(b"half")
    raise OSError("No space left on device")


def test_a_write_that_breaks_off_leaves_nothing(seen, cache, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", break_off)
        with pytest.raises(OSError, match="No space left"):
            cached_class_activations(GreyTeacher(), seen.photos, 2)
    assert list(cache.iterdir()) == []
    teacher = GreyTeacher()
    cached_class_activations(teacher, seen.photos, 2)
    assert teacher.calls > 0


def test_a_cold_cache_leaves_the_global_random_state_alone(seen):
    # else a script's later random numbers depend on whether the cache was warm
    before = torch.get_rng_state()
    cached_class_activations(GreyTeacher(), seen.photos, 2)
    assert torch.equal(torch.get_rng_state(), before)


def test_soft_labels_use_the_cache_whatever_the_temperature(seen, cache):
    flat, sharp = soft_labels(seen, METHOD.changed(temperature=4.0)), soft_labels(seen)
    assert len(list(cache.iterdir())) == 1
    torch.testing.assert_close(flat, torch.softmax(sharp.log() / 4, dim=1))
    assert sharp.max() > flat.max() + 0.01


def test_the_fingerprint_of_weights_sees_values_names_and_statistics():
    def net():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))

    plain = weights_fingerprint(net())
    assert len(plain) == 16 and weights_fingerprint(net()) == plain
    nudged, moved = net(), net()
    with torch.no_grad():
        nudged[0].weight[1, 0, 0, 0] += 1e-6
    moved[1].running_mean[0] = 0.5
    renamed = nn.Sequential(*net(), nn.ReLU())
    assert weights_fingerprint(renamed) == plain  # no weights added
    named = nn.ModuleDict({"a": net()[0], "b": net()[1]})
    prints = {weights_fingerprint(one) for one in (nudged, moved, named)}
    assert len(prints | {plain}) == 4


# --- teachers by name, and the student's start ---------------------------------------


@pytest.fixture(scope="module")
def weights_folder(shared):
    return shared / "data" / "weights"


def test_the_starting_weights_are_the_teacher_by_default():
    weights = METHOD.photo_teacher().state_dict()
    own = load_teacher().state_dict()
    assert all(torch.equal(weights[name], value) for name, value in own.items())


def test_a_teacher_without_a_source_is_refused():
    with pytest.raises(ValueError, match="such as squeezenet1_1:imagenet, got 'vgg'"):
        METHOD.changed(teacher="vgg").photo_teacher()


def test_random_starting_weights_are_no_teacher():
    with pytest.raises(ValueError, match="a teacher with random weights knows nothing"):
        METHOD.changed(weights="none").photo_teacher()


def student_logits(net, photos):
    return apply_head(net, photos, net.heads["soft"])


def all_teacher_logits(teacher, photos):
    return torch.cat([logits for _, logits in teacher_logits(teacher, photos)])


def test_an_untrained_student_gives_the_teachers_logits(tiny_data):
    net = build_net(METHOD, seed=0, classes=2)
    logits = student_logits(net, tiny_data.photos)
    expected = all_teacher_logits(METHOD.photo_teacher(), tiny_data.photos)
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-5)
    assert torch.equal(logits.argmax(1), expected.argmax(1))

    fresh = build_net(METHOD.changed(soft_head="fresh"), seed=0, classes=2)
    assert (student_logits(fresh, tiny_data.photos) - expected).abs().mean() > 0.1


def test_a_real_student_starts_with_its_real_teachers_logits(weights_folder, tiny_data):
    source = str(weights_folder / "mobilenet_v2_imagenet.pth")
    method = SBTKNet.named("mobilenet_v2", weights=source, losses=("knowledge",))
    teacher = method.photo_teacher()
    photos = tiny_data.photos.subset(torch.arange(0, 48, 8))
    expected = all_teacher_logits(teacher, photos)
    net = build_net(method, seed=0, classes=2)
    logits = student_logits(net, photos)
    assert expected.shape == (6, 1000) and expected.std() > 0.1
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)


@pytest.fixture(scope="module")
def squeezed(weights_folder):
    """Return a method that is taught by another, real network."""
    source = weights_folder / "squeezenet1_1_imagenet.pth"
    return METHOD.changed(teacher=f"squeezenet1_1:{source}", soft_head="fresh")


def test_a_real_teacher_beside_a_small_student(squeezed, seen):
    labels = soft_labels(seen, squeezed)
    assert labels.shape == (2, 1000)
    torch.testing.assert_close(labels.sum(1), torch.ones(2))
    teacher, rows = squeezed.photo_teacher(), []
    with torch.no_grad():
        for label in range(2):
            pixels = seen.photos.images[seen.photos.of_class(label)]
            modality = torch.full((len(pixels),), PHOTO)
            logits = teacher(prepare_images(pixels, modality, teacher.pixels))
            rows.append(logits.mean(0).softmax(0))
    torch.testing.assert_close(labels, torch.stack(rows), atol=1e-5, rtol=1e-3)
    net = build_net(squeezed, seed=0, classes=2)
    assert net.heads["soft"].out_features == 1000


def test_a_teacher_without_a_linear_layer_cannot_start_the_soft_head(squeezed):
    message = r"classifier none: start the head fresh \(soft_head=fresh\)"
    with pytest.raises(ValueError, match=message):
        build_net(squeezed.changed(soft_head="teacher"), seed=0, classes=2)
