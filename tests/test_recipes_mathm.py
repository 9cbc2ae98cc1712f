"""MATHM's recipe: its fields, its schedule, frozen epochs, where it starts."""

import json
from dataclasses import asdict, fields, replace

import pytest
import torch
import torchvision

from zssbir_lib.data import Augmentation
from zssbir_lib.models import batch_norms, start_projection
from zssbir_lib.training import (
    Recipe,
    build_method,
    build_net,
    build_student,
    fit,
    learning_rate_factor,
    named_recipe,
    new_state,
    training_step,
)
from zssbir_lib.training.recipes.margin_settings import MarginSettings

BOTH = ("modality_aware", "classification")
RECIPE = named_recipe(
    "mathm",
    epochs=4,
    steps_per_epoch=4,
    batch_size=12,
    images_per_class=4,
    embedding_size=8,
)


@pytest.fixture
def seen(tiny_data):
    return tiny_data.restricted_to("abcd")


def fresh(recipe=RECIPE, seed=0):
    return new_state(recipe, seed, sketches=32, classes=4)


def copy_of(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same_weights(left, right):
    left, right = (m if isinstance(m, dict) else m.state_dict() for m in (left, right))
    assert list(left) == list(right)
    return all(torch.equal(left[name], right[name]) for name in left)


# --- fields --------------------------------------------------------------------------


def test_the_paper_profile_is_that_of_the_released_code():
    found = named_recipe("mathm", "resnet50", "paper").to_dict()
    assert found.pop("margins") == asdict(MarginSettings())  # ramln's alone
    assert (found.pop("lam"), found.pop("sampling")) == (0.5, "hard")
    assert found == {
        "method": "mathm",
        "profile": "paper",
        "backbone": "resnet50",
        "weights": "imagenet",
        "image_size": 224,
        "embedding_size": 512,
        "feature": "embedding",
        "frozen_blocks": 0,
        "keep_batchnorm": False,
        "batch_size": 120,  # 15 classes
        "images_per_class": 8,
        "steps_per_epoch": 200,
        "epochs": 40,
        "patience": 0,  # the last weights are evaluated
        "validation": "sketches",
        "losses": BOTH,
        "margin": 0.2,
        "terms": ("within", "hybrid", "cross"),
        "weighting": "intended",
        "metric_weight": 1.0,
        "classification_weight": 1.0,
        "knowledge_weight": 1.0,
        "classifier_input": "embedding",
        "classifier_bias": False,
        "classifier_scale": 0.0,
        "attention": False,
        "gates": True,
        "projection_start": "classifier",
        "teacher": "start",
        "teaching": "class",
        "temperature": 1.0,
        "soft_head": "teacher",
        "optimiser": "adam",
        "learning_rate": 1e-4,
        "backbone_rate": 0.1,
        "projection_rate": 0.1,
        "frozen_epochs": 2,
        "weight_decay": 5e-4,
        "schedule": "warm_up_cosine",
        "augmentation": Augmentation().__dict__,
    }


def test_the_paper_profile_of_sbtknet_stays_as_it_was():
    recipe = named_recipe("sbtknet", "resnet50", "paper")
    assert (recipe.epochs, recipe.batch_size, recipe.patience) == (25, 16, 5)
    assert (recipe.optimiser, recipe.schedule) == ("sgd", "tenfold")
    assert (recipe.backbone_rate, recipe.projection_rate) == (1.0, 1.0)
    assert (recipe.gates, recipe.frozen_epochs) == (False, 0) and recipe.classifier_bias


@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2", "resnet50"])
@pytest.mark.parametrize("profile", ["smoke", "quick", "book"])
def test_every_length_has_whole_classes_gates_and_a_plain_classifier(backbone, profile):
    recipe = named_recipe("mathm", backbone, profile)
    assert recipe.batch_size % recipe.images_per_class == 0
    same_images = named_recipe("sbtknet", backbone, profile).batch_size * 4
    assert recipe.batch_size == same_images
    assert recipe.losses == BOTH and recipe.gates and not recipe.classifier_bias
    assert (recipe.classifier_input, recipe.feature) == ("embedding", "embedding")
    assert (recipe.projection_start, recipe.frozen_epochs) == ("random", 0)
    rates = (recipe.learning_rate, recipe.backbone_rate, recipe.projection_rate)
    assert rates == ((1e-3, 1.0, 1.0) if backbone == "small" else (5e-3, 0.02, 0.1))


def test_the_projection_starts_from_a_classifier_only_where_the_paper_does_so():
    def start(method, profile="paper", **changes):
        return named_recipe(method, "resnet50", profile, **changes).projection_start

    assert start("mathm") == start("mathm", weights="any.pth") == "classifier"
    assert start("mathm", weights="none") == start("mathm", "book") == "random"
    assert start("mathm", "book", projection_start="classifier") == "classifier"
    assert start("sbtknet") == "random"


@pytest.mark.parametrize("losses", [BOTH[:1], BOTH[1:], ("knowledge",)])
def test_retrieval_uses_the_embedding_where_a_loss_trains_it(losses):
    recipe = named_recipe("mathm", losses=losses)
    assert recipe.feature == ("pooled" if losses == ("knowledge",) else "embedding")


@pytest.mark.parametrize("changes", [{}, dict(terms=("cross", "within"), gates=False)])
def test_a_recipe_survives_json_and_keeps_its_tuples(changes):
    recipe = named_recipe("mathm", "resnet50", "paper", **changes)
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert again == recipe and hash(again) == hash(recipe)
    assert isinstance(again.terms, tuple) and isinstance(again.losses, tuple)


def test_a_recipe_of_an_older_version_is_that_of_today_without_the_new_fields():
    recipe = named_recipe("sbtknet")
    old = recipe.to_dict()
    for name in (
        *("images_per_class", "terms", "weighting", "classifier_bias", "gates"),
        *("projection_start", "projection_rate", "frozen_epochs"),
    ):
        del old[name]
    assert Recipe.from_dict(json.loads(json.dumps(old))) == recipe


def test_every_field_is_described():
    for name in (f.name for f in fields(Recipe)):
        assert f"        {name}: " in Recipe.__doc__, name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            dict(losses=("triplet",)),
            "the method mathm has no loss 'triplet': it has mo",
        ),
        (dict(losses=("hinge",)), "each of losses must be one of triplet, quadruplet"),
        (dict(losses="classification"), "losses must be a tuple of names, got 'clas"),
        (dict(terms=("outer",)), "each of terms must be one of within, hybrid, cross;"),
        (dict(terms=()), "terms must name one or several of within, .*; got none"),
        (dict(terms=("cross",) * 2), "each once; got cross, cross"),
        (dict(terms=["cross"]), r"terms must be a tuple of names, got \['cross'\]"),
        (dict(weighting="even"), "weighting must be one of intended, released, sum, m"),
        (dict(projection_start="svd"), "projection_start must be one of random, clas"),
        (dict(optimiser="lamb"), "optimiser must be one of adamw, adam, sgd; got 'la"),
        (dict(schedule="steps"), "schedule must be one of .*, warm_up_cosine; got"),
        (dict(frozen_epochs=-1), "frozen_epochs must be 0 or more, got -1"),
        (dict(projection_rate=-0.1), "projection_rate must be 0 or more, got -0.1"),
        (dict(images_per_class=1), "images_per_class must be 2 or more, got 1"),
        (
            dict(images_per_class=3, batch_size=12),
            "a batch of 12 with 3 images a class",
        ),
        (dict(images_per_class=8, batch_size=12), "does not hold two or more whole cl"),
        (dict(images_per_class=8, batch_size=8), "change batch_size or images_per_cl"),
        (dict(batch_size=30), "a batch of 30 with 8 images a class does not hold"),
        (dict(losses=BOTH[:1], validation="sketches"), "validation=sketches needs the"),
    ],
)
def test_bad_recipes_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        named_recipe("mathm", **changes)


