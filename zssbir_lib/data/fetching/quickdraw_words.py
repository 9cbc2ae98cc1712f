"""The words that players of Quick, Draw! were asked to draw, and where each lies."""

import json
from functools import lru_cache
from importlib.resources import files
from urllib.parse import quote

from zssbir_lib.data.class_names import suggest


@lru_cache(maxsize=1)
def quickdraw_catalogue() -> dict[str, object]:
    """Return what is known of the data set: dataset, page, licence, files, words.

    Returns:
        `files` is the address of the folder of simplified drawings; `words` the list.

    Source: https://github.com/googlecreativelab/quickdraw-dataset (CC BY 4.0).
    """
    source = files("zssbir_lib.data.fetching").joinpath("quickdraw_words.json")
    return json.loads(source.read_text(encoding="utf-8"))


def quickdraw_words() -> tuple[str, ...]:
    """List the 345 words, as the data set spells them."""
    return tuple(quickdraw_catalogue()["words"])


def check_words(words: tuple[str, ...]) -> None:
    """Check that all words are ones of QuickDraw.

    Args:
        words: Words.

    Raises:
        ValueError: Naming the first that is not, and what it may have meant.
    """
    known = quickdraw_words()
    for word in words:
        if word not in known:
            raise ValueError(
                f"QuickDraw has no word {suggest(word, known)}; its 345 words are "
                f"listed at {quickdraw_catalogue()['page']}"
            )


def drawings_address(word: str, folder: str | None = None) -> str:
    """Return where the simplified drawings of a word lie, one drawing a line.

    Args:
        word: One of `quickdraw_words`.
        folder: The address of a copy of the folder; None for the official one.

    Returns:
        The address.

    Example:
        >>> drawings_address("hot dog", "https://example.org/drawings")
        'https://example.org/drawings/hot%20dog.ndjson'
    """
    folder = folder or str(quickdraw_catalogue()["files"])
    return f"{folder.rstrip('/')}/{quote(word, safe='')}.ndjson"
