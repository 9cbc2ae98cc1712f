"""Recipes and learning-rate schedules."""

import json

import pytest
import torch

from zssbir_lib.training import (
    Recipe,
    build_net,
    build_optimiser,
    learning_rate_factor,
    named_recipe,
    set_learning_rate,
)


@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2", "resnet50"])
def test_a_recipe_survives_json(backbone):
    recipe = named_recipe("triplet", backbone, "quick", margin=0.3)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_profiles_differ_in_length():
    steps = []
    for profile in ("smoke", "quick", "book"):
        recipe = named_recipe("triplet", "small", profile)
        steps.append(recipe.epochs * recipe.steps_per_epoch)
    assert steps == [20, 300, 900]


def test_paper_profile_is_sbtknets_table():
    recipe = named_recipe("triplet", "resnet50", "paper")
    assert (recipe.optimiser, recipe.learning_rate, recipe.weight_decay) == (
        "sgd",
        1e-4,
        5e-4,
    )
    assert (recipe.epochs, recipe.patience, recipe.batch_size) == (25, 5, 16)
    assert recipe.schedule == "tenfold" and recipe.steps_per_epoch is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            dict(method="magic"),
            "method must be one of untrained, triplet, .*; got 'magic'",
        ),
        (dict(profile="paper"), "profile for the backbone 'small' must be one of"),
        (dict(margin=-1.0), "margin must be 0 or more, got -1.0"),
        (dict(batch_size=0), "batch_size must be 1 or more, got 0"),
        (dict(schedule="zigzag"), "schedule must be one of one_cycle"),
        (dict(colour="red"), "no field called 'colour'"),
    ],
)
def test_bad_recipes_are_refused(arguments, message):
    arguments = {"method": "triplet"} | arguments
    with pytest.raises(ValueError, match=message):
        named_recipe(**arguments)


def test_one_cycle_rises_then_falls():
    factors = [learning_rate_factor("one_cycle", s, 100, 10) for s in range(100)]
    peak = factors.index(1.0)
    assert peak == 14  # the last of 15 warm-up steps
    assert factors[:15] == sorted(factors[:15])
    assert factors[15:] == sorted(factors[15:], reverse=True)
    assert 0 < factors[-1] < 0.01


def test_cosine_by_hand():
    assert learning_rate_factor("cosine", 0, 10, 5) == 1
    assert learning_rate_factor("cosine", 5, 10, 5) == pytest.approx(0.5)


def test_tenfold_drops_after_every_ten_epochs():
    factors = [learning_rate_factor("tenfold", 3 * e, 75, 3) for e in (0, 9, 10, 20)]
    assert factors == pytest.approx([1, 1, 0.1, 0.01])


def test_backbone_has_its_own_rate():
    recipe = named_recipe(
        "triplet", weights="none", backbone_rate=0.25, learning_rate=0.8
    )
    optimiser = build_optimiser(build_net(recipe, seed=0), recipe)
    set_learning_rate(optimiser, 0.5)
    assert [group["lr"] for group in optimiser.param_groups] == [0.1, 0.4]


def test_the_same_seed_builds_the_same_net_and_leaves_global_state_alone():
    recipe = named_recipe("triplet", weights="none")
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again = build_net(recipe, seed=1), build_net(recipe, seed=1)
    other = build_net(recipe, seed=2)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.projection.weight, again.projection.weight)
    assert not torch.equal(first.projection.weight, other.projection.weight)


def test_losses_fit_the_method():
    with pytest.raises(ValueError, match="the method triplet has one loss, got quad"):
        named_recipe("triplet", losses=("quadruplet",))
    with pytest.raises(
        ValueError, match="losses must be a tuple of names, got \\['tri"
    ):
        named_recipe("sbtknet", losses=["triplet"])


@pytest.mark.parametrize(
    ("method", "own"),
    [
        ("triplet", set()),
        ("mathm", {"images_per_class", "terms", "weighting"}),
        ("ramln", {"images_per_class", "lam", "margins"}),
    ],
)
def test_a_recipe_shows_what_its_method_uses(method, own):
    words = {line.split()[0] for line in str(named_recipe(method)).splitlines()}
    special = {"images_per_class", "terms", "weighting", "lam", "margins"}
    assert words & special == own
    assert {"method", "margin", "epochs", "losses"} <= words
