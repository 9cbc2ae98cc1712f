"""Zero-shot splits: which classes are trained on, chosen on and tested on."""

import random
from dataclasses import dataclass, replace
from itertools import combinations

import torch
from torch import Tensor

from zssbir_lib.data.class_names import check_known, repeated
from zssbir_lib.data.images import ImageSet, SketchPhotoData


@dataclass(frozen=True)
class ZeroShotSplit:
    """Name the classes of a zero-shot experiment, in four disjoint groups.

    Args:
        name: what to call the split.
        seen: classes trained on.
        validation: classes never trained on, used for every choice; may be empty.
        unseen: classes touched once, for the final number.
        pretraining: classes (photos only) the backbone has seen before; may be empty.

    Raises:
        ValueError: naming the classes that stand in two groups or twice in one, or
            the group that is empty.

    Example:
        >>> ZeroShotSplit("tiny", seen=("cat", "mug"), validation=(), unseen=("owl",))

    Source: Shen et al., CVPR 2018 (the zero-shot setting: seen and unseen disjoint).
    """

    name: str
    seen: tuple[str, ...]
    validation: tuple[str, ...]
    unseen: tuple[str, ...]
    pretraining: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        groups = self.groups()
        for group, names in groups.items():
            if twice := repeated(names):
                raise ValueError(
                    f"split {self.name!r}: {group} lists {', '.join(twice)} twice"
                )
        for required in ("seen", "unseen"):
            if not groups[required]:
                raise ValueError(f"split {self.name!r}: {required} has no classes")
        for first, second in combinations(groups, 2):
            self._check_disjoint(first, second)

    def _check_disjoint(self, first: str, second: str) -> None:
        """Check that two groups share no class."""
        groups = self.groups()
        shared = [name for name in groups[first] if name in set(groups[second])]
        if shared:
            raise ValueError(
                f"split {self.name!r}: {', '.join(shared)} in both {first} and "
                f"{second}; a zero-shot test needs disjoint groups, so remove "
                f"{'them' if len(shared) > 1 else 'it'} from one"
            )

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the class names by group: seen, validation, unseen, pretraining."""
        return {
            "seen": self.seen,
            "validation": self.validation,
            "unseen": self.unseen,
            "pretraining": self.pretraining,
        }

    def apply(self, data: SketchPhotoData) -> "ZeroShotData":
        """Cut a data set into its seen, validation and unseen parts."""
        used = self.seen + self.validation + self.unseen
        owner = f"data set {data.name!r} (split {self.name!r})"
        check_known(used, data.class_names, owner)
        return ZeroShotData(
            seen=data.restricted_to(self.seen),
            validation=data.restricted_to(self.validation) if self.validation else None,
            unseen=data.restricted_to(self.unseen),
            unused=tuple(name for name in data.class_names if name not in set(used)),
        )

    def with_held_out(self, count: int, seed: int) -> "ZeroShotSplit":
        """Move some seen classes, drawn at random, to validation.

        The draw depends on the names, the count and the seed only, not on the order
        of the names or on the version of any library.

        Args:
            count: how many classes to move; at least two must stay seen.
            seed: any whole number.

        Returns:
            The new split. Both groups keep the order they had.

        Raises:
            ValueError: the count is negative or too large.
        """
        if not 0 <= count <= len(self.seen) - 2:
            raise ValueError(
                f"cannot hold out {count} of {len(self.seen)} seen classes: "
                f"choose 0 to {max(len(self.seen) - 2, 0)}, to keep two to train on"
            )
        drawn = set(random.Random(seed).sample(sorted(self.seen), count))
        return replace(
            self,
            seen=tuple(name for name in self.seen if name not in drawn),
            validation=self.validation
            + tuple(name for name in self.seen if name in drawn),
        )

    def with_fewer_seen(self, count: int, seed: int) -> "ZeroShotSplit":
        """Keep only some seen classes, drawn at random: a harder training.

        The others are not used at all; validation and unseen classes stay.

        Args:
            count: how many classes to train on, at least two.
            seed: any whole number; draws as `with_held_out` does.

        Returns:
            The new split.

        Raises:
            ValueError: the count is below two or above the number there is.
        """
        if not 2 <= count <= len(self.seen):
            raise ValueError(
                f"cannot keep {count} of {len(self.seen)} seen classes: "
                f"choose 2 to {len(self.seen)}"
            )
        drawn = set(random.Random(seed).sample(sorted(self.seen), count))
        return replace(self, seen=tuple(name for name in self.seen if name in drawn))


@dataclass(frozen=True, eq=False)
class ZeroShotData:
    """Hold the parts of a data set under a split.

    Args:
        seen: what may be trained on.
        validation: what choices may look at; None if the split has none.
        unseen: what the final number is measured on.
        unused: classes of the data set that the split does not name.
    """

    seen: SketchPhotoData
    validation: SketchPhotoData | None
    unseen: SketchPhotoData
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class SplitComparison:
    """Say how two splits relate.

    Args:
        shared_unseen: classes that both test on.
        first_tests_second_trains: unseen in the first split, seen in the second.
        second_tests_first_trains: unseen in the second split, seen in the first.
    """

    shared_unseen: tuple[str, ...]
    first_tests_second_trains: tuple[str, ...]
    second_tests_first_trains: tuple[str, ...]


def compare_splits(first: ZeroShotSplit, second: ZeroShotSplit) -> SplitComparison:
    """Compare what two splits train and test on.

    Results under two splits may be compared only if their unseen classes are the
    same; a model trained under one and tested under the other has seen test classes.

    Args:
        first: a split.
        second: another split.

    Returns:
        The shared and the crossed classes, in the order of the split that tests.
    """
    return SplitComparison(
        shared_unseen=_common(first.unseen, second.unseen),
        first_tests_second_trains=_common(first.unseen, second.seen),
        second_tests_first_trains=_common(second.unseen, first.seen),
    )


def _common(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the names that are also among the others."""
    return tuple(name for name in names if name in set(others))


def hold_out_sketches(
    data: SketchPhotoData, share: float = 0.1, seed: int = 0
) -> tuple[SketchPhotoData, ImageSet]:
    """Take some sketches of every class away from the training.

    Args:
        data: the seen classes.
        share: part of each class's sketches to hold out, above 0 and below 1; at least
            one sketch is held out and one stays.
        seed: decides which; the same on every machine.

    Returns:
        The data without the held-out sketches, and those sketches with their labels.

    Raises:
        ValueError: the share is out of range or a class has fewer than two sketches.

    Source: SAKE's lists hold out 50 sketches a class of Sketchy and 10 of TU-Berlin;
        the paper of SBTKNet does not say what its early stopping looks at.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}, expected a number between 0 and 1")
    generator = torch.Generator().manual_seed(seed)
    held: list[Tensor] = []
    for label, name in enumerate(data.class_names):
        indices = data.sketches.of_class(label)
        if len(indices) < 2:
            raise ValueError(
                f"class {name!r} has {len(indices)} sketches: one to hold out and one "
                "to train on are needed"
            )
        count = min(max(1, round(share * len(indices))), len(indices) - 1)
        held.append(indices[torch.randperm(len(indices), generator=generator)[:count]])
    chosen = torch.cat(held).sort().values
    stays = torch.ones(len(data.sketches), dtype=torch.bool)
    stays[chosen] = False
    rest = data.sketches.subset(stays.nonzero().squeeze(1))
    return replace(data, sketches=rest), data.sketches.subset(chosen)
