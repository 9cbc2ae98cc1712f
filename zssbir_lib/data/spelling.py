"""Match class names that differ in spelling only: "palm tree", "Palm_Tree"."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


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
