"""The exercises of notebook 08."""

import struct
from collections.abc import Sequence
from math import dist

from zssbir_lib.exercises.exercise import Exercise

Stroke = Sequence[tuple[float, float]]


def share_after(strokes: Sequence[Stroke], count: int) -> float:
    """Return the share of the pen's whole way that the first strokes make up."""
    ways = [sum(map(dist, stroke, stroke[1:])) for stroke in strokes]
    return sum(ways[:count]) / sum(ways)


def as_bfloat16(number: float) -> float:
    """Round to 7 bits after the leading one, half-way to the even number.

    bfloat16 is the first half of a float32.
    """
    (bits,) = struct.unpack("<I", struct.pack("<f", number))
    rest, kept = bits & 0xFFFF, bits >> 16
    kept += rest > 0x8000 or (rest == 0x8000 and kept & 1)
    return struct.unpack("<f", struct.pack("<I", kept << 16))[0]


def joint_statistics(means: Sequence[float], variances: Sequence[float]) -> list[float]:
    """Return mean and variance of a batch from those of its equally large parts."""
    mean = sum(means) / len(means)
    within = sum(variances) / len(variances)
    between = sum((one - mean) ** 2 for one in means) / len(means)
    return [mean, within + between]


CORNER = ((0, 0), (3, 0), (3, 4))

EXERCISES: dict[str, Exercise] = {
    "8.1": Exercise(
        share_after,
        cases=(
            ((CORNER, ((0, 0), (0, 7))), 1),
            ((CORNER, ((9, 9), (9, 9)), ((0, 0), (0, 1))), 2),
            ((CORNER, ((0, 0), (0, 7))), 0),
            ((CORNER,), 1),
        ),
    ),
    "8.2": Exercise(
        as_bfloat16,
        cases=(
            (1.0,),
            (1 + 1 / 128,),
            (1 + 1 / 256,),
            (1 + 3 / 256,),
            (-257.0,),
            (0.1,),
        ),
        tolerance=0.0,
    ),
    "8.3": Exercise(
        joint_statistics,
        cases=(
            ([1.0, 3.0], [0.5, 0.5]),
            ([2.0, 2.0], [0.0, 4.0]),
            ([1.0, 2.0, 6.0], [0.0, 0.0, 0.0]),
        ),
    ),
}
