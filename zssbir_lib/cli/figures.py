"""`figures`: the figures of the papers, drawn from our own models, with captions."""

import argparse
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt

from zssbir_lib.cli.options import DEFAULT_WORLD_SPLIT, add_source_options
from zssbir_lib.cli.paper_figures.ablation_figure import draw_ablation
from zssbir_lib.cli.paper_figures.captions import PAGE, write_caption
from zssbir_lib.cli.paper_figures.data_figure import draw_data
from zssbir_lib.cli.paper_figures.drawn import Drawn
from zssbir_lib.cli.paper_figures.lookalike_figure import draw_lookalikes
from zssbir_lib.cli.paper_figures.material import Material
from zssbir_lib.cli.paper_figures.topk_figure import draw_topk
from zssbir_lib.cli.paper_figures.tsne_figure import draw_tsne
from zssbir_lib.display import save_figure, use_house_style
from zssbir_lib.training import provenance, use_threads
from zssbir_lib.training.atomic_files import check_writable

FIGURES: dict[str, Callable[[Material], Drawn]] = {
    "f07_data": draw_data,
    "f07_tsne": draw_tsne,
    "f07_topk": draw_topk,
    "f07_ablation": draw_ablation,
    "f07_lookalikes": draw_lookalikes,
}
NEEDED = {  # by a figure: the option that says where to find it
    "f07_tsne": "runs",
    "f07_topk": "runs",
    "f07_ablation": "table",
    "f07_lookalikes": "runs",
}


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("figures", help=__doc__)
    add_source_options(parser)
    parser.add_argument("--runs", type=Path, metavar="DIR", help="folder of a study")
    parser.add_argument(
        "--table", type=Path, metavar="FILE.json", help="what `table` wrote"
    )
    parser.add_argument(
        "--ours", default="combined-quick", metavar="ROW", help="folder of a row"
    )
    parser.add_argument(
        "--beside", default="bid-tri-quick", metavar="ROW", help="folder of a row"
    )
    parser.add_argument("--split", default=DEFAULT_WORLD_SPLIT)
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument(
        "--only",
        metavar="NAME,NAME",
        help=f"(default: all that there is data for) {', '.join(FIGURES)}",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--out", type=Path, default=Path("figures"), metavar="DIR")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Draw every figure that is asked for; write it and its caption."""
    names = chosen_figures(options)
    check_models(options, names)
    use_threads(options.threads)
    check_writable(options.out)
    use_house_style()
    material = Material(options)
    for name in names:
        drawn = FIGURES[name](material)
        save_figure(drawn.figure, name, options.out)
        plt.close(drawn.figure)
        write_caption(options.out, name, drawn, origin())
        print(f"{name}: {drawn.caption}\n")
    files = [*(f"{name}.png" for name in names), PAGE]
    print(f"written to {options.out}: {', '.join(files)}")


def chosen_figures(options: argparse.Namespace) -> list[str]:
    """Return the figures to draw; say which are left out, and why.

    Raises:
        ValueError: a figure is unknown, or one that was named lacks its data.
    """
    if options.only is None:
        named = None
    else:
        named = [full_name(word) for word in options.only.split(",")]
    drawn = []
    for name in FIGURES if named is None else dict.fromkeys(named):
        option = NEEDED.get(name)
        if option is None or getattr(options, option) is not None:
            drawn.append(name)
        elif named is not None:
            raise ValueError(f"{name} needs --{option}")
        else:
            print(f"{name} is left out: it needs --{option}")
    return drawn


def check_models(options: argparse.Namespace, names: list[str]) -> None:
    """Raise if a figure of two models would show one of them twice."""
    if options.ours == options.beside and {"f07_tsne", "f07_lookalikes"} & {*names}:
        raise ValueError(
            f"--ours and --beside are both {options.ours!r}: choose two rows"
        )


def full_name(word: str) -> str:
    """Return the name of a figure, given with or without its number."""
    for name in FIGURES:
        if word in (name, name.partition("_")[2]):
            return name
    raise ValueError(f"no figure is called {word!r}; choose from {', '.join(FIGURES)}")


def origin() -> str:
    """Return the command and the commit, for the page of captions."""
    found = provenance()
    return f"`{found['command']}`, commit {found['commit']}."
