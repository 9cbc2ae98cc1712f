"""How sure a number is: over queries, over seeds, over both, and of many comparisons.

``bootstrap`` draws the queries of one evaluation again, class by class;
``seeds_and_queries`` does so for a table of several runs; ``paired`` compares methods
on the same seeds and queries, and ``comparison`` holds what it found;
``corrections`` keeps many comparisons honest; ``sign_flips`` tests without assuming
normal noise; ``seed_noise`` and ``power`` say what seeds alone do, and how large a
difference must be to be seen. ``deviations`` is the drawing itself, ``inputs`` refuses
what has no meaning.
"""

from zssbir_lib.evaluation.uncertainty.bootstrap import (
    bootstrap_interval,
    resampled_means,
)
from zssbir_lib.evaluation.uncertainty.comparison import Comparison
from zssbir_lib.evaluation.uncertainty.corrections import holm, joint_confidence
from zssbir_lib.evaluation.uncertainty.paired import compare_methods, compare_two
from zssbir_lib.evaluation.uncertainty.power import (
    chance_to_see,
    smallest_visible_difference,
)
from zssbir_lib.evaluation.uncertainty.seed_noise import (
    chance_of_difference,
    pooled_spread,
    share_of_pairs_apart,
)
from zssbir_lib.evaluation.uncertainty.seeds_and_queries import table_interval
from zssbir_lib.evaluation.uncertainty.sign_flips import sign_flip_test

__all__ = [
    "Comparison",
    "bootstrap_interval",
    "chance_of_difference",
    "chance_to_see",
    "compare_methods",
    "compare_two",
    "holm",
    "joint_confidence",
    "pooled_spread",
    "resampled_means",
    "share_of_pairs_apart",
    "sign_flip_test",
    "smallest_visible_difference",
    "table_interval",
]
