"""The words of QuickDraw as names of class folders."""

import re
import unicodedata

LONGEST_NAME = 100  # characters


def folder_name(word: str) -> str:
    """Turn a word into a name that is safe for a folder on any system.

    Letters and digits of any script and hyphens are kept, in lower case; whatever
    stands between becomes one underscore. So nothing can lead out of a folder or hide
    it.

    Args:
        word: What a player was asked to draw.

    Returns:
        The name.

    Raises:
        ValueError: If no letter or digit is left, or the name is too long.

    Example:
        >>> folder_name("The Eiffel Tower"), folder_name("t-shirt")
        ('the_eiffel_tower', 't-shirt')
    """
    plain = unicodedata.normalize("NFKC", word).casefold()
    name = re.sub(r"(?:[^\w-]|_)+", "_", plain).strip("_-")
    if not name:
        raise ValueError(
            f"the word {word[:40]!r} has no letter or digit to name a folder by; "
            "expected a word like 'cat'"
        )
    if len(name) > LONGEST_NAME:
        raise ValueError(
            f"the word {word[:40] + '...'!r} has {len(word)} characters, expected "
            f"at most {LONGEST_NAME}"
        )
    return name
