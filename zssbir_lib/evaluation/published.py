"""Results that papers published: as data, which may be compared, which contradict.

The values are in `published_results.json` beside this file, in percent, with the digits
printed and with where they stand. What the sources do not say is None; nothing is
filled in. Two values can be compared if they measure the same thing on the same images.
Backbone and dimension belong to the method: they are reasons for a difference, not
against a comparison.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import combinations
from operator import attrgetter
from typing import Any, NamedTuple

QUANTITIES = ("map@all", "map@200", "p@100", "p@200")
UNKNOWN_DEFINITION = "the definition of the metric is not known"
UNKNOWN_CLASSES = "the unseen classes are not known"
UNKNOWN_PROTOCOL = "which of the generalised protocols was used is not known"


# as data


@dataclass(frozen=True)
class PublishedResult:
    """One published value and everything that is known about it; None if not known.

    The benchmark is "sketchy-25", "sketchy-21", "tuberlin-30" or "quickdraw-30", or
    "sketchy-unknown" where a table does not say which classes it means; the split says
    whose unseen classes: "sake" or "sempcyc", "shared" where all public lists of the
    benchmark agree, "unknown". A metric ends with "/unknown" where the definition is
    not known. Precision needs no such mark: its definitions agree wherever every class
    has K photos, as in all public lists that could be counted. How a definition is
    known: "code" was read in released code, "inferred" follows from the numbers.
    """

    method: str
    venue: str | None
    year: int | None
    backbone: str | None  # network that it starts from
    variant: str | None  # row of an ablation; None for the method itself
    benchmark: str
    setting: str  # "zero-shot" or "generalised"
    metric: str  # as in `metric_names()`
    metric_from: str | None  # "code" or "inferred"; None for precision too
    printed: str  # the value in percent, with the digits of the table
    dimensions: int | None  # length of the embedding or code
    binary: bool | None  # whether photos are compared by binary codes
    split: str
    sources: tuple[str, ...]  # the tables that print it, keys of `published_sources()`
    caveat: str | None  # why the value is not what its place says
    note: str | None  # what else is known

    @property
    def value(self) -> float:
        """Return the value in percent, 0 to 100."""
        return float(self.printed)

    @property
    def quantity(self) -> str:
        """Return the metric without its definition: "map@200" for "map@200/hits"."""
        return self.metric.partition("/")[0]

    @property
    def name(self) -> str:
        """Return the method with its variant and the length of binary codes."""
        variant = f" ({self.variant})" if self.variant else ""
        return self.method + variant + (f", {self.dimensions} bits" * bool(self.binary))


def published_results() -> tuple[PublishedResult, ...]:
    """Read all published values, by method, oldest first, then the generalised setting.

    Tables that contradict each other have an entry each.

    Example:
        >>> found = select_results(published_results(), method="MATHM", variant=None)
        >>> [(result.metric, result.printed) for result in found]
        [('map@all/voc', '50.82'), ('p@100', '60.62')]
    """
    contents = _contents()
    return tuple(
        _result(entry, contents["methods"][entry["method"]])
        for entry in contents["results"]
    )


def published_sources() -> dict[str, str]:
    """Return the tables that the values come from: key to description."""
    return dict(_contents()["sources"])


def methods_without_values() -> dict[str, str]:
    """Return the methods whose results could not be read: name to where they are."""
    return dict(_contents()["without_values"])


def select_results(
    results: Iterable[PublishedResult], **wanted: object
) -> list[PublishedResult]:
    """Keep the results that have all the wanted properties, in their order.

    Wanted is any field of `PublishedResult` (None for not known), `quantity`, such as
    "map@200" for mAP@200 under every definition, or `source`, the key of a table.
    """
    known = [field.name for field in fields(PublishedResult)] + ["quantity", "source"]
    strange = [name for name in wanted if name not in known]
    if strange:
        raise ValueError(f"no field {strange[0]!r} to select by: use {known}")
    source = wanted.pop("source", None)
    if source is not None and source not in published_sources():
        raise ValueError(
            f"no source {source!r}: choose one of {sorted(published_sources())}"
        )
    return [
        result
        for result in results
        if (source is None or source in result.sources)
        and all(getattr(result, name) == value for name, value in wanted.items())
    ]


def _result(entry: Mapping[str, Any], method: Mapping[str, Any]) -> PublishedResult:
    """Join an entry of the file with what is known about its method."""
    notes = [note for note in (entry["note"], method["note"]) if note]
    known = {**method, **entry, "sources": tuple(entry["sources"])}
    known["note"] = "; ".join(notes) or None
    return PublishedResult(printed=known.pop("value"), **known)


@cache
def _contents() -> dict[str, Any]:
    """Read the file once; values stay text, so that their digits are kept."""
    file = files("zssbir_lib.evaluation").joinpath("published_results.json")
    return json.loads(file.read_text(encoding="utf-8"), parse_float=str)


# which may be compared


class LikeWithLike(NamedTuple):
    """What values of one group share: they may be compared with each other."""

    benchmark: str
    setting: str
    metric: str
    split: str


@dataclass(frozen=True)
class Comparability:
    """Whether two values can be compared: true if there is no reason against it."""

    reasons: tuple[str, ...]

    def __bool__(self) -> bool:
        """Return whether there is no reason against the comparison."""
        return not self.reasons


def obstacles(result: PublishedResult) -> tuple[str, ...]:
    """Say why a value cannot be compared with any other, one sentence a reason."""
    reasons = {
        UNKNOWN_DEFINITION: result.metric.endswith("/unknown"),
        UNKNOWN_CLASSES: result.split == "unknown",
        UNKNOWN_PROTOCOL: result.setting == "generalised",
        result.caveat: result.caveat,
    }
    return tuple(reason for reason, holds in reasons.items() if holds)


def comparable(first: PublishedResult, second: PublishedResult) -> Comparability:
    """Say whether two values can be compared, and if not, by its `reasons` why."""
    unknown = [
        f"{one.name}: {why}" for one in (first, second) for why in obstacles(one)
    ]
    return Comparability((*_differences(first, second), *dict.fromkeys(unknown)))


def like_with_like(
    results: Iterable[PublishedResult],
) -> dict[LikeWithLike, list[PublishedResult]]:
    """Group the values that can be compared with each other, largest group first.

    Real values and binary codes of a method share a group, to show what codes cost;
    `comparable` keeps them apart. Values with `obstacles` are in no group.
    """
    groups: dict[LikeWithLike, list[PublishedResult]] = {}
    for result in results:
        if not obstacles(result):
            key = LikeWithLike(*attrgetter(*LikeWithLike._fields)(result))
            groups.setdefault(key, []).append(result)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def _differences(first: PublishedResult, second: PublishedResult) -> list[str]:
    """Say in which ways two values are known to mean different things."""
    found = []
    if _different_images(first.benchmark, second.benchmark):
        found.append(f"{first.benchmark} and {second.benchmark} are different images")
    elif first.split != second.split and "unknown" not in (first.split, second.split):
        found.append(f"unseen classes of {first.split} and of {second.split} differ")
    if first.setting != second.setting:
        found.append(f"{first.setting} and {second.setting} are different settings")
    if first.quantity != second.quantity:
        found.append(f"{first.quantity} and {second.quantity} are different quantities")
    elif (
        first.metric != second.metric and "unknown" not in first.metric + second.metric
    ):
        found.append(f"{first.metric} and {second.metric} are different definitions")
    if {first.binary, second.binary} == {True, False}:
        found.append("real-valued embeddings and binary codes differ in what they cost")
    return found


def _different_images(first: str, second: str) -> bool:
    """Return whether two benchmarks are known to be different."""
    datasets = {name.partition("-")[0] for name in (first, second)}
    known = not first.endswith("-unknown") and not second.endswith("-unknown")
    return len(datasets) == 2 or (known and first != second)


# which contradict each other


def disagreements(
    results: Sequence[PublishedResult],
) -> list[tuple[PublishedResult, PublishedResult]]:
    """Find the pairs of values on which tables contradict each other, in order.

    Different tables print the same quantity of the same method, but they differ by more
    than rounding, or in the number of dimensions.
    """
    return [pair for pair in combinations(results, 2) if _contradict(*pair)]


def _contradict(first: PublishedResult, second: PublishedResult) -> bool:
    """Return whether two values should agree and do not."""
    shared = attrgetter(
        "method", "variant", "benchmark", "setting", "quantity", "binary"
    )
    one_table = set(first.sources) & set(second.sources)  # with two rows
    if shared(first) != shared(second) or one_table:
        return False
    lengths = {first.dimensions, second.dimensions} - {None}
    apart = abs(Decimal(first.printed) - Decimal(second.printed))
    return len(lengths) == 2 or apart > _rounding(first.printed, second.printed)


def _rounding(first: str, second: str) -> Decimal:
    """Return how far apart two prints of one number may be: 0, or half a digit."""
    digits = {Decimal(text).as_tuple().exponent for text in (first, second)}
    return Decimal(0) if len(digits) == 1 else Decimal(5).scaleb(max(digits) - 1)
