"""What the margins of RAMLN in a study came to, and what they go with.

python studies/margins.py --runs runs/ramln-world --out results/margins_ramln_world.json
"""

import sys
from dataclasses import fields
from typing import Any

import ramln_variants
from checkpoints_of import Content, measure_parser, write_measures

from zssbir_lib.cli.main import run_script
from zssbir_lib.data import ZeroShotData
from zssbir_lib.records import record_from
from zssbir_lib.training import (
    METHODS,
    Method,
    Recipe,
    describe_image_margins,
    describe_pushes,
    load_margin_learner,
    margins_of_images,
    new_state,
    pushes_of_batches,
)

SHOWN = (
    "mean",
    "std",
    "confusability/sketches",
    "ambiguity/sketches",
    "aligned_share",
    "alignment/violation",
)
BATCHES, PUSHES_SEED = 12, 0  # what the pushes are measured on


def method_of(recipe: dict[str, Any]) -> Method:
    """Return the method that a checkpoint's flat recipe describes."""
    name = recipe["method"]
    kind = METHODS.get(name) or vars(ramln_variants).get(name)
    if kind is None:
        raise ValueError(
            f"a checkpoint is of the method {name!r}, which neither the library nor "
            "studies/ramln_variants.py has: leave its row out by --rows"
        )
    shared = {one.name: recipe[one.name] for one in fields(Recipe)}
    own = {name: recipe[name] for name in kind.own_fields()}
    return record_from(kind, own | {"recipe": shared})


def measure(content: Content, parts: ZeroShotData) -> dict[str, float]:
    """Describe margins and what pushes them; nothing if the row has no quadruplets."""
    if "relation_aware" not in content["recipe"].get("losses", ()):
        return {}
    method = method_of(content["recipe"])
    net, learner = load_margin_learner(content, method)
    bare = method.changed(weights="none", projection_start="random")
    state = new_state(bare, parts.seen)  # what draws batches; its network is not used
    described = describe_pushes(pushes_of_batches(net, state, BATCHES, PUSHES_SEED))
    if method.margins.form == "fixed":
        return described
    images = margins_of_images(net, learner, parts.seen, method.recipe.feature)
    return describe_image_margins(images) | described


def main(arguments: list[str] | None = None) -> int:
    """Describe the margins of every checkpoint; write means with intervals."""
    parser = measure_parser(__doc__.partition("\n")[0])
    run = lambda options: write_measures(options, "margins", measure, SHOWN)  # noqa: E731
    return run_script(parser, run, arguments)


if __name__ == "__main__":
    sys.exit(main())
