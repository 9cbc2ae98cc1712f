"""`evaluate`: score the network of a checkpoint on a split's unseen classes."""

import argparse
from pathlib import Path

from zssbir_lib.cli.options import (
    add_data_options,
    read_data,
    read_device,
    read_split,
)
from zssbir_lib.cli.tables import print_cells, print_metrics
from zssbir_lib.training import (
    Execution,
    Experiment,
    evaluate_experiment,
    load_trained_net,
    read_checkpoint,
    score_cells,
    use_threads,
    write_json,
)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("evaluate", help=__doc__)
    add_data_options(parser)
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write a JSON file")
    parser.add_argument("--generalised", action="store_true")
    parser.add_argument(
        "--cells",
        action="store_true",
        help="also every cell of the whole table: protocols times representations",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Evaluate as the options say."""
    use_threads(options.threads)
    content = read_checkpoint(options.checkpoint)
    net, recipe = load_trained_net(content)
    split = read_split(options)
    device = read_device(options.device)
    check_unseen(content, split.unseen, split.name)
    data = read_data(options, split, recipe.image_size)
    experiment = Experiment(
        data, split, recipe, content["seed"], Execution(device), options.generalised
    )
    parts = split.apply(data)
    result = evaluate_experiment(net.to(device), experiment, parts)
    print_metrics(result["metrics"])
    if options.cells:
        result["cells"] = score_cells(net, parts, recipe.feature)
        print_cells(result["cells"])
    if options.out:
        write_json(result, options.out)


def check_unseen(content: dict, unseen: tuple[str, ...], name: str) -> None:
    """Raise if the network was trained on a class that is to be unseen."""
    trained = set(content["about"].get("split", {}).get("seen", ()))
    leaked = sorted(trained & set(unseen))
    if leaked:
        raise ValueError(
            f"the checkpoint was trained on {len(leaked)} classes that are unseen in "
            f"{name!r} (for example {leaked[0]!r}): a zero-shot score would be wrong"
        )
