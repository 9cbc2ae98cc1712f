"""MATHM: its batches, what it adds up, what it notes, resuming."""

import math
from dataclasses import replace

import pytest
import torch
from training_states import interrupt, same_weights

from zssbir_lib.data import ClassBatchSampler, SketchPhotoData
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.models import PixelStatistics
from zssbir_lib.training import (
    MATHM,
    Step,
    draw_batch,
    fit,
    new_state,
    prepare_images,
    restore_state,
    training_step,
)

P, K = 3, 4  # classes a batch, images a class
BOTH = ("modality_aware", "classification")
METHOD = MATHM.named(
    epochs=4, steps_per_epoch=4, batch_size=P * K, images_per_class=K, embedding_size=8
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


@pytest.fixture
def fresh(seen):
    """Return a function that gives the state before a training."""
    return lambda method=METHOD, seed=0: new_state(method, seen, seed)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(state, net):
    """Return a step of a network on images as it takes them, not augmented."""
    batch = draw_batch(state, generator())
    pixels = PixelStatistics((0.5, 0.5, 0.5), (0.3, 0.3, 0.3))
    images = prepare_images(batch.images, batch.modality, pixels)
    return Step.of(batch, net.pooled(images, batch.modality), images)


@pytest.fixture
def net(fresh):
    """Return a network that treats sketches and photos differently."""
    net = fresh(seed=1).net.eval()
    for gate in net.backbone.gates:
        torch.nn.init.normal_(gate.tag.weight, generator=generator(2))
    return net


# --- which images --------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "images"), [(3, 4), (2, 8), (4, 2)])
def test_a_batch_holds_whole_classes_half_of_them_sketches(fresh, classes, images):
    method = METHOD.changed(batch_size=classes * images, images_per_class=images)
    batch = draw_batch(fresh(method), generator())
    half = classes * images // 2
    assert batch.images.shape == (2 * half, 3, 32, 32)
    assert batch.modality.tolist() == [SKETCH] * half + [PHOTO] * half
    for labels in (batch.labels[:half], batch.labels[half:]):
        names, counts = labels.unique(return_counts=True)
        assert len(names) == classes and counts.tolist() == [images // 2] * classes
    assert torch.equal(batch.labels[:half], batch.labels[half:])


def test_images_and_labels_are_those_that_the_sampler_chose(fresh, seen):
    batch = draw_batch(fresh(), generator(5))
    labels = (seen.sketches.labels, seen.photos.labels)
    sketches, photos = ClassBatchSampler(*labels, P, images=K).sample(generator(5))
    half = P * K // 2
    assert torch.equal(batch.images[:half], seen.sketches.images[sketches])
    assert torch.equal(batch.images[half:], seen.photos.images[photos])
    assert torch.equal(batch.labels[:half], seen.sketches.labels[sketches])
    assert torch.equal(batch.labels[half:], seen.photos.labels[photos])


def test_classes_that_do_not_suffice_or_lack_photos_are_refused(seen):
    with pytest.raises(ValueError, match="needs 5 seen classes and there are 4"):
        new_state(METHOD.changed(batch_size=5 * K), seen)
    photos = seen.photos.subset((seen.photos.labels != 2).nonzero().squeeze(1))
    data = SketchPhotoData("gap", seen.class_names, seen.sketches, photos, 32)
    with pytest.raises(ValueError, match="no photos with label 2"):
        new_state(METHOD, data)


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
def test_the_loss_equals_slow_loops(fresh, net, weighting, terms, images):
    changes = dict(losses=("modality_aware",), batch_size=P * images, margin=0.3)
    changes |= dict(images_per_class=images, terms=terms, weighting=weighting)
    state = fresh(METHOD.changed(**changes))
    step = drawn(state, net)
    values = state.method.loss_terms(net, step)
    assert list(values) == ["modality_aware"]
    points = net(step.images, step.modality).double().tolist()
    where = (points, step.labels.tolist(), step.modality.tolist())
    expected = slow_loss(weighting, terms, 0.3, *where)
    assert values["modality_aware"].item() == pytest.approx(expected, rel=2e-5)
    assert list(step.observed) == [f"{t}/{noted}" for t in terms for noted in NOTED]


def test_classification_sees_the_unscaled_embedding_without_bias(fresh, net):
    step = drawn(fresh(), net)
    value = METHOD.loss_terms(net, step)["classification"].item()
    head, total = net.heads["identity"], 0.0
    assert head.bias is None
    for image, label, kind in zip(step.images, step.labels, step.modality, strict=True):
        embedding = net.projection(net.pooled(image[None], kind[None]))[0]
        logits = (head.weight @ embedding).tolist()
        total += math.log(sum(map(math.exp, logits))) - logits[label]
    assert value == pytest.approx(total / len(step.images), rel=1e-5)


@pytest.mark.parametrize(
    "losses", [BOTH, BOTH[:1], BOTH[1:], (*BOTH, "knowledge"), ("knowledge",)]
)
def test_losses_are_named_and_weighted(fresh, losses):
    state = fresh(METHOD.changed(losses=losses))
    net, kept = state.net.eval(), state.kept
    step = drawn(state, net)
    plain = state.method.loss_terms(net, step, kept)
    assert set(plain) == set(losses)
    assert bool(step.observed) == ("modality_aware" in losses)
    weights = dict(metric_weight=3.0, classification_weight=0.5, knowledge_weight=0.25)
    again = replace(step, observed={})
    weighted = state.method.changed(**weights).loss_terms(net, again, kept)
    factors = dict(modality_aware=3.0, classification=0.5, knowledge=0.25)
    for name in losses:
        assert plain[name].shape == () and plain[name] > 0
        torch.testing.assert_close(weighted[name], factors[name] * plain[name])
    for name, value in step.observed.items():  # noted before the weight
        assert again.observed[name] == value


# --- what is noted -------------------------------------------------------------------


class Line:
    """Stands for a network that puts eight images on a line."""

    def project(self, pooled):
        return pooled

    # class A: sketches 0, 0.2, photos 0.5, 0.9; class B: 1.0, 1.3 and 0.7, 2.0
    points = torch.tensor([0, 0.2, 0.5, 0.9, 1.0, 1.3, 0.7, 2.0]).double()


def on_a_line(labels=(0, 0, 0, 0, 1, 1, 1, 1)):
    """Return a step with those images."""
    modality = torch.tensor([0, 0, 1, 1, 0, 0, 1, 1])
    labels, images = torch.tensor(labels), torch.zeros(8, 3, 32, 32)
    return Step(Line.points[:, None], images, labels, modality)


def line_loss(step, **changes):
    """Return the modality-aware loss of a step, and what it noted."""
    method = METHOD.changed(losses=("modality_aware",), **changes)
    found = method.loss_terms(Line(), step)["modality_aware"].item()
    return found, {name: value.item() for name, value in step.observed.items()}


@pytest.mark.parametrize(
    ("weighting", "loss", "losses", "weights"),
    [
        ("intended", 1.17028, (0.3125, 0.3400, 0.4876), (1.4694, 0.8829, 0.8426)),
        ("released", 1.21422, (0.3125, 0.3400, 0.4876), (1.06497,) * 3),
        ("sum", 1.1375, (0.3125, 0.3375, 0.4875), (1, 1, 1)),
        ("mean", 1.1375 / 3, (0.3125, 0.3375, 0.4875), (1 / 3,) * 3),
    ],
)
def test_what_is_noted_by_hand_on_a_line(weighting, loss, losses, weights):
    found, noted = line_loss(on_a_line(), weighting=weighting)
    assert found == pytest.approx(loss, abs=1e-5)
    # hardest distances, averaged over the eight anchors
    positive, negative = (0.55, 0.7875, 0.7875), (0.675, 0.675, 0.575)
    expected = (losses, weights, (4 / 8, 7 / 8, 7 / 8), positive, negative)
    for name, row in zip(NOTED, expected, strict=True):
        values = [noted[f"{term}/{name}"] for term in TERMS]
        assert values == pytest.approx(row, abs=5e-5), name


def test_anchors_without_a_triplet_do_not_count():
    _, noted = line_loss(on_a_line([0, 0, 0, 0, 1, 1, 1, 2]))  # the last is alone
    # within: both photos at 0.7 and 2.0 have no other photo of their class
    assert noted["within/positive"] == pytest.approx((0.2 * 2 + 0.4 * 2 + 0.3 * 2) / 6)
    negative = (1.0 + 0.8 + 0.2 + 0.2 + 0.8 + 1.1) / 6
    assert noted["within/negative"] == pytest.approx(negative)
    assert noted["within/active"] == pytest.approx(2 / 6)
    # cross: only the photo at 2.0 has no sketch of its class
    positive = (0.9 + 0.7 + 0.5 + 0.9 + 0.3 + 0.6 + 0.6) / 7
    assert noted["cross/positive"] == pytest.approx(positive)


@pytest.mark.parametrize("weighting", ["intended", "released"])
def test_what_is_noted_has_no_gradient_and_keeps_no_graph_alive(fresh, net, weighting):
    state = fresh(METHOD.changed(weighting=weighting))
    step = drawn(state, net)
    state.method.loss_terms(net, step)
    assert step.observed
    for name, value in step.observed.items():
        assert not value.requires_grad, name
        assert value._base is None or value._base.grad_fn is None, name


def test_the_history_has_the_mean_of_what_was_noted(fresh, monkeypatch):
    state, noted = fresh(METHOD.changed(epochs=2, steps_per_epoch=3)), []
    losses = MATHM.loss_terms

    def note(method, net, step, kept):
        values = losses(method, net, step, kept)
        noted.append({n: v.item() for n, v in (values | step.observed).items()})
        return values

    monkeypatch.setattr(MATHM, "loss_terms", note)
    fit(state)
    for epoch, record in enumerate(state.history):
        steps = noted[3 * epoch : 3 * epoch + 3]
        assert set(record) == {*noted[0], "loss", "epoch", "step"}
        for name in noted[0]:
            assert record[name] == pytest.approx(sum(s[name] for s in steps) / 3), name
        assert record["loss"] == pytest.approx(sum(record[n] for n in BOTH), rel=1e-5)


def test_what_is_noted_is_not_minimised(fresh, monkeypatch):
    states, losses = [fresh(), fresh()], MATHM.loss_terms
    for state, factor in zip(states, (1, 1e3), strict=True):

        def note(method, net, step, kept, factor=factor):
            step.observed["size"] = factor * net.projection.weight.square().sum()
            return losses(method, net, step, kept)

        monkeypatch.setattr(MATHM, "loss_terms", note)
        values = training_step(state, draw_batch(state, generator()))
        assert values["size"] > factor
        assert values["loss"] == pytest.approx(sum(values[name] for name in BOTH))
    assert same_weights(states[0].net, states[1].net)


# --- training and resuming ------------------------------------------------------------


@pytest.mark.parametrize("weighting", ["intended", "sum"])
def test_training_lowers_every_loss(fresh, weighting):
    state = fresh(METHOD.changed(weighting=weighting, epochs=5, steps_per_epoch=5))
    fit(state)
    first, last = state.history[0], state.history[-1]
    for name in ("modality_aware", "classification", "within/loss", "cross/active"):
        assert last[name] < 0.8 * first[name], name


FROZEN = METHOD.changed(frozen_epochs=2, optimiser="adam", schedule="warm_up_cosine")
FROZEN = FROZEN.changed(projection_start="classifier", backbone_rate=0.5)


@pytest.fixture(scope="module", params=[METHOD, FROZEN], ids=["plain", "frozen"])
def whole(request, tiny_data):
    """Return the state after a training that nothing interrupted."""
    state = new_state(request.param, tiny_data.restricted_to("abcd"))
    fit(state)
    return state


@pytest.mark.parametrize("step", [1, 6, 8, 11])  # frozen till 8
def test_resuming_in_the_middle_is_exact(fresh, whole, tmp_path, step):
    path = tmp_path / "checkpoint.pt"
    content = interrupt(fresh(whole.method), step, path)
    resumed = fresh(whole.method)
    restore_state(resumed, content, path)
    fit(resumed)
    assert same_weights(whole.net, resumed.net)
    assert whole.history == resumed.history
    assert torch.equal(whole.generator.get_state(), resumed.generator.get_state())
    assert same_weights(whole.drawn, resumed.drawn)
    before, after = (s.optimiser.state_dict() for s in (whole, resumed))
    assert before["param_groups"] == after["param_groups"]
    assert list(before["state"]) == list(after["state"])
    for one, other in zip(
        before["state"].values(), after["state"].values(), strict=True
    ):
        assert same_weights(one, other)


def test_resuming_without_the_place_in_the_pass_would_differ(fresh, whole, tmp_path):
    path, resumed = tmp_path / "checkpoint.pt", fresh(whole.method)
    content = interrupt(fresh(whole.method), 6, path)
    assert len(content["drawn"]["labels"]) > 0
    restore_state(resumed, content | {"drawn": {}}, path)
    fit(resumed)
    assert not same_weights(whole.net, resumed.net)