def test_the_loss_and_the_batches_of_mathm_are_its_own():
    assert named_recipe("sbtknet", batch_size=5, images_per_class=3).batch_size == 5
    with pytest.raises(ValueError, match="sbtknet has no loss 'modality_aware'"):
        named_recipe("sbtknet", losses=("modality_aware",))


# --- schedule ------------------------------------------------------------------------


def test_the_schedule_is_that_of_the_released_code():
    def factor(epoch, step=0):
        return learning_rate_factor("warm_up_cosine", 200 * epoch + step, 8000, 200, 2)

    printed = {0: 1, 1: 1, 2: 0.01, 3: 0.21, 12: 0.944, 20: 0.664, 30: 0.21}
    printed |= {39: 0.0023} | dict.fromkeys(range(7, 12), 1)
    for epoch, value in printed.items():
        assert factor(epoch) == pytest.approx(value, rel=0.02), epoch
    for epoch in range(40):
        assert factor(epoch) == factor(epoch, 199) > 0  # the same in all its steps
    assert [factor(e) for e in range(2, 7)] == pytest.approx(
        [0.01, 0.21, 0.41, 0.61, 0.81]
    )
    falling = [factor(epoch) for epoch in range(11, 40)]
    assert falling == sorted(falling, reverse=True)


@pytest.mark.parametrize("epochs", [1, 2, 5, 7, 10, 11, 12])
@pytest.mark.parametrize("frozen", [0, 2, 20])
def test_short_trainings_have_a_rate_in_every_epoch(epochs, frozen):
    for step in range(3 * epochs):
        factor = learning_rate_factor("warm_up_cosine", step, 3 * epochs, 3, frozen)
        assert 0 < factor <= 1.0


