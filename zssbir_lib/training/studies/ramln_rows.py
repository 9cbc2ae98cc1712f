"""The rows of RAMLN's ablation, and of the search for margins that do something.

Taught in: notebook 06.
"""

from typing import Any

from zssbir_lib.training.studies.ablation_record import Ablation

Rows = dict[str, dict[str, Any]]

FIXED = dict(margins=dict(form="fixed"))
FIXED_MARGINS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
BID_QUA: Rows = {
    f"bid-qua-{margin}": FIXED | dict(margin=margin) for margin in FIXED_MARGINS
}
LEARNED: Rows = {
    "scalar": dict(form="scalar"),
    "scalar-joint": dict(form="scalar", learning="joint"),
    "memory-joint": dict(form="memory", learning="joint", centred=False),
    "embedding": dict(form="embedding"),
    "learned": dict(form="memory"),
    "learned-shuffled": dict(form="memory", shuffled=True),
}
OTHERS: Rows = {
    "mathm": dict(method="mathm"),
    "sbtknet": dict(
        method="sbtknet", losses=("quadruplet", "classification", "knowledge")
    ),
}
RAMLN_ABLATION = Ablation(
    "ramln",
    {
        "classification": dict(losses=("classification",)),
        "bid-tri": FIXED | dict(lam=1.0),
        **BID_QUA,
        **{name: dict(margins=margins) for name, margins in LEARNED.items()},
        **OTHERS,
    },
    (
        *(("learned", row) for row in ("bid-tri", *BID_QUA)),
        *(("learned", row) for row in LEARNED if row != "learned"),
        *(("learned", row) for row in ("classification", *OTHERS)),
        *((row, "bid-tri") for row in BID_QUA),
        ("bid-tri", "classification"),
        *(("scalar", row) for row in ("scalar-joint", *BID_QUA)),
    ),
)

# What was tried before the recipe was settled. Each row changes one thing.
SEARCHED_MARGINS: Rows = {
    "learned": {},
    "level-moves": dict(centred=False),
    "raw-inputs": dict(standardised=False),
    "raw-inputs+level-moves": dict(standardised=False, centred=False),
    "unclassified": dict(classified=False),
    "unclassified+low-below-0": dict(classified=False, low=-0.5),
    "shuffled": dict(shuffled=True),
    "beta-5": dict(beta=5.0),
    "beta-50": dict(beta=50.0),
    "rate-0.0003": dict(rate=3e-4),
    "rate-0.003": dict(rate=3e-3),
    "inner-rate-1": dict(inner_rate=1.0),
    "inner-rate-5": dict(inner_rate=5.0),
    "3-inner-steps": dict(inner_steps=3, inner_rate=1.0),
    "unit-step": dict(unit_step=True),
    "first-order": dict(gradient="first_order"),
    "first-order+all-weights": dict(gradient="first_order", scope="all"),
    "high-1.6": dict(high=1.6),
    "low-below-0": dict(low=-0.5),
    "least-used": dict(writing="least_used"),
    "4-slots": dict(slots=4),
    "no-memory": dict(form="embedding"),
}
WEIGHTS = (1.0, 3.0, 10.0)
RAMLN_SEARCH = Ablation(
    "ramln",
    {
        **{f"fixed-weight-{w}": FIXED | dict(metric_weight=w) for w in WEIGHTS},
        "fixed-uniform": FIXED | dict(sampling="uniform"),
        "fixed-beta-5": dict(margins=dict(form="fixed", beta=5.0)),
        "uniform": dict(sampling="uniform"),
        **{name: dict(margins=changed) for name, changed in SEARCHED_MARGINS.items()},
    },
    (
        *((row, "fixed-weight-3.0") for row in SEARCHED_MARGINS),
        *((row, "learned") for row in SEARCHED_MARGINS if row != "learned"),
        *((f"fixed-weight-{w}", "fixed-weight-3.0") for w in (1.0, 10.0)),
        ("fixed-uniform", "fixed-weight-3.0"),
        ("uniform", "fixed-uniform"),
        ("beta-5", "fixed-beta-5"),
    ),
)
