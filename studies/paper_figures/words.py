"""A figure with the words that belong to it, readable names, the page of captions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from zssbir_lib.files import write_text
from zssbir_lib.training import PROFILES

METHODS = {
    "pretrained": "pretrained, untrained",
    "triplet": "triplet baseline",
    "classification": "classification with gates",
    "sbtknet": "SBTKNet",
    "mathm": "MATHM",
    "bid-tri": "Bid-Tri",
    "bid-qua": "Bid-Qua",
    "ramln": "RAMLN",
    "combined": "combined",
}
PAGE = "README.md"
START = """# Figures and what they show

Sections are written by `python studies/figures.py`, together with the picture; other
text on this page stays as it is."""
HEADING = re.compile(r"^## (.+)$", flags=re.MULTILINE)


@dataclass(frozen=True)
class Drawn:
    """A figure, what it looks like in a sentence, and what was measured.

    Attributes:
        figure: the picture.
        alt: what is to be seen, for readers who cannot see it.
        caption: what was measured, on what, with which numbers.
    """

    figure: Figure
    alt: str
    caption: str


def method_name(row: str) -> str:
    """Return what to call a row: "MATHM" for mathm-quick; others as they are.

    Args:
        row: name of a row or of its folder, METHOD, METHOD:PROFILE or METHOD-PROFILE.
    """
    base = row.replace(":", "-")
    head, _, profile = base.rpartition("-")
    return METHODS.get(head if profile in PROFILES else base, row)


def distinct_names(rows: Iterable[str]) -> dict[str, str]:
    """Return what to call each row: its method, or itself where two share a method."""
    names = {row: method_name(row) for row in rows}
    taken = list(names.values())
    return {row: n if taken.count(n) == 1 else row for row, n in names.items()}


def class_name(name: str) -> str:
    """Return the name of a class as it is read: "hot air balloon"."""
    return name.replace("_", " ")


def and_list(words: list[str] | tuple[str, ...]) -> str:
    """Return words as in a sentence: "a, b and c"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def percent(share: float, digits: int = 1) -> str:
    """Return a share, 0 to 1, as text in percent."""
    return f"{100 * share:.{digits}f} %"


def write_caption(folder: Path, name: str, drawn: Drawn, origin: str) -> None:
    """Write one figure's section of the page, and leave all others as they are.

    Args:
        folder: where the page and the picture lie.
        name: of the picture, without ending.
        drawn: the figure.
        origin: by which command and commit it was drawn.
    """
    path = folder / PAGE
    page = path.read_text(encoding="utf-8") if path.exists() else START
    text = f"![{drawn.alt}]({name}.png)\n\n{drawn.caption}\n\n{origin}"
    write_text(with_section(page, name, text), path)


def with_section(page: str, name: str, text: str) -> str:
    """Return a page with one section put in or replaced; new ones stand by name.

    Args:
        page: Markdown; its sections start with "## NAME".
        name: heading of the section.
        text: its content.
    """
    start, *rest = HEADING.split(page)  # text, then a name and its content in turn
    pairs = zip(rest[::2], rest[1::2], strict=True)
    sections = {one.strip(): content.strip() for one, content in pairs}
    is_new = name not in sections
    sections[name] = text.strip()
    if is_new:
        sections = dict(sorted(sections.items()))
    blocks = [f"## {one}\n\n{content}" for one, content in sections.items()]
    return "\n\n".join([start.strip(), *blocks]).strip() + "\n"