# --- which weights are trained, and when ---------------------------------------------


def groups_by_name(state):
    """Return base rate and frozen by the name of every weight in the optimiser."""
    names = {id(weight): name for name, weight in state.net.named_parameters()}
    found = [
        (names[id(weight)], group["base_rate"], group["frozen"])
        for group in state.optimiser.param_groups
        for weight in group["params"]
    ]
    assert len({name for name, _, _ in found}) == len(found)  # each once
    return {name: (rate, frozen) for name, rate, frozen in found}


@pytest.mark.parametrize("frozen_blocks", [0, 2])
def test_every_trained_weight_is_in_one_group_at_its_rate(frozen_blocks):
    recipe = replace(RECIPE, frozen_blocks=frozen_blocks, attention=True)
    rates = dict(learning_rate=0.5, backbone_rate=0.1, projection_rate=0.3)
    state = fresh(replace(recipe, **rates))
    found = groups_by_name(state)
    trained = {n for n, p in state.net.named_parameters() if p.requires_grad}
    assert set(found) == trained
    blocks = {int(n.split(".")[2]) for n in found if n.startswith("backbone.blocks")}
    assert blocks == set(range(frozen_blocks, 5))
    assert sum(".tag." in name for name in found) == 5 - frozen_blocks
    for name, (rate, frozen) in found.items():
        if name.startswith("backbone.") and ".tag." not in name:
            assert (rate, frozen) == (pytest.approx(0.05), True), name
        elif name.startswith("projection."):
            assert (rate, frozen) == (pytest.approx(0.15), True)
        else:  # tags of the gates, attention, classifier
            assert (rate, frozen) == (0.5, False), name


def test_groups_without_weights_are_left_out():
    recipe = replace(RECIPE, losses=("modality_aware",), gates=False)
    frozen = [group["frozen"] for group in fresh(recipe).optimiser.param_groups]
    assert frozen == [True, True]
    recipe = replace(recipe, frozen_blocks=5)
    assert len(groups_by_name(fresh(recipe))) == 2  # weight and bias of the projection


def split_weights(net):
    """Return what waits for the frozen epochs, and what is trained from the start."""
    every, waits = copy_of(net), ("backbone.", "projection.")
    frozen = {
        n: w for n, w in every.items() if n.startswith(waits) and ".tag." not in n
    }
    return frozen, {n: w for n, w in every.items() if n not in frozen}


@pytest.mark.parametrize("frozen_blocks", [0, 2])
@pytest.mark.parametrize("optimiser", ["adam", "adamw", "sgd"])
def test_frozen_epochs_train_only_what_is_new(seen, optimiser, frozen_blocks):
    recipe = replace(RECIPE, frozen_epochs=1, schedule="warm_up_cosine")
    recipe = replace(recipe, frozen_blocks=frozen_blocks, optimiser=optimiser)
    recipe = replace(recipe, weight_decay=0.1, learning_rate=0.01)
    state, method = fresh(recipe), build_method(seen, recipe)
    start, new = split_weights(state.net)
    for _ in range(4):
        training_step(state, method, method.draw(state.generator))
        assert state.optimiser.param_groups[-1]["lr"] == 0.01
    frozen, moved = split_weights(state.net)
    assert same_weights(frozen, start)  # BatchNorm statistics too
    resting = {n for n in new if torch.equal(moved[n], new[n])}
    assert resting == set()

    training_step(state, method, method.draw(state.generator))
    after, _ = split_weights(state.net)
    resting = {n for n in after if torch.equal(after[n], start[n])}
    trained = {n for n, p in state.net.named_parameters() if p.requires_grad}
    assert not resting & trained
    first = tuple(f"backbone.blocks.{block}." for block in range(frozen_blocks))
    assert all(name.startswith(first) for name in resting)
    assert bool(resting) == bool(frozen_blocks)
    assert state.optimiser.param_groups[-1]["lr"] == pytest.approx(1e-4)


