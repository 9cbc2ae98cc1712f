"""SBTKNet: which images a step takes, what it adds up, resuming, watching sketches."""

import pytest
import torch
from training_states import interrupt, same_weights

from zssbir_lib.data import (
    QuadrupletSampler,
    SketchPhotoData,
)
from zssbir_lib.losses import (
    classification_loss,
    knowledge_preservation_loss,
    quadruplet_loss,
    triplet_loss,
)
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.models import PixelStatistics
from zssbir_lib.training import (
    Experiment,
    SBTKNet,
    Step,
    build_net,
    draw_batch,
    fit,
    load_trained_net,
    new_state,
    prepare_images,
    read_checkpoint,
    restore_state,
    run_experiment,
)
from zssbir_lib.training.methods.sbtknet import metric_loss
from zssbir_lib.training.methods.semantic import Taught

ALL_THREE = ("quadruplet", "classification", "knowledge")
EVERY_CHOICE = [
    ("triplet",),
    ("quadruplet",),
    ("classification",),
    ("knowledge",),
    ("triplet", "classification"),
    ("quadruplet", "knowledge"),
    ALL_THREE,
    ("knowledge", "triplet", "classification"),
]
N = 4  # examples a step
METHOD = SBTKNet.named(epochs=3, steps_per_epoch=5, batch_size=N, embedding_size=8)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep what the teacher said out of the user's own cache."""
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def seen(tiny_data):
    """Return four classes, so that negatives have classes to choose from."""
    return tiny_data.restricted_to("abcd")


@pytest.fixture
def fresh(seen):
    """Return a function that gives the state before a training."""
    return lambda method=METHOD, seed=0: new_state(method, seen, seed)


def with_losses(*losses, **changes) -> SBTKNet:
    return METHOD.changed(losses=losses, **changes)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(state):
    """Return a batch and its images as the network takes them, not augmented."""
    batch = draw_batch(state, generator())
    pixels = PixelStatistics((0.5, 0.5, 0.5), (0.3, 0.3, 0.3))
    return batch, prepare_images(batch.images, batch.modality, pixels)


def losses_of(state, net, batch, images):
    """Return the named losses of a network."""
    step = Step.of(batch, net.pooled(images, batch.modality), images)
    return state.method.loss_terms(net, step, state.kept)


# --- which images --------------------------------------------------------------------


@pytest.mark.parametrize("losses", EVERY_CHOICE)
def test_images_come_as_anchors_sketch_negatives_positives_photo_negatives(
    seen, fresh, losses
):
    batch = draw_batch(fresh(with_losses(*losses)), generator())
    sampler = QuadrupletSampler(seen.sketches.labels, seen.photos.labels, N)
    anchor, positive, photo_negative, sketch_negative = sampler.sample(generator())
    sources = [
        (seen.sketches, anchor),
        (seen.sketches, sketch_negative),
        (seen.photos, positive),
        (seen.photos, photo_negative),
    ]
    if losses == ("triplet",):
        del sources[1]
    assert (
        len(batch.images)
        == N * len(sources)
        == N * METHOD.images_per_anchor({"losses": losses})
    )
    for rows, (images, indices) in zip(
        torch.arange(len(batch.images)).split(N), sources, strict=True
    ):
        assert torch.equal(batch.images[rows], images.images[indices])
        assert torch.equal(batch.labels[rows], images.labels[indices])
        assert (batch.modality[rows] == images.modality).all()


@pytest.mark.parametrize("losses", [ALL_THREE, ("classification",), ("triplet",)])
def test_only_the_triplet_loss_alone_sees_more_photos_than_sketches(fresh, losses):
    batch = draw_batch(fresh(with_losses(*losses)), generator())
    counts = [int((batch.modality == kind).sum()) for kind in (SKETCH, PHOTO)]
    assert counts == ([N, 2 * N] if losses == ("triplet",) else [2 * N, 2 * N])


# --- what is added up ----------------------------------------------------------------


@pytest.fixture
def net():
    return build_net(METHOD, seed=1, classes=4).eval()


