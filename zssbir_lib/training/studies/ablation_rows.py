"""The rows of each method's ablation, and which of them are compared.

Taught in: notebooks 04 to 07.
"""

from typing import Any

from zssbir_lib.training.studies.ablation_record import Ablation
from zssbir_lib.training.studies.combined_rows import COMBINED_SEARCH
from zssbir_lib.training.studies.methods_rows import METHODS_ABLATION
from zssbir_lib.training.studies.ramln_rows import RAMLN_ABLATION, RAMLN_SEARCH

ALL_THREE = ("quadruplet", "classification", "knowledge")
SBTKNET_ABLATION = Ablation(
    "sbtknet",
    # The six rows of the paper's Table 5, and a seventh that no paper shows.
    {
        "triplet": dict(losses=("triplet",)),
        "quadruplet": dict(losses=("quadruplet",)),
        "quadruplet+classification": dict(losses=("quadruplet", "classification")),
        "quadruplet+knowledge": dict(losses=("quadruplet", "knowledge")),
        "all-three": dict(losses=ALL_THREE),
        "all-three+attention": dict(losses=ALL_THREE, attention=True),
        "classification": dict(losses=("classification",)),
    },
    # Each row with the same row without one part.
    (
        ("quadruplet", "triplet"),
        ("quadruplet+classification", "quadruplet"),
        ("quadruplet+knowledge", "quadruplet"),
        ("all-three", "quadruplet+classification"),
        ("all-three", "quadruplet+knowledge"),
        ("all-three", "triplet"),
        ("all-three+attention", "all-three"),
        ("all-three", "classification"),
        ("quadruplet+classification", "classification"),
    ),
)

BOTH = ("modality_aware", "classification")
# One kind of hard triplets, or all three added up in one of three ways.
KINDS: dict[str, dict[str, Any]] = {
    "within": dict(terms=("within",), weighting="sum"),
    "hybrid": dict(terms=("hybrid",), weighting="sum"),
    "cross": dict(terms=("cross",), weighting="sum"),
    "sum": dict(weighting="sum"),
    "intended": dict(weighting="intended"),
    "released": dict(weighting="released"),
}
ALONE: dict[str, dict[str, Any]] = {
    name: kind | dict(losses=("modality_aware",)) for name, kind in KINDS.items()
}
CLASSIFIED: dict[str, dict[str, Any]] = {
    "classification": dict(losses=("classification",)),
    **{
        f"classification+{name}": kind
        | dict(losses=("modality_aware", "classification"))
        for name, kind in KINDS.items()
    },
}
WITHOUT_GATES = ("classification", "classification+cross", "classification+intended")
MATHM_BASELINE = "classification+cross"  # the baseline of the paper's figure 2
MATHM_ABLATION = Ablation(
    "mathm",
    {
        **CLASSIFIED,
        **ALONE,
        **{f"no-gates+{n}": CLASSIFIED[n] | dict(gates=False) for n in WITHOUT_GATES},
        "no-gates+intended": ALONE["intended"]
        | dict(gates=False, frozen_epochs=0),  # it has no new layer to train first
        "triplet": dict(method="triplet", losses=("triplet",)),
        "sbtknet": dict(method="sbtknet", losses=ALL_THREE),
    },
    (
        *((row, MATHM_BASELINE) for row in CLASSIFIED if row != MATHM_BASELINE),
        *((row, "cross") for row in ALONE if row != "cross"),
        *((row, f"no-gates+{row}") for row in (*WITHOUT_GATES, "intended")),
        *((f"classification+{row}", row) for row in ALONE),
        ("classification+intended", "classification"),
        ("classification+intended", "classification+sum"),
        ("classification+intended", "classification+released"),
        ("intended", "sum"),
        ("intended", "released"),
        *((row, "triplet") for row in ("within", "cross", "sum", "intended")),
        *((r, "sbtknet") for r in ("classification", "classification+intended")),
        ("no-gates+classification+intended", "sbtknet"),  # which has no gates either
        ("intended", "sbtknet"),
    ),
)

ABLATIONS = {
    "sbtknet": SBTKNET_ABLATION,
    "mathm": MATHM_ABLATION,
    "ramln": RAMLN_ABLATION,
    "ramln-search": RAMLN_SEARCH,
    "methods": METHODS_ABLATION,
    "combined-search": COMBINED_SEARCH,
}
