"""MATHM: its batches, what it adds up, what it notes, resuming."""

import math
import os
import signal
from dataclasses import replace

import pytest
import torch

from zssbir_lib.data import ClassBatchSampler, SketchPhotoData
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.models import PixelStatistics
from zssbir_lib.training import (
    Batch,
    MATHMMethod,
    build_method,
    build_student,
    fit,
    named_recipe,
    new_state,
    prepare_images,
    read_checkpoint,
    restore_state,
    training_step,
)

P, K = 3, 4  # classes a batch, images a class
BOTH = ("modality_aware", "classification")
RECIPE = named_recipe(
    "mathm",
    epochs=4,
    steps_per_epoch=4,
    batch_size=P * K,
    images_per_class=K,
    embedding_size=8,
)
TERMS = ("within", "hybrid", "cross")
NOTED = ("loss", "weight", "active", "positive", "negative")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep what the teacher said out of the user's own cache."""
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def seen(tiny_data):
    """Return four classes: a pass ends in the middle of an epoch."""
    return tiny_data.restricted_to("abcd")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(method):
    """Return a batch and its images as the network takes them, not augmented."""
    batch = method.draw(generator())
    pixels = PixelStatistics((0.5, 0.5, 0.5), (0.3, 0.3, 0.3))
    return batch, prepare_images(batch.images, batch.modality, pixels)


def fresh(recipe=RECIPE, seed=0):
    return new_state(recipe, seed, sketches=32, classes=4)


@pytest.fixture
def net():
    """Return a network that treats sketches and photos differently."""
    net = build_student(RECIPE, seed=1, classes=4).eval()
    for gate in net.backbone.gates:
        torch.nn.init.normal_(gate.tag.weight, generator=generator(2))
    return net


def same_weights(left, right):
    left, right = (m if isinstance(m, dict) else m.state_dict() for m in (left, right))
    assert list(left) == list(right)
    return all(torch.equal(left[name], right[name]) for name in left)


