"""Several comparisons at once: keep the chance of any false alarm small."""

from collections.abc import Sequence

import numpy as np

from zssbir_lib.evaluation.uncertainty.inputs import check_confidence, check_count


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for the number of comparisons, step by step.

    Of twenty comparisons of equal methods one is "significant" at 0.05. Holm compares
    the smallest p value with 0.05 / m, the next with 0.05 / (m - 1), and so on until
    one fails. Then the chance of any false alarm among all m is at most 0.05, however
    the comparisons depend on each other.

    Args:
        p_values: m p values from 0 to 1, at least one.

    Returns:
        Corrected p values in the same order; those up to 0.05 are significant.

    Raises:
        ValueError: there are none, or one is not from 0 to 1.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.

    Taught in: notebook 07.
    """
    values = np.asarray(p_values, dtype=float)
    if (
        values.ndim != 1
        or len(values) == 0
        or not ((values >= 0) & (values <= 1)).all()
    ):
        raise ValueError(f"expected p values from 0 to 1, got {list(p_values)}")
    order = values.argsort()
    factors = np.arange(len(values), 0, -1)
    stepped = np.maximum.accumulate(values[order] * factors).clip(max=1)
    corrected = np.empty_like(values)
    corrected[order] = stepped
    return corrected.tolist()


def joint_confidence(confidence: float, comparisons: int) -> float:
    """Return the confidence that each interval needs so that all hold together.

    Bonferroni's rule: m intervals that each miss with a chance of 0.05 / m miss
    anywhere with a chance of at most 0.05.

    Args:
        confidence: wanted for all of them together, in (0, 1).
        comparisons: m, at least 1.

    Returns:
        A number from the confidence up to 1.

    Raises:
        ValueError: the confidence or the number is out of range.

    Example:
        >>> round(joint_confidence(0.95, 5), 6)
        0.99

    Taught in: notebook 07.
    """
    check_confidence(confidence)
    check_count("comparisons", comparisons, 1)
    return 1 - (1 - confidence) / comparisons
