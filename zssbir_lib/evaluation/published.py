"""Results that papers published, as data: every value with where it stands.

The values are in `published_results.json` beside this file, in percent, with the digits
printed. What the sources do not say is None; nothing is filled in.

Taught in: notebook 07.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

QUANTITIES = ("map@all", "map@200", "p@100", "p@200")


@dataclass(frozen=True)
class PublishedResult:
    """One published value and everything that is known about it.

    Args:
        method: Name of the method.
        venue: Where it was published; None if not known.
        year: When; None if not known.
        backbone: Network that it starts from; None if not known.
        variant: Row of an ablation; None for the method itself.
        benchmark: "sketchy-25", "sketchy-21", "tuberlin-30" or "quickdraw-30"; or
            "sketchy-unknown" where a table does not say which classes it means.
        setting: "zero-shot" or "generalised".
        metric: Name as in `metric_names()`; ends with "/unknown" where the definition
            is not known. Precision needs no such mark: its definitions agree wherever
            every class has K photos, as in all public lists that could be counted.
        metric_from: How the definition is known: "code" was read in released code,
            "inferred" follows from the numbers; None for precision and where unknown.
        printed: The value in percent, with the digits of the table.
        dimensions: Length of the embedding or code; None if not known.
        binary: Whether photos are compared by binary codes; None if not known.
        split: Whose unseen classes: "sake" or "sempcyc", "shared" where all public
            lists of the benchmark agree, "unknown".
        sources: Keys of the tables that print the value, see `published_sources()`.
        caveat: Why the value is not what its place says; None if nothing is known.
        note: What else is known; None if nothing.

    Taught in: notebook 07.
    """

    method: str
    venue: str | None
    year: int | None
    backbone: str | None
    variant: str | None
    benchmark: str
    setting: str
    metric: str
    metric_from: str | None
    printed: str
    dimensions: int | None
    binary: bool | None
    split: str
    sources: tuple[str, ...]
    caveat: str | None
    note: str | None

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
    """Read all published values.

    Returns:
        One entry a value, in the order of the file: by method, oldest first, then the
        generalised setting. Tables that contradict each other have an entry each.

    Example:
        >>> found = select_results(published_results(), method="MATHM", variant=None)
        >>> [(result.metric, result.printed) for result in found]
        [('map@all/voc', '50.82'), ('p@100', '60.62')]

    Taught in: notebook 07.
    """
    contents = _contents()
    return tuple(
        _result(entry, contents["methods"][entry["method"]])
        for entry in contents["results"]
    )


def published_sources() -> dict[str, str]:
    """Return the tables that the values come from: key to description.

    Taught in: notebook 07.
    """
    return dict(_contents()["sources"])


def methods_without_values() -> dict[str, str]:
    """Return the methods whose results could not be read: name to where they are.

    Taught in: notebook 07.
    """
    return dict(_contents()["without_values"])


def select_results(
    results: Iterable[PublishedResult], **wanted: object
) -> list[PublishedResult]:
    """Keep the results that have all the wanted properties.

    Args:
        results: Where to look.
        wanted: Any field of `PublishedResult` with its value (None for not known),
            or `quantity`, such as "map@200" for mAP@200 under every definition, or
            `source`, the key of a table.

    Returns:
        The matching results in their order; empty if nothing matches.

    Raises:
        ValueError: If there is no such field or no such table.

    Taught in: notebook 07.
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
