"""RAMLN at its edges: odd features, few classes, zero slopes, ties, bad settings."""

import numpy as np
import pytest
import torch
from margins import method_of

from zssbir_lib.losses import relation_aware_quadruplet_loss
from zssbir_lib.training import (
    ImageMargins,
    describe_image_margins,
    describe_pushes,
    draw_batch,
    exact_meta_gradient,
    margins_of_images,
    named_method,
    new_state,
    training_step,
)
from zssbir_lib.training.loop import end_epoch
from zssbir_lib.training.methods.margin_report import AnchorPushes

METHOD = named_method(
    "ramln",
    epochs=1,
    steps_per_epoch=4,
    batch_size=24,
    images_per_class=4,
    embedding_size=8,
    margins=dict(warm_up=0, beta=5.0),
)


def test_margins_are_read_from_embeddings_where_retrieval_uses_another_feature(
    tiny_data,
):
    state = new_state(METHOD, tiny_data)
    one = margins_of_images(state.net, state.kept, tiny_data, "embedding")
    other = margins_of_images(state.net, state.kept, tiny_data, "pooled")
    assert np.array_equal(one.margin, other.margin)
    assert not np.array_equal(one.difficulty, other.difficulty)


def test_frozen_epochs_without_a_classifier_leave_the_margins_alone(tiny_data):
    method = METHOD.changed(losses=("relation_aware",), gates=True, frozen_epochs=1)
    state = new_state(method, tiny_data)
    before = state.kept.margins.layers[-1].weight.detach().clone()
    training_step(state, draw_batch(state, state.generator))
    assert torch.equal(before, state.kept.margins.layers[-1].weight)


def test_the_recorded_outer_loss_is_a_mean_over_meta_steps(tiny_data):
    state = new_state(METHOD.changed(margins={"warm_up": 2}), tiny_data)
    for _ in range(4):
        losses = training_step(state, draw_batch(state, state.generator))
        state.epoch_losses.append(losses)
    known = [losses["meta"] for losses in state.epoch_losses if "meta" in losses]
    end_epoch(state, None)
    assert len(known) == 2 and known[0] != known[1]
    assert state.history[0]["meta"] == pytest.approx(sum(known) / 2)


@pytest.mark.parametrize("build", ["named", "changed", "stored"])
def test_an_unknown_setting_of_margins_is_a_clear_mistake(build):
    with pytest.raises(ValueError, match="has no field called 'speed'.*it has: form"):
        if build == "named":
            named_method("ramln", margins=dict(speed=1))
        elif build == "changed":
            METHOD.changed(margins=dict(speed=1))
        else:
            method_of(METHOD.to_dict() | {"margins": {"speed": 1}})


def test_a_unit_step_without_direction_has_no_gradient():
    zero = torch.zeros(1, dtype=torch.float64)

    def inner(learner, settings):
        return (learner["w"] - settings["m"]).square().sum()

    gradient, _ = exact_meta_gradient(
        inner, lambda one: one["w"].sum(), {"w": zero}, {"m": zero}, 1.0, unit=True
    )
    assert float(gradient["m"]) == 0.0


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
    method = named_method("ramln", profile="smoke")
    recipe = method.recipe
    assert method.margins.warm_up < recipe.epochs * recipe.steps_per_epoch


@pytest.mark.parametrize("bounds", [dict(high=float("inf")), dict(low=-float("inf"))])
def test_infinite_bounds_are_refused(bounds):
    with pytest.raises(ValueError, match="margins.low|margins.high"):
        named_method("ramln", margins=bounds)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("known", [0, 1])
def test_pushes_that_are_hardly_known_are_described_in_numbers(known):
    alignment = torch.full((3,), torch.nan)
    alignment[:known] = 0.1
    found = describe_pushes(AnchorPushes(torch.rand(3), torch.rand(3), alignment))
    assert all(np.isfinite(value) for value in found.values())
