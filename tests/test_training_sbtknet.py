"""SBTKNet: which images a step takes, what it adds up, resuming, recipes."""

import json
import os
import signal
from dataclasses import replace

import pytest
import torch

from zssbir_lib.data import (
    QuadrupletSampler,
    SketchPhotoData,
    hold_out_sketches,
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
    Recipe,
    SBTKNetMethod,
    accuracy,
    apply_head,
    build_method,
    build_net,
    build_student,
    fit,
    images_per_example,
    load_trained_net,
    metric_loss,
    named_recipe,
    new_state,
    prepare_images,
    read_checkpoint,
    restore_state,
    run_experiment,
)
from zssbir_lib.training.experiment import training_material

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
RECIPE = named_recipe(
    "sbtknet", epochs=3, steps_per_epoch=5, batch_size=N, embedding_size=8
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep what the teacher said out of the user's own cache."""
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def seen(tiny_data):
    """Return four classes, so that negatives have classes to choose from."""
    return tiny_data.restricted_to("abcd")


def with_losses(*losses, **changes) -> Recipe:
    return replace(RECIPE, losses=losses, **changes)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(method):
    """Return a batch and its images as the network takes them, not augmented."""
    batch = method.draw(generator())
    pixels = PixelStatistics((0.5, 0.5, 0.5), (0.3, 0.3, 0.3))
    return batch, prepare_images(batch.images, batch.modality, pixels)


# --- which images --------------------------------------------------------------------


@pytest.mark.parametrize("losses", EVERY_CHOICE)
def test_images_come_as_anchors_sketch_negatives_positives_photo_negatives(
    seen, losses
):
    batch = SBTKNetMethod(seen, with_losses(*losses)).draw(generator())
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
    assert len(batch.images) == N * len(sources) == N * images_per_example(losses)
    for rows, (images, indices) in zip(
        torch.arange(len(batch.images)).split(N), sources, strict=True
    ):
        assert torch.equal(batch.images[rows], images.images[indices])
        assert torch.equal(batch.labels[rows], images.labels[indices])
        assert (batch.modality[rows] == images.modality).all()


@pytest.mark.parametrize("losses", [ALL_THREE, ("classification",), ("triplet",)])
def test_only_the_triplet_loss_alone_sees_more_photos_than_sketches(seen, losses):
    batch = SBTKNetMethod(seen, with_losses(*losses)).draw(generator())
    counts = [int((batch.modality == kind).sum()) for kind in (SKETCH, PHOTO)]
    assert counts == ([N, 2 * N] if losses == ("triplet",) else [2 * N, 2 * N])


@pytest.mark.parametrize(
    ("losses", "count"),
    [
        (("triplet",), 3),
        (("quadruplet",), 4),
        (("classification",), 4),
        (("triplet", "classification"), 4),
        (("classification", "triplet"), 4),
        (ALL_THREE, 4),
    ],
)
def test_images_an_example(losses, count):
    assert images_per_example(losses) == count


# --- what is added up ----------------------------------------------------------------


@pytest.fixture
def net(seen):
    return build_student(RECIPE, seed=1, classes=4).eval()


@pytest.mark.parametrize("losses", EVERY_CHOICE)
def test_losses_are_named_and_weighted(seen, net, losses):
    recipe = with_losses(*losses)
    method = SBTKNetMethod(seen, recipe)
    batch, images = drawn(method)
    plain = method.losses(net, net.pooled(images, batch.modality), images, batch)
    assert set(plain) == set(losses)
    assert all(value.shape == () and value > 0 for value in plain.values())

    weights = dict(metric_weight=3.0, classification_weight=0.5, knowledge_weight=0.0)
    weighted = SBTKNetMethod(seen, replace(recipe, **weights)).losses(
        net, net.pooled(images, batch.modality), images, batch
    )
    factors = dict(triplet=3.0, quadruplet=3.0, classification=0.5, knowledge=0.0)
    for name in losses:
        torch.testing.assert_close(weighted[name], factors[name] * plain[name])


def streams_of(net, images):
    """Return embeddings of anchors, sketch negatives, positives, photo negatives."""
    embeddings = net(images)
    return [embeddings[first : first + N] for first in range(0, len(images), N)]


def test_triplet_and_classification_use_the_right_streams(seen, net):
    method = SBTKNetMethod(seen, with_losses("triplet", "classification"))
    batch, images = drawn(method)
    values = method.losses(net, net.pooled(images, batch.modality), images, batch)
    anchor, _, positive, photo_negative = streams_of(net, images)
    triplet = triplet_loss(anchor, positive, photo_negative)
    torch.testing.assert_close(values["triplet"], triplet)
    logits = net.heads["identity"](net.pooled(images))
    classification = classification_loss(logits, batch.labels)
    torch.testing.assert_close(values["classification"], classification)


def test_the_triplet_loss_alone_uses_the_right_streams(seen, net):
    method = SBTKNetMethod(seen, with_losses("triplet", margin=0.7))
    batch, images = drawn(method)
    anchor, positive, photo_negative = streams_of(net, images)
    expected = triplet_loss(anchor, positive, photo_negative, margin=0.7)
    torch.testing.assert_close(
        method.losses(net, net.pooled(images, batch.modality), images, batch)[
            "triplet"
        ],
        expected,
    )


def test_all_three_use_the_right_streams_labels_and_soft_labels(seen, net):
    method = SBTKNetMethod(seen, RECIPE)
    batch, images = drawn(method)
    values = method.losses(net, net.pooled(images, batch.modality), images, batch)
    anchor, sketch_negative, positive, photo_negative = streams_of(net, images)
    pooled = net.pooled(images)
    expected = {
        "quadruplet": quadruplet_loss(
            anchor, positive, photo_negative, sketch_negative
        ),
        "classification": classification_loss(net.classify(pooled), batch.labels),
        "knowledge": knowledge_preservation_loss(
            net.heads["soft"](pooled), method.semantic.soft_labels[batch.labels]
        ),
    }
    assert method.semantic.soft_labels.shape == (4, 66)
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


def test_the_classifier_may_see_the_embedding(seen):
    recipe = with_losses("classification", classifier_input="embedding")
    net = build_student(recipe, seed=1, classes=4).eval()
    method = SBTKNetMethod(seen, recipe)
    batch, images = drawn(method)
    method.losses(net, net.pooled(images, batch.modality), images, batch)[
        "classification"
    ].backward()
    assert net.projection.weight.grad.abs().max() > 0


# --- teaching by item ----------------------------------------------------------------


BY_ITEM = with_losses("knowledge", teaching="item", temperature=2.0)


def test_item_teaching_by_hand(seen, net):
    method = SBTKNetMethod(seen, BY_ITEM)
    batch, images = drawn(method)
    photos = images[2 * N :]
    taught = torch.softmax(method.semantic.teacher(photos) / 2, dim=1)
    logits = net.heads["soft"](net.pooled(photos))
    expected = knowledge_preservation_loss(logits, taught)
    value = method.losses(net, net.pooled(images, batch.modality), images, batch)[
        "knowledge"
    ]
    torch.testing.assert_close(value, expected)


@pytest.mark.parametrize("teaching", ["item", "class"])
def test_item_teaching_uses_photos_only_and_class_teaching_sketches_too(
    seen, net, teaching
):
    method = SBTKNetMethod(seen, replace(BY_ITEM, teaching=teaching))
    batch, images = drawn(method)
    value = method.losses(net, net.pooled(images, batch.modality), images, batch)[
        "knowledge"
    ]
    other_sketches, other_photos = images.clone(), images.clone()
    other_sketches[: 2 * N] += 1
    other_photos[2 * N :] += 1
    changed = method.losses(net, net.pooled(other_sketches), other_sketches, batch)[
        "knowledge"
    ]
    assert torch.allclose(changed, value, atol=1e-4) == (teaching == "item")
    changed = method.losses(net, net.pooled(other_photos), other_photos, batch)[
        "knowledge"
    ]
    assert not torch.allclose(changed, value, atol=1e-4)


def test_an_items_teacher_gets_no_gradient_and_keeps_its_statistics(seen, net):
    method = SBTKNetMethod(seen, BY_ITEM)
    before = {n: w.clone() for n, w in method.semantic.teacher.state_dict().items()}
    batch, images = drawn(method)
    net.train()
    method.losses(net, net.pooled(images, batch.modality), images, batch)[
        "knowledge"
    ].backward()
    assert net.heads["soft"].weight.grad.abs().max() > 0
    assert net.backbone.blocks[0][0].weight.grad.abs().max() > 0
    assert all(p.grad is None for p in method.semantic.teacher.parameters())
    after = method.semantic.teacher.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_a_teacher_that_needs_other_pixels_cannot_teach_by_item(seen, net):
    class OtherPixels(torch.nn.Module):
        pixels = PixelStatistics((0, 0, 0), (1, 1, 1))

    method = SBTKNetMethod(seen, BY_ITEM)
    method.semantic.teacher = OtherPixels()
    batch, images = drawn(method)
    with pytest.raises(ValueError, match="normalised differently: use teaching=class"):
        method.losses(net, net.pooled(images, batch.modality), images, batch)


def test_a_class_without_photos_or_sketches_is_refused(seen):
    photos = seen.photos.subset((seen.photos.labels != 2).nonzero().squeeze(1))
    data = SketchPhotoData("gap", seen.class_names, seen.sketches, photos, 32)
    with pytest.raises(ValueError, match="no photos with label 2"):
        SBTKNetMethod(data, RECIPE)


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
    net = build_student(with_losses(*losses), seed=0, classes=4)
    assert {name: head.out_features for name, head in net.heads.items()} == heads
    plain = build_net(RECIPE, seed=0)
    assert torch.equal(net.projection.weight, plain.projection.weight)
    assert net.attention is None


def test_a_student_may_have_attention():
    assert build_student(with_losses("triplet", attention=True), 0, 0).attention


def test_building_a_student_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    build_student(RECIPE, seed=0, classes=4)
    assert torch.equal(torch.get_rng_state(), before)


def test_classifying_without_classes_is_refused():
    with pytest.raises(ValueError, match="classification needs seen classes, got 0"):
        new_state(RECIPE, seed=0, sketches=32)


def test_a_teacher_is_needed_only_by_the_knowledge_loss():
    new_state(
        with_losses("quadruplet", "classification", weights="none"), 0, 32, classes=4
    )
    with pytest.raises(ValueError, match="a teacher with random weights knows nothing"):
        new_state(replace(RECIPE, weights="none"), 0, 32, classes=4)


# --- training ------------------------------------------------------------------------


def fresh(recipe=RECIPE, seed=0):
    return new_state(recipe, seed, sketches=32, classes=4)


def same_weights(left, right):
    pairs = zip(left.state_dict().values(), right.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("losses", [ALL_THREE, ("knowledge",), ("triplet",)])
def test_training_lowers_every_loss(seen, losses):
    recipe = with_losses(*losses, batch_size=8, epochs=5, steps_per_epoch=8)
    recipe = replace(recipe, soft_head="fresh")
    state = fresh(recipe)
    fit(state, build_method(seen, recipe))
    first, last = state.history[0], state.history[-1]
    for name in (*losses, "loss"):
        assert last[name] < 0.8 * first[name], name
    total = sum(last[name] for name in losses)
    assert last["loss"] == pytest.approx(total, abs=1e-4)


def test_weights_that_no_loss_uses_stay_as_they_were(seen):
    recipe = with_losses("classification", weight_decay=0.5)
    state, untrained = fresh(recipe), fresh(recipe)
    fit(state, build_method(seen, recipe))
    assert same_weights(state.net.projection, untrained.net.projection)
    assert not same_weights(state.net.backbone, untrained.net.backbone)
    assert not same_weights(state.net.heads, untrained.net.heads)


def test_heads_and_attention_train_at_the_full_rate():
    recipe = replace(RECIPE, attention=True, learning_rate=0.5, backbone_rate=0.1)
    net = fresh(recipe).net
    groups = fresh(recipe).optimiser.param_groups
    assert [group["base_rate"] for group in groups] == [0.05, 0.5, 0.5]
    backbone = sum(p.numel() for p in net.backbone.parameters())
    every = sum(p.numel() for p in net.parameters())
    counts = [sum(p.numel() for p in group["params"]) for group in groups]
    projection = sum(p.numel() for p in net.projection.parameters())
    assert counts == [backbone, projection, every - backbone - projection]


UNEVEN = replace(RECIPE, batch_size=6, epochs=4)  # 32 sketches: passes end mid-batch


@pytest.fixture(scope="module")
def whole(tiny_data, tmp_path_factory):
    """Return the state after a training that nothing interrupted."""
    state = fresh(UNEVEN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSSBIR_CACHE", str(tmp_path_factory.mktemp("cache")))
        fit(state, build_method(tiny_data.restricted_to("abcd"), UNEVEN))
    return state


def interrupt_at(step, seen, path):
    """Press Ctrl-C in one step and return the checkpoint that is left."""
    method = build_method(seen, UNEVEN)
    sample, calls = method.sample, []

    def sample_and_interrupt(numbers):
        calls.append(1)
        if len(calls) == step:
            os.kill(os.getpid(), signal.SIGINT)
        return sample(numbers)

    method.sample = sample_and_interrupt
    with pytest.raises(KeyboardInterrupt, match=f"stopped after step {step}"):
        fit(fresh(UNEVEN), method, checkpoint=path)
    return read_checkpoint(path)


@pytest.mark.parametrize("step", [1, 7, 10])
def test_resuming_in_the_middle_of_a_pass_is_exact(seen, whole, tmp_path, step):
    path = tmp_path / "checkpoint.pt"
    content = interrupt_at(step, seen, path)
    left = content["sampler"]["waiting"]
    assert len(left) == -step * UNEVEN.batch_size % 32 > 0
    resumed = fresh(UNEVEN)
    restore_state(resumed, content, path)
    fit(resumed, build_method(seen, UNEVEN))
    assert same_weights(whole.net, resumed.net)
    assert whole.history == resumed.history


def test_resuming_without_the_place_in_the_pass_would_differ(seen, whole, tmp_path):
    path = tmp_path / "checkpoint.pt"
    content = interrupt_at(7, seen, path) | {"sampler": {}}
    resumed = fresh(UNEVEN)
    restore_state(resumed, content, path)
    fit(resumed, build_method(seen, UNEVEN))
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
def test_a_trained_net_comes_back_with_its_heads(seen, tmp_path, changes):
    recipe = replace(RECIPE, epochs=1, steps_per_epoch=2, **changes)
    state, path = fresh(recipe), tmp_path / "checkpoint.pt"
    fit(state, build_method(seen, recipe), checkpoint=path)
    net, saved = load_trained_net(read_checkpoint(path))
    assert saved == recipe and not net.training
    assert list(net.state_dict()) == list(state.net.state_dict())
    assert same_weights(net, state.net)
    images, trained = torch.randn(2, 3, 32, 32), state.net.eval()
    assert torch.equal(net(images), trained(images))
    if "identity" in net.heads:
        pooled = net.pooled(images)
        assert torch.equal(net.classify(pooled), trained.classify(pooled))


def test_best_weights_bring_their_heads(seen, tmp_path):
    recipe = replace(RECIPE, patience=1, attention=True)
    state, path = fresh(recipe), tmp_path / "checkpoint.pt"
    values = iter([0.5, 0.1])
    fit(state, build_method(seen, recipe), lambda net: next(values), path)
    net, _ = load_trained_net(read_checkpoint(path))
    assert set(net.heads) == {"identity", "soft"}
    assert same_weights(net, state.net)


def test_an_experiment_scores_both_features(tiny_data, tiny_split, tmp_path):
    recipe = with_losses(
        "classification", epochs=1, steps_per_epoch=2, feature="pooled"
    )
    experiment = Experiment(tiny_data, tiny_split, recipe)
    _, result = run_experiment(experiment, tmp_path / "run")
    by_feature = result["metrics_by_feature"]
    assert list(by_feature) == ["embedding", "pooled"]
    assert result["metrics"] == by_feature["pooled"] != by_feature["embedding"]
    assert result["recipe"]["losses"] == ("classification",)
    assert set(result["history"][0]) == {
        *("classification", "loss", "epoch", "step", "validation")
    }


# --- early stopping on held-out sketches ---------------------------------------------


@pytest.mark.parametrize(
    ("share", "held"), [(0.1, 1), (0.25, 2), (0.5, 4), (0.99, 7), (0.01, 1)]
)
def test_held_out_sketches_are_a_part_of_every_class(seen, share, held):
    rest, held_out = hold_out_sketches(seen, share)
    assert torch.bincount(held_out.labels).tolist() == [held] * 4
    assert torch.bincount(rest.sketches.labels).tolist() == [8 - held] * 4
    assert rest.class_names == seen.class_names and rest.photos is seen.photos
    assert held_out.modality == SKETCH
    together = torch.cat((rest.sketches.images.indices, held_out.images.indices))
    assert torch.equal(together.sort().values, seen.sketches.images.indices)


def test_the_seed_decides_which_sketches_are_held_out(seen):
    chosen = [hold_out_sketches(seen, 0.3, s)[1].images.indices for s in (0, 0, 1)]
    assert torch.equal(chosen[0], chosen[1])
    assert not torch.equal(chosen[0], chosen[2])


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_a_bad_share_is_refused(seen, share):
    with pytest.raises(ValueError, match=f"share is {share}, expected a number"):
        hold_out_sketches(seen, share)


def test_a_class_with_one_sketch_cannot_spare_it(seen):
    sketches = seen.sketches.subset(torch.tensor([0, 1, 8, 16, 17, 24, 25]))
    data = replace(seen, sketches=sketches)
    with pytest.raises(ValueError, match="class 'b' has 1 sketches: one to hold out"):
        hold_out_sketches(data)


def test_watching_sketches_keeps_them_out_of_the_training(tiny_data, tiny_split):
    parts = tiny_split.apply(tiny_data)
    recipe = replace(RECIPE, validation="sketches", steps_per_epoch=None)
    seen, validate = training_material(recipe, parts)
    rest, held_out = hold_out_sketches(parts.seen)
    assert torch.equal(seen.sketches.images.indices, rest.sketches.images.indices)
    net = build_student(recipe, seed=0, classes=2)
    right = apply_head(net, held_out, net.classify).argmax(1) == held_out.labels
    assert validate(net) == pytest.approx(right.float().mean().item())
    with torch.no_grad():  # a classifier that always says class 1
        net.heads["identity"].weight.fill_(0)
        net.heads["identity"].bias.copy_(torch.tensor([0.0, 1.0]))
    assert validate(net) == pytest.approx(0.5)


def test_an_epoch_is_a_pass_over_what_is_left(tiny_data, tiny_split):
    recipe = replace(RECIPE, validation="sketches", steps_per_epoch=None, batch_size=1)
    recipe = replace(recipe, epochs=1, losses=("classification",))
    _, result = run_experiment(Experiment(tiny_data, tiny_split, recipe))
    assert result["steps"] == 14  # two classes of eight, one of each held out
    assert 0 <= result["history"][0]["validation"] <= 1


def test_without_validation_classes_there_is_nothing_to_watch(tiny_data, tiny_split):
    parts = replace(tiny_split, validation=()).apply(tiny_data)
    seen, validate = training_material(RECIPE, parts)
    assert seen is parts.seen and validate is None


def test_accuracy_by_hand():
    logits = torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0], [0.0, 1.0]])
    assert accuracy(logits, torch.tensor([0, 1, 1, 1])) == 0.75


