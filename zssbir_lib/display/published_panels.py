"""Sort published results into panels: what can be compared, and what cannot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zssbir_lib.evaluation import PublishedResult, like_with_like, obstacles
from zssbir_lib.evaluation.published import (
    UNKNOWN_CLASSES,
    UNKNOWN_DEFINITION,
    UNKNOWN_PROTOCOL,
)

LETTERS = {UNKNOWN_DEFINITION: "d", UNKNOWN_CLASSES: "c", UNKNOWN_PROTOCOL: "p"}
CAVEAT, ALONE, INFERRED = "x", "s", "i"
MEANINGS = {
    **{letter: why for why, letter in LETTERS.items()},
    CAVEAT: "another reason, written in its caveat",
    ALONE: "the only method with its definition and classes",
    INFERRED: "the definition is inferred, not read in code",
}
FAMILIES = {"sake": ", classes of SAKE", "sempcyc": ", classes of SEM-PCYC"}
LAST = 9999  # stands in for a year that is not known


@dataclass(frozen=True)
class Panel:
    """A panel of the figure: a title, and the values that it shows.

    Args:
        title: What the values are.
        results: The values, one or more.
        fair: Whether they can be compared with each other.
    """

    title: str
    results: tuple[PublishedResult, ...]
    fair: bool

    @property
    def methods(self) -> list[str]:
        """Return the methods, oldest first; those of unknown year last."""
        years = {result.method: result.year or LAST for result in self.results}
        return sorted(years, key=lambda method: (years[method], method.lower()))

    def row(self, method: str) -> list[PublishedResult]:
        """Return the values of a method."""
        return [result for result in self.results if result.method == method]

    def letters(self, method: str) -> str:
        """Return what is to be known about the row of a method, keys of `MEANINGS`."""
        members = self.row(method)
        if not self.fair:
            return reason_letters(members)
        return INFERRED * any(one.metric_from == "inferred" for one in members)


def benchmark_panels(
    results: Sequence[PublishedResult], benchmark: str, quantity: str
) -> list[Panel]:
    """Make the panels of a benchmark: the fair ones, then one for what is left.

    Args:
        results: Published values.
        benchmark: Which of them, such as "sketchy-25".
        quantity: And of these, which, such as "map@all".

    Returns:
        The panels; none if there is no such value. A fair panel has at least two
        methods.
    """
    shown = [r for r in results if (r.benchmark, r.quantity) == (benchmark, quantity)]
    panels = []
    for group, members in like_with_like(shown).items():
        if len({member.method for member in members}) > 1:
            title = f"{benchmark}: {group.metric}{FAMILIES.get(group.split, '')}"
            panels.append(Panel(title, tuple(members), fair=True))
    fair = {member for panel in panels for member in panel.results}
    apart = tuple(result for result in shown if result not in fair)
    if apart:
        title = f"{benchmark}: {quantity}, not comparable"
        panels.append(Panel(title, apart, fair=False))
    return panels


def reason_letters(members: Iterable[PublishedResult]) -> str:
    """Return a letter for each reason why the values of a method stand apart.

    Args:
        members: Values of one method.

    Returns:
        Keys of `MEANINGS`, in its order.
    """
    found = [why for member in members for why in obstacles(member)]
    letters = {LETTERS.get(why, CAVEAT) for why in found} or {ALONE}
    return "".join(letter for letter in MEANINGS if letter in letters)


def finding(panels: Iterable[Panel]) -> str:
    """Count the methods that can be compared, in one sentence.

    Args:
        panels: All panels of a figure.

    Returns:
        The sentence.
    """
    panels = list(panels)
    every = {method for panel in panels for method in panel.methods}
    fair = {method for panel in panels if panel.fair for method in panel.methods}
    return (
        f"{len(fair)} of {len(every)} methods share definition and classes with another"
    )