@pytest.mark.parametrize("losses", EVERY_CHOICE)
def test_losses_are_named_and_weighted(fresh, net, losses):
    state = fresh(with_losses(*losses))
    batch, images = drawn(state)
    plain = losses_of(state, net, batch, images)
    assert set(plain) == set(losses)
    assert all(value.shape == () and value > 0 for value in plain.values())

    weights = dict(metric_weight=3.0, classification_weight=0.5, knowledge_weight=0.0)
    heavier = fresh(state.method.changed(**weights))
    weighted = losses_of(heavier, net, batch, images)
    factors = dict(triplet=3.0, quadruplet=3.0, classification=0.5, knowledge=0.0)
    for name in losses:
        torch.testing.assert_close(weighted[name], factors[name] * plain[name])


def streams_of(net, images):
    """Return embeddings of anchors, sketch negatives, positives, photo negatives."""
    embeddings = net(images)
    return [embeddings[first : first + N] for first in range(0, len(images), N)]


def test_triplet_and_classification_use_the_right_streams(fresh, net):
    state = fresh(with_losses("triplet", "classification"))
    batch, images = drawn(state)
    values = losses_of(state, net, batch, images)
    anchor, _, positive, photo_negative = streams_of(net, images)
    triplet = triplet_loss(anchor, positive, photo_negative)
    torch.testing.assert_close(values["triplet"], triplet)
    logits = net.heads["identity"](net.pooled(images))
    classification = classification_loss(logits, batch.labels)
    torch.testing.assert_close(values["classification"], classification)


def test_the_triplet_loss_alone_uses_the_right_streams(fresh, net):
    state = fresh(with_losses("triplet", margin=0.7))
    batch, images = drawn(state)
    anchor, positive, photo_negative = streams_of(net, images)
    expected = triplet_loss(anchor, positive, photo_negative, margin=0.7)
    found = losses_of(state, net, batch, images)["triplet"]
    torch.testing.assert_close(found, expected)


def test_all_three_use_the_right_streams_labels_and_soft_labels(fresh, net):
    state = fresh()
    batch, images = drawn(state)
    values = losses_of(state, net, batch, images)
    anchor, sketch_negative, positive, photo_negative = streams_of(net, images)
    pooled = net.pooled(images)
    expected = {
        "quadruplet": quadruplet_loss(
            anchor, positive, photo_negative, sketch_negative
        ),
        "classification": classification_loss(net.classify(pooled), batch.labels),
        "knowledge": knowledge_preservation_loss(
            net.heads["soft"](pooled), state.kept.soft_labels[batch.labels]
        ),
    }
    assert state.kept.soft_labels.shape == (4, 66)
    for name, value in expected.items():
        torch.testing.assert_close(values[name], value)


def test_metric_losses_by_name():
    a, s, p, n = torch.eye(4).split(1)
    p, s = p + 0.5 * a, s + 0.2 * a  # tell the streams apart
    by_hand = quadruplet_loss(a, p, n, s, 0.3)
    torch.testing.assert_close(metric_loss("quadruplet", (a, s, p, n), 0.3), by_hand)
    assert by_hand != quadruplet_loss(a, n, p, s, 0.3)
    triplet = triplet_loss(a, p, n, 0.9)
    torch.testing.assert_close(metric_loss("triplet", (a, p, n), 0.9), triplet)
    torch.testing.assert_close(metric_loss("triplet", (a, s, p, n), 0.9), triplet)


def test_the_classifier_may_see_the_embedding(fresh):
    state = fresh(with_losses("classification", classifier_input="embedding"))
    net = state.net.eval()
    batch, images = drawn(state)
    losses_of(state, net, batch, images)["classification"].backward()
    assert net.projection.weight.grad.abs().max() > 0


# --- teaching by item ----------------------------------------------------------------


BY_ITEM = with_losses("knowledge", teaching="item", temperature=2.0)


def test_item_teaching_by_hand(fresh, net):
    state = fresh(BY_ITEM)
    batch, images = drawn(state)
    photos = images[2 * N :]
    taught = torch.softmax(state.kept.teacher(photos) / 2, dim=1)
    logits = net.heads["soft"](net.pooled(photos))
    expected = knowledge_preservation_loss(logits, taught)
    value = losses_of(state, net, batch, images)["knowledge"]
    torch.testing.assert_close(value, expected)


