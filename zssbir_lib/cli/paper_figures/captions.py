"""The page of captions: a section for every figure, written with the figure."""

import re
from pathlib import Path

from zssbir_lib.cli.paper_figures.drawn import Drawn
from zssbir_lib.training.atomic_files import write_whole

PAGE = "README.md"
START = """# Figures and what they show

Sections are written by `python -m zssbir_lib figures`, together with the picture; other
text on this page stays as it is."""
HEADING = re.compile(r"^## (.+)$", flags=re.MULTILINE)


def write_caption(folder: Path, name: str, drawn: Drawn, origin: str) -> None:
    """Write one figure's section of the page, and leave all others as they are.

    Args:
        folder: where the page and the picture lie.
        name: of the picture, without ending.
        drawn: the figure.
        origin: by which command and commit it was drawn.

    Raises:
        OSError: the page cannot be written.
    """
    path = folder / PAGE
    page = path.read_text(encoding="utf-8") if path.exists() else START
    text = with_section(page, name, section_text(name, drawn, origin))
    write_whole(path, lambda file: file.write(text.encode()))


def section_text(name: str, drawn: Drawn, origin: str) -> str:
    """Return a section without its heading: picture, caption, origin."""
    return f"![{drawn.alt}]({name}.png)\n\n{drawn.caption}\n\n{origin}"


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
