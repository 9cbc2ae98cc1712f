"""What happens to records that are no drawings: an error, or a count and a warning."""

import warnings
from pathlib import Path

ON_MALFORMED = ("raise", "skip")


class MalformedDrawing(ValueError):
    """Report a record of a file that is no drawing.

    Args:
        path: The file.
        place: Which record of it, for example "line 3".
        reason: What is wrong with it.
    """

    def __init__(self, path: Path, place: str, reason: str) -> None:
        super().__init__(path, place, reason)
        self.path = path
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.path}, {self.place}: {self.reason}; fetch the file again, or "
            'leave such records out with on_malformed="skip"'
        )


class MalformedLog:
    """Raise at the first malformed record, or count them for one warning.

    A file may end in the middle of a record: this is what a request for its first
    bytes, or a download that broke off, leaves behind. All records before are whole,
    so a cut end never raises; it is warned of.

    Args:
        path: The file that is read.
        on_malformed: "raise" or "skip".

    Raises:
        ValueError: If `on_malformed` is neither.
    """

    def __init__(self, path: Path, on_malformed: str) -> None:
        if on_malformed not in ON_MALFORMED:
            raise ValueError(
                f"on_malformed is {on_malformed!r}, expected one of {ON_MALFORMED}"
            )
        self.path = path
        self.on_malformed = on_malformed
        self.count = 0
        self._first = ""
        self._cut = ""

    def add(self, place: str, reason: str) -> None:
        """Note a malformed record.

        Args:
            place: Which record, for example "line 3".
            reason: What is wrong with it.

        Raises:
            MalformedDrawing: Unless malformed records are skipped.
        """
        if self.on_malformed == "raise":
            raise MalformedDrawing(self.path, place, reason)
        self.count += 1
        self._first = self._first or f"{place}: {reason}"

    def add_cut(self, place: str) -> None:
        """Note that the file ends in the middle of a record.

        Args:
            place: Which record.
        """
        self._cut = f"the file ends in the middle of {place}, which is left out"

    def warn(self) -> None:
        """Give one warning that says all that was left out, if anything was."""
        parts = [self._cut] if self._cut else []
        if self.count:
            records = f"{self.count} malformed record{'s' * (self.count > 1)}"
            parts.insert(0, f"left out {records}, the first is {self._first}")
        if parts:
            warnings.warn(f"{self.path}: {'; '.join(parts)}", stacklevel=3)