# --- which images --------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "images"), [(3, 4), (2, 8), (4, 2)])
def test_a_batch_holds_whole_classes_half_of_them_sketches(seen, classes, images):
    recipe = replace(RECIPE, batch_size=classes * images, images_per_class=images)
    batch = MATHMMethod(seen, recipe).draw(generator())
    half = classes * images // 2
    assert batch.images.shape == (2 * half, 3, 32, 32)
    assert batch.modality.tolist() == [SKETCH] * half + [PHOTO] * half
    for labels in (batch.labels[:half], batch.labels[half:]):
        names, counts = labels.unique(return_counts=True)
        assert len(names) == classes and counts.tolist() == [images // 2] * classes
    assert torch.equal(batch.labels[:half], batch.labels[half:])


def test_images_and_labels_are_those_that_the_sampler_chose(seen):
    batch = MATHMMethod(seen, RECIPE).draw(generator(5))
    labels = (seen.sketches.labels, seen.photos.labels)
    sketches, photos = ClassBatchSampler(*labels, P, images=K).sample(generator(5))
    half = P * K // 2
    assert torch.equal(batch.images[:half], seen.sketches.images[sketches])
    assert torch.equal(batch.images[half:], seen.photos.images[photos])
    assert torch.equal(batch.labels[:half], seen.sketches.labels[sketches])
    assert torch.equal(batch.labels[half:], seen.photos.labels[photos])


def test_classes_that_do_not_suffice_or_lack_photos_are_refused(seen):
    recipe = replace(RECIPE, batch_size=5 * K)
    with pytest.raises(ValueError, match="needs 5 seen classes and there are 4"):
        MATHMMethod(seen, recipe)
    photos = seen.photos.subset((seen.photos.labels != 2).nonzero().squeeze(1))
    data = SketchPhotoData("gap", seen.class_names, seen.sketches, photos, 32)
    with pytest.raises(ValueError, match="no photos with label 2"):
        build_method(data, RECIPE)


# --- what is added up ----------------------------------------------------------------


def slow_violations(term, points, labels, modality, margin, self_pairs):
    """Return what each anchor misses the margin by, None without a triplet."""
    found = []
    for a, anchor in enumerate(points):
        positives, negatives = [], []
        for j, other in enumerate(points):
            square = sum((x - y) ** 2 for x, y in zip(anchor, other, strict=True))
            distance = math.sqrt(max(square, 1e-12))
            own = modality[j] == modality[a]
            if labels[j] == labels[a]:
                wanted = own == (term == "within") and (j != a or self_pairs)
                positives += [distance] * wanted
            else:
                negatives += [distance] * (own == (term != "cross"))
        there = positives and negatives
        found.append(max(positives) - min(negatives) + margin if there else None)
    return found


def slow_loss(weighting, terms, margin, *batch):
    """Recompute the modality-aware loss in plain Python."""
    released = weighting in ("released", "mean")
    losses, slopes = [], []
    for term in terms:
        each = slow_violations(term, *batch, margin, released)
        there = [x for x in each if x is not None]
        count = max(1, len(each) if released else len(there))
        if weighting in ("sum", "mean"):
            losses.append(sum(max(0.0, x) for x in there) / count)
        else:
            losses.append(sum(math.log1p(math.exp(20 * x)) / 20 for x in there) / count)
        slopes.append(sum(1 / (1 + math.exp(-20 * x)) for x in there) / count)
    weights = [sum(slopes) / len(terms) / max(slope, 0.1) for slope in slopes]
    if weighting == "released":
        return sum(weights) / len(terms) * sum(losses)
    if weighting == "intended":
        return sum(w * loss for w, loss in zip(weights, losses, strict=True))
    return sum(losses) / (len(terms) if weighting == "mean" else 1)


@pytest.mark.parametrize("images", [4, 2])  # with 2, nothing positive within
@pytest.mark.parametrize("terms", [TERMS, ("cross",), ("hybrid", "within")])
@pytest.mark.parametrize("weighting", ["intended", "released", "sum", "mean"])
def test_the_loss_equals_slow_loops(seen, net, weighting, terms, images):
    changes = dict(losses=("modality_aware",), batch_size=P * images, margin=0.3)
    recipe = replace(RECIPE, images_per_class=images, terms=terms, **changes)
    recipe = replace(recipe, weighting=weighting)
    method = MATHMMethod(seen, recipe)
    batch, images = drawn(method)
    values = method.losses(net, net.pooled(images, batch.modality), images, batch)
    assert list(values) == ["modality_aware"]
    points = net(images, batch.modality).double().tolist()
    where = (points, batch.labels.tolist(), batch.modality.tolist())
    expected = slow_loss(weighting, terms, 0.3, *where)
    assert values["modality_aware"].item() == pytest.approx(expected, rel=2e-5)
    assert list(method.observed) == [f"{t}/{noted}" for t in terms for noted in NOTED]


def test_classification_sees_the_unscaled_embedding_without_bias(seen, net):
    method = MATHMMethod(seen, RECIPE)
    batch, images = drawn(method)
    value = method.losses(net, net.pooled(images, batch.modality), images, batch)[
        "classification"
    ].item()
    head, total = net.heads["identity"], 0.0
    assert head.bias is None
    for image, label, kind in zip(images, batch.labels, batch.modality, strict=True):
        embedding = net.projection(net.pooled(image[None], kind[None]))[0]
        logits = (head.weight @ embedding).tolist()
        total += math.log(sum(map(math.exp, logits))) - logits[label]
    assert value == pytest.approx(total / len(images), rel=1e-5)


@pytest.mark.parametrize(
    "losses", [BOTH, BOTH[:1], BOTH[1:], (*BOTH, "knowledge"), ("knowledge",)]
)
def test_losses_are_named_and_weighted(seen, losses):
    recipe = replace(RECIPE, losses=losses)
    net = build_student(recipe, seed=1, classes=4).eval()
    method = MATHMMethod(seen, recipe)
    batch, images = drawn(method)
    plain = method.losses(net, net.pooled(images, batch.modality), images, batch)
    assert set(plain) == set(losses)
    assert bool(method.observed) == ("modality_aware" in losses)
    weights = dict(metric_weight=3.0, classification_weight=0.5, knowledge_weight=0.25)
    heavier = MATHMMethod(seen, replace(recipe, **weights))
    weighted = heavier.losses(net, net.pooled(images, batch.modality), images, batch)
    factors = dict(modality_aware=3.0, classification=0.5, knowledge=0.25)
    for name in losses:
        assert plain[name].shape == () and plain[name] > 0
        torch.testing.assert_close(weighted[name], factors[name] * plain[name])
    for name, value in method.observed.items():  # noted before the weight
        assert heavier.observed[name] == value


# --- what is noted -------------------------------------------------------------------


class Line:
    """Stands for a network that puts eight images on a line."""

    def project(self, pooled):
        return pooled

    # class A: sketches 0, 0.2, photos 0.5, 0.9; class B: 1.0, 1.3 and 0.7, 2.0
    points = torch.tensor([0, 0.2, 0.5, 0.9, 1.0, 1.3, 0.7, 2.0]).double()


LINE = Batch(
    torch.zeros(8, 3, 32, 32),
    torch.tensor([0, 0, 0, 0, 1, 1, 1, 1]),
    torch.tensor([0, 0, 1, 1, 0, 0, 1, 1]),
)


@pytest.mark.parametrize(
    ("weighting", "loss", "losses", "weights"),
    [
        ("intended", 1.17028, (0.3125, 0.3400, 0.4876), (1.4694, 0.8829, 0.8426)),
        ("released", 1.21422, (0.3125, 0.3400, 0.4876), (1.06497,) * 3),
        ("sum", 1.1375, (0.3125, 0.3375, 0.4875), (1, 1, 1)),
        ("mean", 1.1375 / 3, (0.3125, 0.3375, 0.4875), (1 / 3,) * 3),
    ],
)
def test_what_is_noted_by_hand_on_a_line(seen, weighting, loss, losses, weights):
    recipe = replace(RECIPE, losses=("modality_aware",), weighting=weighting)
    method = MATHMMethod(seen, recipe)
    found = method.losses(Line(), Line.points[:, None], LINE.images, LINE)[
        "modality_aware"
    ]
    assert found.item() == pytest.approx(loss, abs=1e-5)
    noted = {name: value.item() for name, value in method.observed.items()}
    # hardest distances, averaged over the eight anchors
    positive, negative = (0.55, 0.7875, 0.7875), (0.675, 0.675, 0.575)
    expected = (losses, weights, (4 / 8, 7 / 8, 7 / 8), positive, negative)
    for name, row in zip(NOTED, expected, strict=True):
        values = [noted[f"{term}/{name}"] for term in TERMS]
        assert values == pytest.approx(row, abs=5e-5), name


def test_anchors_without_a_triplet_do_not_count(seen):
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2])  # the last photo is alone
    method = MATHMMethod(seen, replace(RECIPE, losses=("modality_aware",)))
    method.losses(
        Line(), Line.points[:, None], LINE.images, replace(LINE, labels=labels)
    )
    noted = {name: value.item() for name, value in method.observed.items()}
    # within: both photos at 0.7 and 2.0 have no other photo of their class
    assert noted["within/positive"] == pytest.approx((0.2 * 2 + 0.4 * 2 + 0.3 * 2) / 6)
    negative = (1.0 + 0.8 + 0.2 + 0.2 + 0.8 + 1.1) / 6
    assert noted["within/negative"] == pytest.approx(negative)
    assert noted["within/active"] == pytest.approx(2 / 6)
    # cross: only the photo at 2.0 has no sketch of its class
    positive = (0.9 + 0.7 + 0.5 + 0.9 + 0.3 + 0.6 + 0.6) / 7
    assert noted["cross/positive"] == pytest.approx(positive)