@pytest.mark.parametrize("teaching", ["item", "class"])
def test_item_teaching_uses_photos_only_and_class_teaching_sketches_too(
    fresh, net, teaching
):
    state = fresh(BY_ITEM.changed(teaching=teaching))
    batch, images = drawn(state)
    value = losses_of(state, net, batch, images)["knowledge"]
    other_sketches, other_photos = images.clone(), images.clone()
    other_sketches[: 2 * N] += 1
    other_photos[2 * N :] += 1
    changed = losses_of(state, net, batch, other_sketches)["knowledge"]
    assert torch.allclose(changed, value, atol=1e-4) == (teaching == "item")
    changed = losses_of(state, net, batch, other_photos)["knowledge"]
    assert not torch.allclose(changed, value, atol=1e-4)


def test_an_items_teacher_gets_no_gradient_and_keeps_its_statistics(fresh, net):
    state = fresh(BY_ITEM)
    before = {n: w.clone() for n, w in state.kept.teacher.state_dict().items()}
    batch, images = drawn(state)
    net.train()
    losses_of(state, net, batch, images)["knowledge"].backward()
    assert net.heads["soft"].weight.grad.abs().max() > 0
    assert net.backbone.blocks[0][0].weight.grad.abs().max() > 0
    assert all(p.grad is None for p in state.kept.teacher.parameters())
    after = state.kept.teacher.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_a_teacher_that_needs_other_pixels_cannot_teach_by_item(fresh, net):
    class OtherPixels(torch.nn.Module):
        pixels = PixelStatistics((0, 0, 0), (1, 1, 1))

    state = fresh(BY_ITEM)
    state.kept = Taught(teacher=OtherPixels())
    batch, images = drawn(state)
    with pytest.raises(ValueError, match="normalised differently: use teaching=class"):
        losses_of(state, net, batch, images)


def test_a_class_without_photos_or_sketches_is_refused(seen):
    photos = seen.photos.subset((seen.photos.labels != 2).nonzero().squeeze(1))
    data = SketchPhotoData("gap", seen.class_names, seen.sketches, photos, 32)
    with pytest.raises(ValueError, match="no photos with label 2"):
        new_state(METHOD, data)


# --- the student ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("losses", "heads"),
    [
        (("triplet",), {}),
        (("quadruplet", "classification"), {"identity": 4}),
        (("knowledge",), {"soft": 66}),
        (ALL_THREE, {"identity": 4, "soft": 66}),
    ],
)
def test_a_student_has_the_heads_that_its_losses_need(losses, heads):
    net = build_net(with_losses(*losses), seed=0, classes=4)
    assert {name: head.out_features for name, head in net.heads.items()} == heads
    plain = build_net(METHOD, seed=0)
    assert torch.equal(net.projection.weight, plain.projection.weight)
    assert net.attention is None


def test_a_student_may_have_attention():
    assert build_net(with_losses("triplet", attention=True), 0, 0).attention


def test_building_a_student_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    build_net(METHOD, seed=0, classes=4)
    assert torch.equal(torch.get_rng_state(), before)


def test_classifying_without_classes_is_refused():
    with pytest.raises(ValueError, match="classification needs seen classes, got 0"):
        build_net(METHOD, seed=0, classes=0)


def test_a_teacher_is_needed_only_by_the_knowledge_loss(fresh):
    fresh(with_losses("quadruplet", "classification", weights="none"))
    with pytest.raises(ValueError, match="a teacher with random weights knows nothing"):
        fresh(METHOD.changed(weights="none"))


# --- training ------------------------------------------------------------------------


@pytest.mark.parametrize("losses", [ALL_THREE, ("knowledge",), ("triplet",)])
def test_training_lowers_every_loss(fresh, losses):
    length = dict(batch_size=8, epochs=5, steps_per_epoch=8)
    state = fresh(with_losses(*losses, **length, soft_head="fresh"))
    fit(state)
    first, last = state.history[0], state.history[-1]
    for name in (*losses, "loss"):
        assert last[name] < 0.8 * first[name], name
    total = sum(last[name] for name in losses)
    assert last["loss"] == pytest.approx(total, abs=1e-4)


def test_weights_that_no_loss_uses_stay_as_they_were(fresh):
    method = with_losses("classification", weight_decay=0.5)
    state, untrained = fresh(method), fresh(method)
    fit(state)
    assert same_weights(state.net.projection, untrained.net.projection)
    assert not same_weights(state.net.backbone, untrained.net.backbone)
    assert not same_weights(state.net.heads, untrained.net.heads)