# --- recipes -------------------------------------------------------------------------


@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2", "resnet50"])
@pytest.mark.parametrize("profile", ["smoke", "quick", "book"])
def test_every_step_sees_as_many_images_whatever_the_losses(backbone, profile):
    counts = set()
    for losses in EVERY_CHOICE:
        recipe = named_recipe("sbtknet", backbone, profile, losses=losses)
        counts.add(recipe.batch_size * images_per_example(losses))
    triplets = named_recipe("triplet", backbone, profile).batch_size
    counts.add(3 * triplets)
    assert max(counts) - min(counts) <= 2  # a third of an example at most


def test_a_batch_size_that_is_given_stays():
    sizes = [
        named_recipe("sbtknet", batch_size=5, losses=losses).batch_size
        for losses in EVERY_CHOICE
    ]
    assert set(sizes) == {5}


@pytest.mark.parametrize(
    ("changes", "feature"),
    [
        (dict(), "embedding"),
        (dict(losses=("triplet",)), "embedding"),
        (dict(losses=("quadruplet", "knowledge")), "embedding"),
        (dict(losses=("classification",)), "pooled"),
        (dict(losses=("knowledge",)), "pooled"),
        (dict(losses=("classification", "knowledge")), "pooled"),
        (
            dict(losses=("classification",), classifier_input="embedding"),
            "embedding",
        ),
        (dict(losses=("knowledge",), classifier_input="embedding"), "pooled"),
        (dict(losses=("classification",), feature="embedding"), "embedding"),
        (dict(feature="pooled"), "pooled"),
    ],
)
def test_retrieval_uses_the_embedding_where_a_loss_trains_it(changes, feature):
    assert named_recipe("sbtknet", **changes).feature == feature


