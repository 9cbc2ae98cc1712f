"""What is known about the difference of two methods, in one record."""

from dataclasses import dataclass

from zssbir_lib.evaluation.uncertainty.inputs import Interval


@dataclass(frozen=True)
class Comparison:
    """One method minus another, as fractions, and how sure that is.

    Attributes:
        name: the method in question.
        baseline: what it is compared with.
        interval: mean difference, lower and upper end, at the confidence asked for;
            the ends are None where there is no interval.
        joint_interval: the same, wide enough for all comparisons of the family to
            hold together.
        p: two-sided p value of this comparison alone; None without an interval.
        corrected_p: after Holm's correction for all comparisons of the family.
        confidence: of the intervals, and 1 minus the level of significance.

    Taught in: notebook 07.
    """

    name: str
    baseline: str
    interval: Interval
    joint_interval: Interval
    p: float | None
    corrected_p: float | None
    confidence: float = 0.95

    @property
    def points(self) -> Interval:
        """Return the effect in points: difference and its interval times 100."""
        mean, *ends = self.interval
        low, high = (None if end is None else 100 * end for end in ends)
        return 100 * mean, low, high

    @property
    def significant(self) -> bool:
        """Return whether the corrected p value is small enough."""
        return self.corrected_p is not None and self.corrected_p <= self._level

    @property
    def _level(self) -> float:
        """Return the level of significance, safe against 1 - 0.95 < 0.05."""
        return round(1 - self.confidence, 12)
