"""`evaluate`: score the network of a checkpoint on a split's unseen classes."""

import argparse
from pathlib import Path
from typing import Any

from zssbir_lib.cli.options import (
    add_data_options,
    print_metrics,
    read_data,
    read_device,
    read_split,
    source_of,
)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("evaluate", help=__doc__, description=__doc__)
    add = parser.add_argument
    add("--checkpoint", type=Path, required=True, metavar="FILE")
    add_data_options(parser)
    add("--feature", help="embedding, pooled or centred (default: the recipe's)")
    add("--generalised", action="store_true", help="also search seen classes")
    text = "also codes of 64 bits, and both after mirrored embeddings and neighbours"
    add("--test-time", action="store_true", help=text)
    text = "also every cell of the whole table: protocols times representations"
    add("--cells", action="store_true", help=text)
    add("--out", type=Path, metavar="FILE", help="write a JSON file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Evaluate as the options say, on the data and split of the run unless told."""
    from zssbir_lib.files import write_json
    from zssbir_lib.scoring import SplitScorer
    from zssbir_lib.training import load_trained_net, read_checkpoint, use_threads
    from zssbir_lib.training.execution import Execution
    from zssbir_lib.training.experiment import describe_origin

    use_threads(options.threads)
    content = read_checkpoint(options.checkpoint)
    net, recipe = load_trained_net(content)
    source = source_of(options, content["about"].get("source"))
    split = remembered_split(options, content, source)
    data = read_data(source, split, recipe.image_size)
    device, feature = read_device(options.device), options.feature or recipe.feature
    scorer = SplitScorer(net.to(device), split.apply(data))
    result = scorer.scores(feature, options.generalised)
    print_metrics(result["metrics"])
    for protocol, metrics in result.get("generalised", {}).items():
        print(f"{protocol}:")
        print_metrics(metrics)
    if options.test_time:
        result["test_time"] = scorer.representations(feature)
        for name, metrics in result["test_time"].items():
            print(f"  map@all, {name:<15} {metrics['map@all']:.4f}")
    if options.cells:
        result["cells"] = scorer.cells(feature)
        print_cells(result["cells"])
    if options.out:
        settings = content["recipe"] | {"feature": feature}
        how = Execution(device)
        origin = describe_origin(settings, content["seed"], split, data, how)
        write_json(result | origin, options.out)


def remembered_split(
    options: argparse.Namespace, content: dict[str, Any], source: dict[str, Any]
) -> Any:
    """Return the split that is asked for, else that of the training."""
    from zssbir_lib.data import ZeroShotSplit

    changed = options.validation_classes or options.seen_classes is not None
    saved = content["about"].get("split")
    if options.split or options.data or changed or saved is None:
        return read_split(options, source["data"])
    return ZeroShotSplit(**saved)


def print_cells(cells: dict[str, dict[str, float]], metric: str = "map@all") -> None:
    """Print one metric of a network: a line a protocol, a column a representation."""
    from zssbir_lib.evaluation.representations import REPRESENTATIONS
    from zssbir_lib.scoring import PROTOCOLS

    print(f"  {metric:<24}", *(f"{name:>6}" for name in REPRESENTATIONS))
    for protocol in PROTOCOLS:
        values = (cells[f"{protocol}/{name}"][metric] for name in REPRESENTATIONS)
        print(f"  {protocol:<24}", *(f"{value:>6.3f}" for value in values))