@pytest.mark.parametrize("losses", EVERY_CHOICE)
def test_recipes_survive_json_with_their_losses_as_a_tuple(losses):
    recipe = named_recipe("sbtknet", losses=losses, attention=True, temperature=3.0)
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert again == recipe and again.losses == losses
    assert isinstance(again.losses, tuple)


def test_a_recipe_without_the_new_fields_is_the_triplet_baseline():
    old = Recipe.from_dict({"method": "triplet"})
    assert old.losses == ("triplet",) and not old.attention


def test_sbtknet_uses_all_three_losses_and_the_paper_profile_is_the_papers():
    recipe = named_recipe("sbtknet", "resnet50", "paper")
    assert recipe.losses == ALL_THREE
    weights = (recipe.metric_weight, recipe.classification_weight)
    assert (*weights, recipe.knowledge_weight) == (1, 1, 1)
    assert (recipe.margin, recipe.temperature, recipe.embedding_size) == (0.2, 1, 512)
    assert (recipe.optimiser, recipe.schedule) == ("sgd", "tenfold")
    assert (recipe.learning_rate, recipe.weight_decay) == (1e-4, 5e-4)
    assert (recipe.backbone_rate, recipe.frozen_blocks) == (1, 0)
    assert (recipe.batch_size, recipe.epochs, recipe.patience) == (16, 25, 5)
    assert recipe.steps_per_epoch is None and not recipe.keep_batchnorm
    assert (recipe.teacher, recipe.teaching) == ("start", "class")
    assert (recipe.soft_head, recipe.weights) == ("teacher", "imagenet")
    assert (recipe.classifier_input, recipe.attention) == ("pooled", False)


