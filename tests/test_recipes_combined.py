"""The combined recipe: what it is made of, at the same number of images as MATHM."""

from dataclasses import replace

import pytest

from zssbir_lib.data import Augmentation, load_split
from zssbir_lib.training import (
    build_method,
    fit,
    named_recipe,
    new_state,
    plan_ablation,
)
from zssbir_lib.training.studies.combined_rows import (
    CHOSEN,
    CHOSEN_LARGE,
    COMBINED_SEARCH,
)

HEAVY = dict(metric_weight=3.0)
SMALL = dict(classifier_scale=16.0, augmentation=Augmentation(edges=0.3))
SETTINGS = [
    ("small", "quick", HEAVY | SMALL),
    ("small", "book", HEAVY | SMALL),
    ("mobilenet_v2", "quick", dict(feature="centred")),
    ("resnet50", "paper", {}),
]


@pytest.mark.parametrize(("backbone", "profile", "changes"), SETTINGS)
def test_it_is_mathm_with_what_helped(backbone, profile, changes):
    plain = named_recipe("mathm", backbone, profile)
    assert named_recipe("combined", backbone, profile) == replace(plain, **changes)


@pytest.mark.parametrize(
    ("backbone", "profile"), [("small", "quick"), ("mobilenet_v2", "quick")]
)
def test_every_row_of_the_search_sees_as_many_images(backbone, profile):
    runs = plan_ablation(
        [load_split("world-a")], [profile], 1, None, backbone, "combined-search"
    )
    steps = {
        (r.recipe.batch_size, r.recipe.epochs, r.recipe.steps_per_epoch) for r in runs
    }
    assert len(steps) == 1
    if backbone == "small":  # with larger ones two rows are what they have anyway
        assert len({run.recipe for run in runs}) == len(COMBINED_SEARCH.rows)


@pytest.mark.parametrize(
    ("row", "backbone"), [(CHOSEN, "small"), (CHOSEN_LARGE, "mobilenet_v2")]
)
def test_the_search_ends_with_the_recipe(row, backbone):
    chosen = named_recipe("mathm", backbone, **COMBINED_SEARCH.rows[row])
    assert chosen == named_recipe("combined", backbone)


def test_changes_keep_the_rest_of_the_augmentation():
    recipe = named_recipe("combined", augmentation=dict(grey=0.5))
    assert recipe.augmentation == Augmentation(grey=0.5, edges=0.3)


def test_it_trains_with_all_its_losses(tiny_data, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "cache"))
    seen = tiny_data.restricted_to("abcd")
    size = dict(epochs=1, steps_per_epoch=2, batch_size=12, images_per_class=4)
    recipe = named_recipe("combined", **size)
    state = new_state(recipe, 0, len(seen.sketches), classes=4)
    assert state.net.gated and state.net.heads["identity"].scale == 16
    fit(state, build_method(seen, recipe))
    assert state.step == 2
    assert {"modality_aware", "classification"} <= set(state.history[0])
