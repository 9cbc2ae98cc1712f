"""The named splits of the embedded world."""

import pytest

from zssbir_lib.world import class_names
from zssbir_lib.world.groups import (
    LOOK_ALIKES,
    PAIRS_APART,
    WORLD_SPLITS,
    draw_groups,
    draw_pool,
)


def all_groups(split):
    return (split.pretraining, split.seen, split.validation, split.unseen)


@pytest.mark.parametrize("name", WORLD_SPLITS)
def test_groups_are_disjoint_and_cover_the_catalogue(name):
    groups = all_groups(WORLD_SPLITS[name])
    together = [c for group in groups for c in group]
    assert sorted(together) == sorted(class_names())


@pytest.mark.parametrize("name", WORLD_SPLITS)
def test_group_sizes(name):
    _, seen, validation, unseen = all_groups(WORLD_SPLITS[name])
    assert (len(seen), len(validation), len(unseen)) == (45, 15, 15)


@pytest.mark.parametrize("name", WORLD_SPLITS)
def test_some_unseen_classes_have_a_seen_look_alike(name):
    split = WORLD_SPLITS[name]
    parted = [
        pair
        for pair in LOOK_ALIKES
        if (pair[0] in split.seen and pair[1] in split.unseen)
        or (pair[1] in split.seen and pair[0] in split.unseen)
    ]
    assert len(parted) >= PAIRS_APART


def test_at_least_three_different_draws_share_their_pretraining_classes():
    splits = list(WORLD_SPLITS.values())
    assert len({split.unseen for split in splits}) == len(splits) >= 3
    assert len({split.pretraining for split in splits}) == 1


def test_a_draw_is_the_same_every_time():
    assert draw_groups(0) == WORLD_SPLITS["world-a"] == draw_groups(0)


def test_look_alikes_name_each_class_once_and_never_a_pretraining_class():
    names = [name for pair in LOOK_ALIKES for name in pair]
    assert len(set(names)) == len(names)
    assert set(names) <= set(draw_pool())
