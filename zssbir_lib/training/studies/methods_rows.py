"""Whole methods side by side, each with its own recipe: the rows of the main table.

Taught in: notebook 07.
"""

from typing import Any

from zssbir_lib.training.studies.ablation_record import Ablation

FIXED = dict(method="ramln", margins=dict(form="fixed"))
METHOD_ROWS: dict[str, dict[str, Any]] = {
    "pretrained": dict(method="untrained", epochs=0),  # what the backbone knows
    "triplet": dict(method="triplet"),
    "classification": dict(method="mathm", losses=("classification",)),  # with gates
    "sbtknet": dict(method="sbtknet"),
    "mathm": dict(method="mathm"),
    "bid-tri": FIXED | dict(lam=1.0),
    "bid-qua": FIXED,
    "ramln": dict(method="ramln"),
    "combined": dict(method="combined"),
}
BEST = "combined"  # compared with every other row
OTHERS = tuple(row for row in METHOD_ROWS if row != BEST)
METHODS_ABLATION = Ablation(
    "methods",  # of no single method: every row names its own
    METHOD_ROWS,
    (
        *((BEST, row) for row in OTHERS),
        *((r, "classification") for r in ("mathm", "ramln", "sbtknet", "bid-qua")),
        ("triplet", "pretrained"),
        ("bid-qua", "bid-tri"),
    ),
)
