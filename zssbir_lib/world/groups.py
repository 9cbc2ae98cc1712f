"""Which classes of the embedded world are for pretraining, seen, validation, unseen.

The pretraining classes are the same in every split, so that one teacher serves all.
The other classes, the pool, are dealt anew for every named split.
"""

import random
from dataclasses import dataclass

from zssbir_lib.world.catalogue import class_names

POOL_SIZE = 75
UNSEEN = 15
VALIDATION = 15
PAIRS_APART = 5

# Classes that are easily taken for each other; each split parts five pairs, one class
# seen and the other unseen (the papers' "parachute mistaken for a banana").
LOOK_ALIKES = (
    ("parachute", "umbrella"),
    ("jellyfish", "octopus"),
    ("balloon", "bulb"),
    ("moon", "banana"),
    ("sun", "flower"),
    ("horse", "giraffe"),
    ("cat", "dog"),
    ("duck", "swan"),
    ("fish", "whale"),
    ("bus", "train"),
    ("car", "truck"),
    ("bicycle", "motorcycle"),
    ("guitar", "violin"),
    ("fork", "spoon"),
    ("sword", "knife"),
    ("apple", "pear"),
    ("tree", "mushroom"),
    ("star", "starfish"),
    ("bottle", "vase"),
    ("mug", "bucket"),
    ("tv", "laptop"),
    ("book", "envelope"),
    ("shoe", "sock"),
    ("hammer", "axe"),
    ("screwdriver", "paintbrush"),
    ("table", "bed"),
    ("tulip", "wineglass"),
)


@dataclass(frozen=True)
class WorldGroups:
    """The four disjoint groups of one split."""

    pretraining: tuple[str, ...]  # photos only, for the teacher: for ImageNet
    seen: tuple[str, ...]  # sketches and photos to train on
    validation: tuple[str, ...]  # unseen in training, used for every choice
    unseen: tuple[str, ...]  # touched once, for the final number


def draw_pool() -> tuple[str, ...]:
    """Return the classes that are not for pretraining, in alphabetical order.

    All look-alikes are among them; the others are drawn once, with a fixed seed.
    """
    alike = {name for pair in LOOK_ALIKES for name in pair}
    others = [name for name in sorted(class_names()) if name not in alike]
    drawn = random.Random("pool").sample(others, POOL_SIZE - len(alike))
    return tuple(sorted(alike.union(drawn)))


def draw_groups(seed: int) -> WorldGroups:
    """Deal the pool into seen, validation and unseen classes, each sorted by name.

    At least five look-alike pairs have one class seen and the other unseen.
    """
    dealer = random.Random(seed)
    pool = draw_pool()
    pretraining = sorted(set(class_names()) - set(pool))
    pairs = [dealer.sample(pair, 2) for pair in dealer.sample(LOOK_ALIKES, PAIRS_APART)]
    seen = {first for first, _ in pairs}
    unseen = {second for _, second in pairs}
    rest = [name for name in pool if name not in seen | unseen]
    dealer.shuffle(rest)
    further = UNSEEN - len(unseen)
    unseen.update(rest[:further])
    validation = rest[further : further + VALIDATION]
    seen.update(rest[further + VALIDATION :])
    groups = (pretraining, seen, validation, unseen)
    return WorldGroups(*(tuple(sorted(group)) for group in groups))


WORLD_SPLITS = {f"world-{letter}": draw_groups(i) for i, letter in enumerate("abcde")}
