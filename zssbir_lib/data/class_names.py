"""Checks on lists of class names, with a guess at what a wrong name meant."""

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def suggest(name: str, known: Iterable[str]) -> str:
    """Describe a name in quotes, followed by the nearest known name if one is near.

    Args:
        name: The name that was not found.
        known: The names that exist.

    Returns:
        For example ``"'palm tree' (did you mean 'palm_tree'?)"``.
    """
    nearest = get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f"{name!r} (did you mean {nearest[0]!r}?)" if nearest else repr(name)


def repeated(names: Sequence[str]) -> list[str]:
    """List the names that stand more than once in a sequence, in order.

    Args:
        names: Class names.

    Returns:
        Each repeated name once.
    """
    return [name for name, count in Counter(names).items() if count > 1]


def check_known(wanted: Sequence[str], known: Sequence[str], owner: str) -> None:
    """Check that every wanted class exists.

    Args:
        wanted: Class names asked for.
        known: Class names that exist.
        owner: What they should exist in, for the message ("data set 'x'").

    Raises:
        ValueError: Naming every class that is missing, with suggestions.
    """
    existing = set(known)
    missing = [name for name in wanted if name not in existing]
    if missing:
        listed = ", ".join(suggest(name, known) for name in missing)
        raise ValueError(
            f"{owner} lacks {len(missing)} of the {len(wanted)} classes asked for: "
            f"{listed}; use a split made for this data set or rename its classes"
        )
