"""The whole result of an audit."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from zssbir_lib.data.audit.finding import NOTE, SEVERITIES, Finding
from zssbir_lib.data.audit.pretraining_overlap import PretrainingOverlap
from zssbir_lib.data.audit.split_fit import SplitFit

NOTHING_WRONG, ACTION_NEEDED = 0, 1  # exit codes


@dataclass(frozen=True)
class AuditReport:
    """Hold what an audit found.

    Args:
        name: What the data set was said to be: "sketchy", "folder", ...
        folder: Name of its folder.
        layout: Name of the layout found.
        places: "sketches", "photos", "extended photos" to folders below the root.
        photos: Which photos were read: "all" or "extend-only".
        counts: Class to number of sketches and of photos.
        fits: How well published splits fit.
        overlaps: Split to what ImageNet-1k shows of its unseen classes.
        findings: Errors first, notes last.
    """

    name: str
    folder: str
    layout: str
    places: Mapping[str, str]
    photos: str
    counts: Mapping[str, tuple[int, int]]
    fits: tuple[SplitFit, ...]
    overlaps: Mapping[str, PretrainingOverlap]
    findings: tuple[Finding, ...]

    def totals(self) -> tuple[int, int]:
        """Return the number of sketches and of photos."""
        sketches = sum(count for count, _ in self.counts.values())
        return sketches, sum(count for _, count in self.counts.values())

    def number_of(self, severity: str) -> int:
        """Count the findings of one severity.

        Args:
            severity: "error", "warning" or "note".

        Returns:
            How many there are.
        """
        return sum(finding.severity == severity for finding in self.findings)

    def exit_code(self) -> int:
        """Return 1 if there is an error or a warning, 0 if there are notes at most."""
        quiet = all(finding.severity == NOTE for finding in self.findings)
        return NOTHING_WRONG if quiet else ACTION_NEEDED

    def to_dict(self) -> dict[str, Any]:
        """Return everything in a form that can be written as JSON."""
        content = asdict(self)
        content["counts"] = {
            name: {"sketches": sketches, "photos": photos}
            for name, (sketches, photos) in self.counts.items()
        }
        numbers = {severity: self.number_of(severity) for severity in SEVERITIES}
        return content | {"numbers": numbers, "exit_code": self.exit_code()}