@pytest.mark.parametrize("weighting", ["intended", "released"])
def test_what_is_noted_has_no_gradient_and_keeps_no_graph_alive(seen, net, weighting):
    method = MATHMMethod(seen, replace(RECIPE, weighting=weighting))
    batch, images = drawn(method)
    method.losses(net, net.pooled(images, batch.modality), images, batch)
    for name, value in method.observed.items():
        assert not value.requires_grad, name
        assert value._base is None or value._base.grad_fn is None, name


def test_the_history_has_the_mean_of_what_was_noted(seen):
    recipe, noted = replace(RECIPE, epochs=2, steps_per_epoch=3), []
    method, state = build_method(seen, recipe), fresh(recipe)
    losses = method.losses

    def note(*arguments):
        values = losses(*arguments)
        noted.append({n: v.item() for n, v in (values | method.observed).items()})
        return values

    method.losses = note
    fit(state, method)
    for epoch, record in enumerate(state.history):
        steps = noted[3 * epoch : 3 * epoch + 3]
        assert set(record) == {*noted[0], "loss", "epoch", "step"}
        for name in noted[0]:
            assert record[name] == pytest.approx(sum(s[name] for s in steps) / 3), name
        assert record["loss"] == pytest.approx(sum(record[n] for n in BOTH), rel=1e-5)


