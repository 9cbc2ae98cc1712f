"""RAMLN at its edges: odd features, few classes, zero slopes, ties, bad settings."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from zssbir_lib.losses import relation_aware_quadruplet_loss
from zssbir_lib.training import (
    AnchorPushes,
    ImageMargins,
    Recipe,
    build_method,
    describe_image_margins,
    describe_pushes,
    exact_meta_gradient,
    first_order_meta_gradient,
    fit,
    margins_of_images,
    named_recipe,
    new_state,
    training_step,
)

RECIPE = named_recipe(
    "ramln",
    epochs=1,
    steps_per_epoch=4,
    batch_size=24,
    images_per_class=4,
    embedding_size=8,
    margins=dict(warm_up=0, beta=5.0),
)


def started(data, recipe):
    return new_state(recipe, 0, 48, classes=6), build_method(data, recipe)


def test_margins_are_read_from_embeddings_where_retrieval_uses_another_feature(
    tiny_data,
):
    state, method = started(tiny_data, RECIPE)
    one = margins_of_images(state.net, method.learner, tiny_data, "embedding")
    other = margins_of_images(state.net, method.learner, tiny_data, "pooled")
    assert np.array_equal(one.margin, other.margin)
    assert not np.array_equal(one.difficulty, other.difficulty)


def test_frozen_epochs_without_a_classifier_leave_the_margins_alone(tiny_data):
    recipe = replace(RECIPE, losses=("relation_aware",), frozen_epochs=1)
    state, method = started(tiny_data, recipe)
    training_step(state, method, method.draw(state.generator))


def test_the_recorded_outer_loss_is_a_mean_over_meta_steps(tiny_data):
    means = []
    for every in (1, 4):
        margins = replace(RECIPE.margins, every=every, rate=1e-9)
        state, method = started(tiny_data, replace(RECIPE, margins=margins))
        fit(state, method)
        means.append(state.history[0]["meta"])
    assert means[1] == pytest.approx(means[0], rel=0.3)


def test_a_batch_with_too_few_classes_for_a_meta_step_is_refused_at_once():
    with pytest.raises(ValueError, match="four classes"):
        replace(RECIPE, batch_size=8)


@pytest.mark.parametrize("build", ["named", "stored"])
def test_an_unknown_setting_of_margins_is_a_clear_mistake(build):
    with pytest.raises(ValueError, match="speed"):
        if build == "named":
            named_recipe("ramln", margins=dict(speed=1))
        else:
            Recipe.from_dict(RECIPE.to_dict() | {"margins": {"speed": 1}})


def test_both_forms_agree_where_a_unit_step_has_no_direction():
    zero = torch.zeros(1, dtype=torch.float64)

    def inner(learner, settings):
        return (learner["w"] - settings["m"]).square().sum()

    gradients = [
        form(
            inner, lambda one: one["w"].sum(), {"w": zero}, {"m": zero}, 1.0, unit=True
        )
        for form in (exact_meta_gradient, first_order_meta_gradient)
    ]
    assert [float(gradient["m"]) for gradient, _ in gradients] == [0.0, 0.0]


def test_ties_within_classes_stay_ties():
    margin = np.array([2, 6, 4, 8, 8, 8]) / 20
    difficulty = np.array([6, 6, 3, 5, 1, 3]) / 10
    labels = np.array([0, 0, 1, 1, 2, 2])
    some = ImageMargins(
        np.tile(margin, 2),
        np.tile(difficulty, 2),
        np.tile(labels, 2),
        np.arange(12) // 6,
    )
    # margins -2 2 -2 2 0 0 and difficulties 0 0 -1 1 -1 1, less class means
    found = describe_image_margins(some)["ambiguity/sketches"]
    assert found == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["labels", "modality"])
def test_labels_or_modality_of_another_batch_are_refused(name):
    given = dict(
        embeddings=torch.rand(8, 2),
        labels=torch.arange(8) // 4,
        modality=torch.arange(8) % 2,
        margin=0.2,
    )
    given[name] = given[name][:5]
    with pytest.raises(ValueError, match=name):
        relation_aware_quadruplet_loss(**given)


def test_a_single_modality_for_a_whole_batch_is_refused():
    points, labels = torch.rand(8, 2), torch.arange(8) // 4
    with pytest.raises(ValueError, match="modality"):
        relation_aware_quadruplet_loss(points, labels, torch.zeros(1), 0.2)


def test_the_shortest_training_learns_margins():
    recipe = named_recipe("ramln", profile="smoke")
    assert recipe.margins.warm_up < recipe.epochs * recipe.steps_per_epoch


@pytest.mark.parametrize("bounds", [dict(high=float("inf")), dict(low=-float("inf"))])
def test_infinite_bounds_are_refused(bounds):
    with pytest.raises(ValueError, match="margins.low|margins.high"):
        named_recipe("ramln", margins=bounds)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("known", [0, 1])
def test_pushes_that_are_hardly_known_are_described_in_numbers(known):
    alignment = torch.full((3,), torch.nan)
    alignment[:known] = 0.1
    found = describe_pushes(AnchorPushes(torch.rand(3), torch.rand(3), alignment))
    assert all(np.isfinite(value) for value in found.values())
