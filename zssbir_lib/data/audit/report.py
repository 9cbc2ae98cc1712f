"""Audit a data set: list it, examine every file, judge, report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from zssbir_lib.data.audit.evidence import Facts, ListWithClasses, lists_beside
from zssbir_lib.data.audit.facts import DataListing, list_data, listed_files
from zssbir_lib.data.audit.published import (
    CLOSE,
    OFF,
    PretrainingOverlap,
    SplitFit,
    fit_split,
)
from zssbir_lib.data.audit.rules import NOTE, SEVERITIES, Finding, findings_of
from zssbir_lib.data.class_names import suggest
from zssbir_lib.data.layouts import QUICKDRAW, SKETCHY, TU_BERLIN
from zssbir_lib.data.splits import ZeroShotSplit, public_split, public_split_names

DATASETS = {
    "sketchy": SKETCHY,
    "tuberlin": TU_BERLIN,
    "quickdraw": QUICKDRAW,
    "folder": None,
}
AUDIT_NAMES = tuple(DATASETS)
VERDICTS = ("nothing wrong", "findings that need action")  # by exit code
ITEMS = 5  # of a finding, unless all are asked for


@dataclass(frozen=True)
class AuditReport:
    """What an audit found.

    Args:
        name: what the data set was said to be: "sketchy", "folder", ...
        folder: name of its folder.
        layout: name of the layout found.
        places: "sketches", "photos", "extended photos" to folders below the root.
        photos: which photos were read: "all" or "extend-only".
        counts: class to number of sketches and of photos.
        fits: how well published splits fit.
        overlaps: split to what ImageNet-1k shows of its unseen classes.
        findings: errors first, notes last.
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
        """Count the findings of one severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def exit_code(self) -> int:
        """Return 1 if there is an error or a warning, 0 if there are notes at most."""
        return int(any(finding.severity != NOTE for finding in self.findings))

    def to_dict(self) -> dict[str, Any]:
        """Return everything in a form that can be written as JSON."""
        content = asdict(self)
        content["counts"] = {
            name: {"sketches": sketches, "photos": photos}
            for name, (sketches, photos) in self.counts.items()
        }
        numbers = {severity: self.number_of(severity) for severity in SEVERITIES}
        return content | {"numbers": numbers, "exit_code": self.exit_code()}


def check_data(
    name: str,
    root: str | Path,
    photos: str = "all",
    jobs: int | None = None,
    lists: Sequence[ListWithClasses] = (),
    split: ZeroShotSplit | None = None,
    fresh: bool = False,
) -> AuditReport:
    """Find out what a data set is and what is wrong with it.

    Every file is read and decoded. What was found out about a file is remembered, so
    that an audit that was stopped goes on, and one after repairs is quick.

    Args:
        name: "sketchy", "tuberlin" or "quickdraw": compare with what is published of
            it; "folder": a data set of your own.
        root: its folder, in any known layout.
        photos: "all", or "extend-only": the photos of Sketchy Extended each once.
        jobs: processes; None for all cores.
        lists: file lists to check, each with its class file, beside those that lie
            with the data.
        split: a split to compare with too: are its classes there, does it leak.
        fresh: read every file, even those that have not changed since the last audit.

    Raises:
        FileNotFoundError: the folder or a list does not exist, or no layout fits.
        OSError: notes cannot be kept, or a process died.
    """
    if name not in DATASETS:
        raise ValueError(
            f"no data set {suggest(name, AUDIT_NAMES)}; expected one of "
            f"{', '.join(AUDIT_NAMES)}"
        )
    listing = list_data(root, photos)
    fits, published = _compared(DATASETS[name], listing)
    facts = Facts(
        listing,
        listed_files(listing, jobs, fresh),
        fits,
        published,
        split,
        _splits_in_use(fits, split),
        [*lists_beside(listing.found.root), *lists],
    )
    return AuditReport(
        name,
        Path(root).resolve().name,
        listing.found.layout.name,
        _places(listing),
        photos,
        listing.counts(),
        tuple(fits),
        facts.overlaps,
        tuple(findings_of(facts)),
    )


def _compared(
    dataset: str | None, listing: DataListing
) -> tuple[list[SplitFit], tuple[str, ...] | None]:
    """Compare with the splits of a published data set; return its classes as well.

    Data of your own are compared with all splits, by classes alone, and those that fit
    are kept.
    """
    every = [public_split(name) for name in public_split_names()]
    public = [one for one in every if dataset in (None, one.dataset)]
    counts, complete = listing.counts(), listing.complete_classes()
    compare = dataset is not None
    fits = [fit_split(one, counts, complete, compare=compare) for one in public]
    if dataset is None:
        return [one for one in fits if one.fits()], None
    split = public[0].split  # every split of it has the same classes
    return fits, split.seen + split.unseen


def _splits_in_use(
    fits: Sequence[SplitFit], split: ZeroShotSplit | None
) -> list[ZeroShotSplit]:
    """Return the splits to look for leaks in: those that fit, and the one given."""
    splits = [public_split(fit.name).split for fit in fits if fit.fits()]
    if split and split.name not in [one.name for one in splits]:
        splits.append(split)
    return splits


def _places(listing: DataListing) -> dict[str, str]:
    """Name the folders of the layout."""
    found = listing.found
    places = {
        "sketches": found.sketches,
        "photos": found.photos,
        "extended photos": found.extended,
    }
    return {kind: listing.relative(path) for kind, path in places.items() if path}


# the report as text


def report_text(report: AuditReport, items: int | None = ITEMS) -> str:
    """Write a report: what it is, which split fits, what is wrong and where.

    The first `items` places of each finding are listed; None for all.
    """
    lines = [*_heading(report), "", *_splits(report)]
    for severity in SEVERITIES:
        found = [one for one in report.findings if one.severity == severity]
        if found:
            lines += ["", f"{severity}s: {len(found)}"]
        for finding in found:
            lines += _finding(finding, items)
    numbers = ", ".join(_number(report.number_of(one), one) for one in SEVERITIES)
    code = report.exit_code()
    return "\n".join([*lines, "", f"{numbers}: {VERDICTS[code]} (exit code {code})"])


def _number(count: int, severity: str) -> str:
    """Write for example "1 error" or "2 errors"."""
    return f"{count} {severity}" if count == 1 else f"{count} {severity}s"


def _heading(report: AuditReport) -> list[str]:
    """Say what lies in the folder."""
    sketches, photos = report.totals()
    places = ", ".join(f"{kind} in {place}" for kind, place in report.places.items())
    lines = [
        f"{report.folder}, checked as {report.name}",
        f"layout: {report.layout} ({places})",
        f"photos read: {report.photos}",
        f"{len(report.counts)} classes, {sketches:,} sketches, {photos:,} photos",
    ]
    for place, kind in enumerate(("sketches", "photos")):
        numbers = [counts[place] for counts in report.counts.values()]
        if numbers:
            lines.append(
                f"{kind} a class: {min(numbers):,} to {max(numbers):,}, "
                f"median {median(numbers):,.0f}"
            )
    return lines


def _splits(report: AuditReport) -> list[str]:
    """List the published splits."""
    if not report.fits:
        return ["published splits: none has its classes here"]
    return ["published splits:", *(_split(fit) for fit in report.fits)]


def _split(fit: SplitFit) -> str:
    """Write one line about a split; differing totals stand among the findings."""
    reason = fit.reason
    if fit.verdict in (CLOSE, OFF):
        totals = fit.totals.values()
        differing = sum(published not in (None, here) for here, published in totals)
        reason = f"{differing} of {len(totals)} totals differ from the published ones"
    return f"  {fit.name:<20} {fit.verdict}: {reason}"


def _finding(finding: Finding, items: int | None) -> list[str]:
    """Write a finding with its first places and its remedy."""
    shown = finding.items[:items]
    lines = [f"  [{finding.check}] {finding.what}"]
    lines += [f"      {item}" for item in shown]
    if len(shown) < len(finding.items):
        lines.append(f"      ... and {len(finding.items) - len(shown):,} more")
    return [*lines, f"    -> {finding.remedy}"]