def test_the_papers_momentum_is_used(seen):
    recipe = with_losses("quadruplet", optimiser="sgd", weight_decay=5e-4)
    optimiser = fresh(recipe).optimiser
    assert isinstance(optimiser, torch.optim.SGD)
    for group in optimiser.param_groups:
        assert (group["momentum"], group["weight_decay"]) == (0.9, 5e-4)


@pytest.mark.parametrize(
    ("losses", "watched"),
    [
        (ALL_THREE, "sketches"),
        (("classification",), "sketches"),
        (("triplet",), "classes"),
    ],
)
def test_the_paper_profile_watches_sketches_where_there_is_a_classifier(
    losses, watched
):
    recipe = named_recipe("sbtknet", "resnet50", "paper", losses=losses)
    assert recipe.validation == watched
    assert named_recipe("sbtknet", "resnet50", losses=losses).validation == "classes"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            dict(losses=("hinge",)),
            "each of losses must be one of triplet, .*; got 'hinge'",
        ),
        (dict(losses=()), "losses must name one or several of .*; got none"),
        (
            dict(losses=("knowledge", "knowledge")),
            "each once; got knowledge, knowledge",
        ),
        (
            dict(losses=("triplet", "quadruplet")),
            "both triplet and quadruplet; .* name one of them",
        ),
        (dict(classifier_input="x"), "classifier_input must be one of pooled, embed"),
        (dict(teaching="page"), "teaching must be one of class, item; got 'page'"),
        (dict(soft_head="x"), "soft_head must be one of teacher, fresh; got 'x'"),
        (dict(validation="x"), "validation must be one of classes, sketches; got 'x'"),
        (
            dict(validation="sketches", losses=("quadruplet",)),
            "validation=sketches needs the classification loss; watch classes",
        ),
        (dict(temperature=0.0), "temperature must be above 0, got 0.0"),
        (dict(temperature=float("nan")), "temperature must be above 0, got nan"),
        (dict(metric_weight=-1.0), "metric_weight must be 0 or more, got -1.0"),
        (dict(classification_weight=-0.1), "classification_weight must be 0 or more"),
        (dict(knowledge_weight=float("nan")), "knowledge_weight must be 0 or more"),
    ],
)
def test_bad_settings_of_sbtknet_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        named_recipe("sbtknet", **changes)


def test_a_method_that_trains_nothing_cannot_be_built(seen):
    message = "no method to train is called 'untrained': triplet, sbtknet"
    with pytest.raises(ValueError, match=message):
        build_method(seen, named_recipe("untrained"))


def test_a_recipe_prints_one_aligned_line_a_field():
    lines = str(RECIPE).splitlines()
    names = [line.split()[0] for line in lines]
    assert names[:2] == ["method", "profile"] and "classification_weight" in names
    column = {line.index(line.split()[1], 2 + len(line.split()[0])) for line in lines}
    assert len(column) == 1