def test_heads_and_attention_train_at_the_full_rate(fresh):
    method = METHOD.changed(attention=True, learning_rate=0.5, backbone_rate=0.1)
    net = fresh(method).net
    groups = fresh(method).optimiser.param_groups
    assert [group["base_rate"] for group in groups] == [0.05, 0.5, 0.5]
    backbone = sum(p.numel() for p in net.backbone.parameters())
    every = sum(p.numel() for p in net.parameters())
    counts = [sum(p.numel() for p in group["params"]) for group in groups]
    projection = sum(p.numel() for p in net.projection.parameters())
    assert counts == [backbone, projection, every - backbone - projection]


UNEVEN = METHOD.changed(batch_size=6, epochs=4)  # 32 sketches: passes end mid-batch


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory):
    """Return the state after a training that nothing interrupted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSSBIR_CACHE", str(tmp_path_factory.mktemp("cache")))
        state = new_state(UNEVEN, tiny_data.restricted_to("abcd"))
        fit(state)
    return state


@pytest.mark.parametrize("step", [1, 7, 10])
def test_resuming_in_the_middle_of_a_pass_is_exact(fresh, whole, tmp_path, step):
    path = tmp_path / "checkpoint.pt"
    content = interrupt(fresh(UNEVEN), step, path)
    left = content["drawn"]["waiting"]
    assert len(left) == -step * UNEVEN.recipe.batch_size % 32 > 0
    resumed = fresh(UNEVEN)
    restore_state(resumed, content, path)
    fit(resumed)
    assert same_weights(whole.net, resumed.net)
    assert whole.history == resumed.history


def test_resuming_without_the_place_in_the_pass_would_differ(fresh, whole, tmp_path):
    path, resumed = tmp_path / "checkpoint.pt", fresh(UNEVEN)
    content = interrupt(fresh(UNEVEN), 7, path) | {"drawn": {}}
    restore_state(resumed, content, path)
    fit(resumed)
    assert not same_weights(whole.net, resumed.net)


@pytest.mark.parametrize(
    "changes",
    [
        dict(),
        dict(attention=True),
        dict(losses=("classification",), classifier_input="embedding"),
        dict(losses=("quadruplet", "knowledge"), soft_head="fresh"),
        dict(losses=("triplet",)),
    ],
)
def test_a_trained_net_comes_back_with_its_heads(fresh, tmp_path, changes):
    method = METHOD.changed(epochs=1, steps_per_epoch=2, **changes)
    state, path = fresh(method), tmp_path / "checkpoint.pt"
    fit(state, checkpoint=path)
    net, saved = load_trained_net(read_checkpoint(path))
    assert saved == method.recipe and not net.training
    assert list(net.state_dict()) == list(state.net.state_dict())
    assert same_weights(net, state.net)
    images, trained = torch.randn(2, 3, 32, 32), state.net.eval()
    assert torch.equal(net(images), trained(images))
    if "identity" in net.heads:
        pooled = net.pooled(images)
        assert torch.equal(net.classify(pooled), trained.classify(pooled))


def test_best_weights_bring_their_heads(fresh, tmp_path):
    method = METHOD.changed(patience=1, attention=True)
    state, path = fresh(method), tmp_path / "checkpoint.pt"
    values = iter([0.5, 0.1])
    fit(state, lambda net: next(values), path)
    net, _ = load_trained_net(read_checkpoint(path))
    assert set(net.heads) == {"identity", "soft"}
    assert same_weights(net, state.net)


def test_an_experiment_scores_both_features(tiny_data, tiny_split, tmp_path):
    method = with_losses(
        "classification", epochs=1, steps_per_epoch=2, feature="pooled"
    )
    experiment = Experiment(tiny_data, tiny_split, method)
    _, result = run_experiment(experiment, tmp_path / "run")
    by_feature = result["metrics_by_feature"]
    assert list(by_feature) == ["embedding", "pooled"]
    assert result["metrics"] == by_feature["pooled"] != by_feature["embedding"]
    assert result["recipe"]["losses"] == ["classification"]
    assert set(result["history"][0]) == {
        *("classification", "loss", "epoch", "step", "validation")
    }
