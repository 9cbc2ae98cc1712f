"""`fit`: train one network, evaluate it, write checkpoint.pt and metrics.json."""

import argparse
import sys
from pathlib import Path
from typing import Any

from zssbir_lib.cli.options import (
    add_data_options,
    add_network_options,
    print_metrics,
    read_data,
    read_device,
    read_method,
    read_split,
    source_of,
)

METHODS = (
    "untrained, triplet, classification, sbtknet, mathm, bid-tri, bid-qua, ramln, "
    "combined, or FILE.py:Name for one of your own"
)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("fit", help=__doc__, description=__doc__)
    add = parser.add_argument
    add("--method", default="triplet", help=f"{METHODS} (default: triplet)")
    add("--profile", default="quick", help="smoke, quick, book or paper")
    add_network_options(parser)
    add("--fields", action="store_true", help="list the fields for --set, and stop")
    add_data_options(parser)
    add_execution_options(parser)
    add("--seed", type=int, default=0)
    add("--out", type=Path, metavar="DIR")
    add("--resume", action="store_true", help="go on in DIR")
    text = "also score seen and unseen together"
    add("--generalised", action="store_true", help=text)
    parser.set_defaults(run=run)


def add_execution_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how to compute, not what."""
    add = parser.add_argument
    text = "of the backbone while training: auto (bfloat16 on GPUs that have it), "
    add("--precision", default="auto", help=f"{text}float32 or bfloat16")
    add("--compile", action="store_true", help="compile the backbone by torch.compile")
    text = "send a batch through the backbone in N parts: less memory, more time"
    add("--parts", type=int, default=1, metavar="N", help=text)
    text = "processes that load images ahead; the result does not depend on them"
    add("--workers", type=int, default=0, metavar="N", help=text)


def run(options: argparse.Namespace) -> None:
    """Train and evaluate as the options say, alone or with torchrun's other processes.

    The first process prints and writes.
    """
    from zssbir_lib.cli.run_folder import RunFolder
    from zssbir_lib.training import Execution, Experiment, joined, run_experiment
    from zssbir_lib.training.execution import use_threads
    from zssbir_lib.training.parallel import is_first

    method = read_method(options)
    if options.fields:
        print(method.describe())
        return
    if options.out is None:
        raise ValueError("--out is needed: a folder for checkpoint and metrics")
    use_threads(options.threads)
    source = source_of(options)
    split = read_split(options, source["data"])
    warn_of_toy_backbone(options.backbone, source["data"])
    with joined(read_device(options.device)) as device:
        data = read_data(source, split, method.recipe.image_size)
        how = (options.precision, options.compile, options.parts, options.workers)
        execution, seed = Execution(device, *how), options.seed
        more = (options.generalised, remembered(source))
        experiment = Experiment(data, split, method, seed, execution, *more)
        folder = RunFolder(options.out, options.words)
        heading = f"recipe (seed {seed}, {split.name}, {device}):\n{method}"
        if is_first():
            print(heading)
        net, result = run_experiment(
            experiment, options.out, options.resume, folder.note_epoch
        )
        if is_first():
            folder.finish(net, experiment, result, heading)
            print_metrics(result["metrics"])
            print(f"written: {options.out / 'metrics.json'}")


def remembered(source: dict[str, Any]) -> dict[str, Any]:
    """Return a source as it is found from any folder, for `evaluate`."""
    on_disk = source["data"] != "world"
    return source | {"data": str(Path(source["data"]).resolve())} if on_disk else source


def warn_of_toy_backbone(backbone: str, data: str) -> None:
    """Say that the small network was made for drawn images of 32 pixels."""
    if backbone == "small" and data != "world":
        print(
            "zssbir: warning: the backbone 'small' sees 32 pixels and was made for the "
            "embedded world; for real images add --backbone mobilenet_v2 --weights "
            "imagenet",
            file=sys.stderr,
        )
