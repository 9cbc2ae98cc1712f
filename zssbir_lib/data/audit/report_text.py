"""Write an audit's report for a reader at a terminal."""

from statistics import median

from zssbir_lib.data.audit.finding import SEVERITIES, Finding
from zssbir_lib.data.audit.report import AuditReport
from zssbir_lib.data.audit.split_fit import CLOSE, OFF, SplitFit

ITEMS = 5  # of a finding, unless all are asked for
VERDICTS = {0: "nothing wrong", 1: "findings that need action"}


def report_text(report: AuditReport, items: int | None = ITEMS) -> str:
    """Write a report: what it is, which split fits, what was found, what to do.

    Args:
        report: The result of an audit.
        items: How many places of each finding to list; None for all.

    Returns:
        Several lines.
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
