"""Class names: repeated, unknown, or differing in spelling only."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Pairing:
    """Which name of one list means which name of another."""

    pairs: Mapping[str, str]  # found -> wanted, exact matches included
    # names, found and wanted, of which no one can tell which means which; not paired
    ambiguous: tuple[tuple[str, ...], ...]

    def respelled(self) -> dict[str, str]:
        """Return the pairs whose spelling differs."""
        return {found: name for found, name in self.pairs.items() if found != name}


def name_key(name: str) -> str:
    """Reduce a class name to its letters and digits, in lower case.

    The name itself if it has no letter or digit.

    Example:
        >>> name_key("Car_(sedan)")
        'carsedan'
    """
    composed = unicodedata.normalize("NFKC", name).casefold()
    return "".join(one for one in composed if one.isalnum()) or name


def pair_names(
    found: Iterable[str],
    wanted: Iterable[str],
    spellings: Mapping[str, str] | None = None,
) -> Pairing:
    """Match names: first those that are equal, then those equal but for spelling.

    Case, spaces, underscores, hyphens and brackets are spelling. Two names are never
    matched to one: where that could happen, nothing is matched. `spellings` says which
    key of a found name stands for another (`Layout.spellings`).

    Example:
        >>> pair_names(["palmtree", "axe"], ["palm tree", "bus"]).pairs
        {'palmtree': 'palm tree'}
    """
    found, wanted = list(found), list(wanted)
    equal = set(found) & set(wanted)
    here = _by_key((name for name in found if name not in equal), spellings or {})
    there = _by_key((name for name in wanted if name not in equal), {})
    pairs, ambiguous = {name: name for name in equal}, []
    for key in here.keys() & there.keys():
        if len(here[key]) == len(there[key]) == 1:
            pairs[here[key][0]] = there[key][0]
        else:
            ambiguous.append(tuple(sorted({*here[key], *there[key]})))
    ordered = {name: pairs[name] for name in found if name in pairs}
    return Pairing(ordered, tuple(sorted(ambiguous)))


def _by_key(names: Iterable[str], spellings: Mapping[str, str]) -> dict[str, list[str]]:
    """Group names by their key."""
    groups = defaultdict(list)
    for name in names:
        key = name_key(name)
        groups[spellings.get(key, key)].append(name)
    return groups


def describe_pairs(respelled: Mapping[str, str], most: int = 3) -> str:
    """Write for example ``"'palmtree' as 'palm tree', 'Axe' as 'axe' and 3 more"``."""
    texts = [f"{found!r} as {name!r}" for found, name in respelled.items()]
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