@pytest.mark.parametrize("keep", [True, False])
def test_statistics_are_kept_after_the_frozen_epochs_only_where_asked(seen, keep):
    recipe = replace(RECIPE, frozen_epochs=1, steps_per_epoch=1, keep_batchnorm=keep)
    state, method = fresh(recipe), build_method(seen, recipe)
    steps = []
    for _ in range(3):
        training_step(state, method, method.draw(state.generator))
        layers = list(batch_norms(state.net))
        assert all(
            int(layer.num_batches_tracked) == int(layers[0].num_batches_tracked)
            for layer in layers
        )
        steps.append(int(layers[0].num_batches_tracked))
    start = int(next(batch_norms(fresh(recipe).net)).num_batches_tracked)
    assert steps == [start + n for n in ((0, 0, 0) if keep else (0, 1, 2))]


def test_frozen_epochs_need_something_new_to_train(seen):
    with pytest.raises(ValueError, match="frozen_epochs"):
        changes = dict(losses=("modality_aware",), gates=False, frozen_epochs=1)
        recipe = replace(RECIPE, **changes)
        fit(fresh(recipe), build_method(seen, recipe))


def test_an_epoch_without_a_length_is_a_pass_over_the_sketches():
    recipe = replace(RECIPE, steps_per_epoch=None, batch_size=16)
    assert fresh(recipe).steps_per_epoch == 32 // 8  # 8 sketches a step


# --- the start -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """Write a MobileNetV2 whose classifier has known directions; return path, S, V."""
    path = tmp_path_factory.mktemp("weights") / "mobilenet.pth"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = torchvision.models.mobilenet_v2(weights=None).state_dict()
        left, _ = torch.linalg.qr(torch.randn(1000, 12))
        right, _ = torch.linalg.qr(torch.randn(1280, 12))
    values = 10 * 0.8 ** torch.arange(12)
    state["classifier.1.weight"] = left @ (values[:, None] * right.T)
    torch.save(state, path)
    return path, values, right.T


def from_classifier(path, **changes):
    changes = dict(weights=str(path), embedding_size=5, frozen_blocks=18) | changes
    return named_recipe("mathm", "mobilenet_v2", "paper", **changes)


def test_the_projection_starts_on_the_classifiers_main_directions(pretrained):
    path, values, directions = pretrained
    recipe = from_classifier(path)
    assert recipe.projection_start == "classifier"
    first, other = (build_student(recipe, seed, classes=4) for seed in (0, 1))
    weight = first.projection.weight.detach()
    found = torch.linalg.svd(weight, full_matrices=False)
    expected = values[:5] * values.sum() / values[:5].sum()
    torch.testing.assert_close(found.S, expected, rtol=1e-4, atol=0)
    inside = weight @ directions[:5].T @ directions[:5]
    torch.testing.assert_close(inside, weight, rtol=0, atol=1e-4)
    assert first.projection.bias.abs().max() == 0
    assert not torch.allclose(weight, other.projection.weight)
    gram = weight.T @ weight  # another seed turns, and changes no distance
    turned = other.projection.weight.T @ other.projection.weight
    torch.testing.assert_close(gram, turned, rtol=0, atol=1e-3)
    assert first.projection.weight.requires_grad


def test_a_classifier_that_does_not_fit_is_refused():
    recipe = replace(RECIPE, projection_start="classifier")
    one, again = (build_student(recipe, 0, 4) for _ in range(2))
    assert same_weights(one.projection, again.projection)  # 8 of 66 directions
    plain = build_student(RECIPE, 0, 4)
    assert same_weights(one.heads, plain.heads)
    assert same_weights(one.backbone, plain.backbone)
    recipe = replace(recipe, embedding_size=128)
    with pytest.raises(ValueError, match=r"size is 128, expected 1 to 66: a classif"):
        build_student(recipe, 0, classes=4)
    with pytest.raises(ValueError, match="random weights knows nothing"):
        build_student(replace(recipe, weights="none"), 0, classes=4)
    net, classifier = build_net(RECIPE, seed=0), torch.nn.Linear(64, 10)
    message = "the classifier sees 64 features, the projection 128: take the classifier"
    with pytest.raises(ValueError, match=message):
        start_projection(net, classifier, torch.Generator())
