"""Save figures so that the same figure always gives the same bytes."""

import re
from pathlib import Path

from matplotlib.figure import Figure

from zssbir_lib.files import write_shared


def save_figure(fig: Figure, name: str, folder: str | Path = "figures") -> None:
    """Write a figure as `folder/name.png`, byte for byte the same on every run.

    matplotlib's version is left out of the file, and the file appears only when it
    is complete: it is written under a temporary name beside it and then renamed.

    Args:
        fig: the figure.
        name: file name without folder and without `.png`, such as `f02_curve`.
        folder: where to write; it is made if missing. From a notebook,
            `"../figures"`.

    Raises:
        ValueError: the name has a folder, an ending or unusual characters.
    """
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(
            f"figure name {name!r}: give a plain name without folder and ending, "
            "of letters, digits, - and _, such as 'f02_curve'"
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_shared(
        folder / f"{name}.png",
        lambda file: fig.savefig(file, format="png", metadata={"Software": None}),
    )