def test_what_is_noted_is_not_minimised(seen):
    states = [fresh(), fresh()]
    for state, factor in zip(states, (1, 1e3), strict=True):
        method = build_method(seen, RECIPE)
        losses = method.losses

        def note(net, *rest, losses=losses, method=method, factor=factor):
            values = losses(net, *rest)
            method.observed = {"size": factor * net.projection.weight.square().sum()}
            return values

        method.losses = note
        values = training_step(state, method, method.draw(generator()))
        assert values["size"] > factor
        assert values["loss"] == pytest.approx(sum(values[name] for name in BOTH))
    assert same_weights(states[0].net, states[1].net)


# --- training and resuming ------------------------------------------------------------


@pytest.mark.parametrize("weighting", ["intended", "sum"])
def test_training_lowers_every_loss(seen, weighting):
    recipe = replace(RECIPE, weighting=weighting, epochs=5, steps_per_epoch=5)
    state = fresh(recipe)
    fit(state, build_method(seen, recipe))
    first, last = state.history[0], state.history[-1]
    for name in ("modality_aware", "classification", "within/loss", "cross/active"):
        assert last[name] < 0.8 * first[name], name


FROZEN = replace(RECIPE, frozen_epochs=2, optimiser="adam", schedule="warm_up_cosine")
FROZEN = replace(FROZEN, projection_start="classifier", backbone_rate=0.5)


@pytest.fixture(scope="module", params=[RECIPE, FROZEN], ids=["plain", "frozen"])
def whole(request, tiny_data):
    """Return the state after a training that nothing interrupted."""
    state = fresh(request.param)
    fit(state, build_method(tiny_data.restricted_to("abcd"), request.param))
    return state


def interrupt_at(step, recipe, seen, path):
    """Press Ctrl-C in one step and return the checkpoint that is left."""
    method = build_method(seen, recipe)
    sample, calls = method.sample, []

    def sample_and_interrupt(numbers):
        calls.append(1)
        if len(calls) == step:
            os.kill(os.getpid(), signal.SIGINT)
        return sample(numbers)

    method.sample = sample_and_interrupt
    with pytest.raises(KeyboardInterrupt, match=f"stopped after step {step}"):
        fit(fresh(recipe), method, checkpoint=path)
    return read_checkpoint(path)


@pytest.mark.parametrize("step", [1, 6, 8, 11])  # frozen till 8
def test_resuming_in_the_middle_is_exact(seen, whole, tmp_path, step):
    path = tmp_path / "checkpoint.pt"
    content = interrupt_at(step, whole.recipe, seen, path)
    resumed = fresh(whole.recipe)
    restore_state(resumed, content, path)
    method = build_method(seen, whole.recipe)
    fit(resumed, method)
    assert same_weights(whole.net, resumed.net)
    assert whole.history == resumed.history
    assert torch.equal(whole.generator.get_state(), resumed.generator.get_state())
    assert same_weights(whole.method_state, method.state_dict())
    before, after = (s.optimiser.state_dict() for s in (whole, resumed))
    assert before["param_groups"] == after["param_groups"]
    assert list(before["state"]) == list(after["state"])
    for one, other in zip(
        before["state"].values(), after["state"].values(), strict=True
    ):
        assert same_weights(one, other)


def test_resuming_without_the_place_in_the_pass_would_differ(seen, whole, tmp_path):
    path = tmp_path / "checkpoint.pt"
    content = interrupt_at(6, whole.recipe, seen, path)
    assert len(content["sampler"]["labels"]) > 0
    resumed = fresh(whole.recipe)
    restore_state(resumed, content | {"sampler": {}}, path)
    fit(resumed, build_method(seen, whole.recipe))
    assert not same_weights(whole.net, resumed.net)
