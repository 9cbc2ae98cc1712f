"""The figures of the papers, drawn from our own models, with captions.

python studies/figures.py --runs runs/table --table results/table_world.csv
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
from paper_figures.ablation_figure import draw_ablation
from paper_figures.data_figure import draw_data
from paper_figures.lookalike_figure import draw_lookalikes
from paper_figures.material import Material
from paper_figures.topk_figure import draw_topk
from paper_figures.tsne_figure import draw_tsne
from paper_figures.words import PAGE, Drawn, write_caption

from zssbir_lib.cli.main import OneLineParser, run_script
from zssbir_lib.cli.options import DEFAULT_WORLD_SPLIT, add_source_options
from zssbir_lib.display import save_figure, use_house_style
from zssbir_lib.files import check_writable
from zssbir_lib.training import provenance, use_threads

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


def run(options: argparse.Namespace) -> None:
    """Draw every figure that is asked for; write it and its caption."""
    names = chosen_figures(options)
    if options.ours == options.beside and {"f07_tsne", "f07_lookalikes"} & {*names}:
        raise ValueError(
            f"--ours and --beside are both {options.ours!r}: choose two rows"
        )
    use_threads(options.threads)
    check_writable(options.out)
    use_house_style()
    material, found = Material(options), provenance()
    origin = f"`{found['command']}`, commit {found['commit']}."
    for name in names:
        drawn = FIGURES[name](material)
        save_figure(drawn.figure, name, options.out)
        plt.close(drawn.figure)
        write_caption(options.out, name, drawn, origin)
        print(f"{name}: {drawn.caption}\n")
    files = [*(f"{name}.png" for name in names), PAGE]
    print(f"written to {options.out}: {', '.join(files)}")


def chosen_figures(options: argparse.Namespace) -> list[str]:
    """Return the figures to draw; say which are left out, and why.

    Raises:
        ValueError: a figure is unknown, or one that was named lacks its data.
    """
    named = options.only is not None
    words = options.only.split(",") if named else FIGURES
    drawn = []
    for name in dict.fromkeys(map(full_name, words)):
        option = NEEDED.get(name)
        if option is None or getattr(options, option) is not None:
            drawn.append(name)
        elif named:
            raise ValueError(f"{name} needs --{option}")
        else:
            print(f"{name} is left out: it needs --{option}")
    return drawn


def full_name(word: str) -> str:
    """Return the name of a figure, given with or without its number."""
    for name in FIGURES:
        if word in (name, name.partition("_")[2]):
            return name
    raise ValueError(f"no figure is called {word!r}; choose from {', '.join(FIGURES)}")


def main(arguments: list[str] | None = None) -> int:
    """Read the options and draw."""
    parser = OneLineParser(description=__doc__.partition("\n")[0])
    add_source_options(parser)
    add = parser.add_argument
    add("--runs", type=Path, metavar="DIR", help="folder of a study")
    add("--table", type=Path, metavar="FILE.json", help="what methods.toml wrote")
    text = "folder of a row"
    add("--ours", default="combined-quick", metavar="ROW", help=text)
    add("--beside", default="bid-tri-quick", metavar="ROW", help=text)
    add("--split", default=DEFAULT_WORLD_SPLIT)
    add("--seed", type=int, default=0, metavar="N")
    text = f"(default: all that there is data for) {', '.join(FIGURES)}"
    add("--only", metavar="NAME,NAME", help=text)
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    add("--threads", type=int, default=1, metavar="N")
    add("--out", type=Path, default=Path("figures"), metavar="DIR")
    return run_script(parser, run, arguments)


if __name__ == "__main__":
    sys.exit(main())
