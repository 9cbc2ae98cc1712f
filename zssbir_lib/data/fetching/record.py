"""Which version of a file on the network some bytes are from."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from zssbir_lib.data.fetching.writing import write_whole


@dataclass(frozen=True)
class Record:
    """Name a version of a file on the network.

    Args:
        url: The address, without password and query.
        etag: The server's tag of this version, if it gave one.
        modified: When the server says it was last changed, if it does.
        length: Bytes of the whole file, if known.

    Raises:
        ValueError: If a value is of another type.
    """

    url: str
    etag: str | None = None
    modified: str | None = None
    length: int | None = None

    def __post_init__(self) -> None:
        texts = (self.url, self.etag or "", self.modified or "")
        if not all(isinstance(text, str) for text in texts):
            raise ValueError(f"a record holds texts, got {texts}")
        if self.length is not None and (
            type(self.length) is not int or self.length < 0
        ):
            raise ValueError(f"length is {self.length!r}, expected 0 bytes or more")

    @property
    def validator(self) -> str | None:
        """The text by which a server can tell that the file has not changed.

        Source: RFC 9110, 13.1.5: a tag that starts with W/ may not be used for this.
        """
        strong = self.etag is not None and not self.etag.startswith("W/")
        return self.etag if strong else self.modified

    def agrees_with(self, other: "Record") -> bool:
        """Tell whether another record may be of the same version.

        Args:
            other: A record of the same address.

        Returns:
            False if anything that both know differs.
        """
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return all(
            mine == theirs for mine, theirs in pairs if None not in (mine, theirs)
        )


def read_record(path: Path) -> Record | None:
    """Read a record, or None where there is none that can be read.

    Args:
        path: The JSON file.

    Returns:
        The record.
    """
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_record(record: Record, path: Path) -> None:
    """Write a record as JSON.

    Args:
        record: The record.
        path: The JSON file.

    Raises:
        OSError: If it cannot be written.
    """
    text = json.dumps(asdict(record), indent=1) + "\n"
    write_whole(path, text.encode())
