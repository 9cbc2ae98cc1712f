"""RAMLN's ablation and search: what the rows are; what settings are refused."""

from dataclasses import asdict, replace

import pytest

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.training import ABLATIONS, Recipe, named_recipe, plan_ablation
from zssbir_lib.training.recipes.margin_settings import CHOICES, MarginSettings

ONE = ZeroShotSplit("one", tuple(f"s{i}" for i in range(40)), (), ("u", "v"))
BASE = named_recipe("ramln")


def recipes_of(method, backbone="small", **changes):
    runs = plan_ablation([ONE], ["quick"], 1, None, backbone, method, **changes)
    return {run.row.removesuffix(":quick"): run.recipe for run in runs}


def changed(recipe, base=BASE):
    """Return the fields in which two recipes differ, those of margins too."""
    one, other = (asdict(r) | asdict(r.margins) for r in (recipe, base))
    names = {n for n in one if one[n] != other[n] and n != "margins"}
    return {name: one[name] for name in sorted(names)}


def test_rows_of_the_ablation_are_what_their_names_say():
    recipes = recipes_of("ramln")
    assert recipes.pop("learned") == BASE
    assert changed(recipes.pop("classification")) == {"losses": ("classification",)}
    assert changed(recipes.pop("bid-tri")) == {"form": "fixed", "lam": 1.0}
    assert changed(recipes.pop("scalar")) == {"form": "scalar"}
    joint = {"form": "scalar", "learning": "joint"}
    assert changed(recipes.pop("scalar-joint")) == joint
    apart = {"learning": "joint", "centred": False}  # else it could not shrink
    assert changed(recipes.pop("memory-joint")) == apart
    assert changed(recipes.pop("embedding")) == {"form": "embedding"}
    assert changed(recipes.pop("learned-shuffled")) == {"shuffled": True}
    for margin in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7):
        recipe = recipes.pop(f"bid-qua-{margin}")
        assert recipe.margin == margin
        assert changed(replace(recipe, margin=0.3)) == {"form": "fixed"}
    assert {recipe.method for recipe in recipes.values()} == {"mathm", "sbtknet"}


def test_rows_of_the_search_change_one_thing_or_say_so():
    recipes = recipes_of("ramln-search")
    assert recipes.pop("learned") == BASE
    for weight in (1.0, 3.0, 10.0):
        recipe = recipes.pop(f"fixed-weight-{weight}")
        assert recipe.metric_weight == weight
        assert changed(replace(recipe, metric_weight=3.0)) == {"form": "fixed"}
    fixed = named_recipe("ramln", margins=dict(form="fixed"))
    for name, recipe in recipes.items():
        base = fixed if name.startswith("fixed-") else BASE
        parts = 2 if "+" in name or name == "3-inner-steps" else 1
        assert len(changed(recipe, base)) == parts, name
    assert changed(recipes["uniform"]) == {"sampling": "uniform"}
    assert changed(recipes["unit-step"]) == {"unit_step": True}
    assert changed(recipes["3-inner-steps"]) == {"inner_rate": 1.0, "inner_steps": 3}
    assert changed(recipes["raw-inputs"]) == {"standardised": False}


@pytest.mark.parametrize("method", ["ramln", "ramln-search"])
@pytest.mark.parametrize("backbone", ["small", "mobilenet_v2", "resnet50"])
def test_no_row_stands_under_two_names_and_all_train_as_long(method, backbone):
    recipes = recipes_of(method, backbone)
    assert len(set(recipes.values())) == len(recipes) == len(ABLATIONS[method].rows)
    assert len({(r.epochs, r.steps_per_epoch) for r in recipes.values()}) == 1
    assert {r.feature for r in recipes.values()} == {"embedding"}
    learned = [r for r in recipes.values() if r.method == "ramln"]
    assert {r.batch_size // r.images_per_class >= 4 for r in learned} == {True}
    lengths = {r.epochs * r.steps_per_epoch > 2 * r.margins.warm_up for r in learned}
    assert lengths == {True}


def test_a_setting_of_margins_is_shared_by_rows_that_do_not_choose_it():
    recipes = recipes_of("ramln", margins=dict(beta=9.0))
    assert {r.margins.beta for r in recipes.values() if r.method == "ramln"} == {9.0}
    assert recipes["scalar-joint"].margins == replace(
        BASE.margins, beta=9.0, form="scalar", learning="joint"
    )
    with pytest.raises(ValueError, match="choose the margins.form: leave margins.form"):
        recipes_of("ramln", margins=dict(form="fixed"))


@pytest.mark.parametrize("name", list(CHOICES))
def test_every_choice_is_accepted_and_others_are_named(name):
    for choice in CHOICES[name]:
        assert getattr(MarginSettings(**{name: choice}), name) == choice
    message = f"margins.{name} must be one of {', '.join(CHOICES[name])}; got 'none'"
    with pytest.raises(ValueError, match=message):
        MarginSettings(**{name: "none"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(inner_rate=0.0), "margins.inner_rate must be above 0, got 0.0"),
        (dict(inner_rate=float("nan")), "margins.inner_rate must be above 0, got nan"),
        (dict(beta=-1.0), "margins.beta must be above 0, got -1.0"),
        (dict(inner_steps=0), "margins.inner_steps must be 1 or more, got 0"),
        (dict(slots=0), "margins.slots must be 1 or more, got 0"),
        (dict(low=0.8), "below margins.high, and both finite; got 0.8 and 0.8"),
        (dict(high=float("nan")), "both finite; got 0.01 and nan"),
        (
            dict(gradient="first_order", inner_steps=3),
            "use margins.inner_steps=1 or margins.gradient=exact, got 3 steps",
        ),
    ],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        MarginSettings(**changes)


@pytest.mark.parametrize("form", ["scalar", "embedding", "memory"])
@pytest.mark.parametrize("margin", [0.01, 0.8, 0.9, 0.0])
def test_learned_margins_start_within_their_range(form, margin):
    message = f"margin is {margin}, where learned margins start: it must lie between"
    with pytest.raises(ValueError, match=message):
        named_recipe("ramln", margin=margin, margins=dict(form=form))
    assert named_recipe("mathm", margin=margin).margin == margin  # learns none


@pytest.mark.parametrize("changes", [dict(), dict(form="fixed", shuffled=True)])
def test_a_recipe_of_margins_survives_plain_values(changes):
    recipe = named_recipe("ramln", sampling="uniform", margins=changes)
    again = Recipe.from_dict(recipe.to_dict())
    assert again == recipe and isinstance(again.margins, MarginSettings)


def test_a_recipe_says_what_only_ramln_reads_for_ramln_alone():
    for name in ("sampling", "lam", "margins"):
        assert f"\n  {name:<22} " in str(BASE)
        assert f"\n  {name:<22} " not in str(named_recipe("mathm"))


def test_an_unknown_sampling_is_refused():
    with pytest.raises(ValueError, match="sampling must be one of hard, uniform; got"):
        named_recipe("ramln", sampling="easy")
