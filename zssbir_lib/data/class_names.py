"""Checks on lists of class names, with a guess at what a wrong name meant."""

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def suggest(name: str, known: Iterable[str]) -> str:
    """Write a name as ``"'palm tree' (did you mean 'palm_tree'?)"``, if one is."""
    nearest = get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f"{name!r} (did you mean {nearest[0]!r}?)" if nearest else repr(name)


def repeated(names: Sequence[str]) -> list[str]:
    """List the names that stand more than once in a sequence, each once, in order."""
    return [name for name, count in Counter(names).items() if count > 1]


def check_known(wanted: Sequence[str], known: Sequence[str], owner: str) -> None:
    """Raise unless every wanted class is known to its owner, such as "data set 'x'"."""
    existing = set(known)
    missing = [name for name in wanted if name not in existing]
    if missing:
        listed = ", ".join(suggest(name, known) for name in missing)
        raise ValueError(
            f"{owner} lacks {len(missing)} of the {len(wanted)} classes asked for: "
            f"{listed}; use a split made for this data set or rename its classes"
        )
