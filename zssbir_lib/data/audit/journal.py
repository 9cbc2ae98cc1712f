"""Remember what was found out about files, so that an audit can go on where it stopped.

One line of JSON a file. A file that has changed since (size or time) is not remembered.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from zssbir_lib.data.audit.file_facts import FileFacts
from zssbir_lib.files import VARIABLE, cache_folder


class Journal:
    """Keep facts about the files of one data set, on disk.

    Args:
        root: The folder of the data set.
        fresh: Forget what is remembered.

    Raises:
        OSError: If the journal cannot be written; the message says what to do.
    """

    def __init__(self, root: Path, fresh: bool = False) -> None:
        self.root = root
        key = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=10).hexdigest()
        self.path = cache_folder() / "audit" / f"{key}.jsonl"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if fresh:
                self.path.unlink(missing_ok=True)
            self._end_last_line()
        except OSError as error:
            raise OSError(self._cannot_write(error)) from error

    def remembered(self) -> dict[str, FileFacts]:
        """Return the facts of files that have not changed since, by path."""
        facts = {}
        for line in self._lines():
            try:
                one = FileFacts(**json.loads(line))
            except (ValueError, TypeError):  # a line cut short by a kill
                continue
            facts[one.path] = one
        return {path: one for path, one in facts.items() if self._unchanged(one)}

    def add(self, facts: Iterable[FileFacts]) -> None:
        """Write facts down.

        Args:
            facts: Of files just examined; those that could not be opened are left out.

        Raises:
            OSError: If the disk is full or the folder closed.
        """
        lines = [
            json.dumps(asdict(one)) + "\n" for one in facts if one.problem != "closed"
        ]
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write("".join(lines))
        except OSError as error:
            raise OSError(self._cannot_write(error)) from error

    def _lines(self) -> list[str]:
        """Return the lines on disk."""
        if not self.path.exists():
            return []
        return self.path.read_text(encoding="utf-8", errors="replace").split("\n")

    def _end_last_line(self) -> None:
        """End a line cut short, so that the next one starts on its own."""
        if self.path.exists() and not self.path.read_bytes().endswith(b"\n"):
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n")

    def _unchanged(self, facts: FileFacts) -> bool:
        """Say whether a file is as it was."""
        try:
            status = (self.root / facts.path).stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (facts.size, facts.modified)

    def _cannot_write(self, error: OSError) -> str:
        """Write the message about a journal that cannot be written."""
        return (
            f"cannot write to {self.path} ({error.strerror or error}); choose another "
            f"folder by the environment variable {VARIABLE}"
        )
