"""One finding of an audit: what is wrong, how often, where, and what to do."""

from dataclasses import dataclass

ERROR, WARNING, NOTE = SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """Describe one thing an audit found.

    Args:
        severity: "error": training or evaluation would stop, or its result would be
            wrong. "warning": results would differ from published ones, decide what to
            do. "note": good to know.
        check: Short name of the check, the same in every report.
        what: One sentence.
        items: Every place concerned: files, classes or sentences, in order.
        remedy: What to do, one sentence.

    Raises:
        ValueError: If the severity is unknown.
    """

    severity: str
    check: str
    what: str
    items: tuple[str, ...]
    remedy: str

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(
                f"severity is {self.severity!r}, expected one of "
                f"{', '.join(SEVERITIES)}"
            )


def by_severity(findings: list[Finding]) -> list[Finding]:
    """Put errors first and notes last, else in the order given.

    Args:
        findings: Any findings.

    Returns:
        The same, sorted.
    """
    return sorted(findings, key=lambda one: SEVERITIES.index(one.severity))
