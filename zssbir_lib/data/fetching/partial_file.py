"""A file that arrives in pieces: kept when interrupted, renamed when it is whole.

`cat.ndjson` grows as `cat.ndjson.partial`; `cat.ndjson.partial.json` records which
version of which address the bytes are from, so that only that version is continued.
"""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from zssbir_lib.data.fetching.locking import only_writer
from zssbir_lib.data.fetching.record import Record, read_record, write_record
from zssbir_lib.data.fetching.writing import disk_errors


class PartialFile:
    """Hold a file that is being written; use it in a `with` statement.

    Nothing has the final name before `finish`. What was written stays for the next
    try; only an empty file, or one that `discard` was called for, is removed.

    Args:
        path: The final name.
        url: The address it comes from, as it may be printed.

    Raises:
        OSError: If the folder cannot be written to, the disk is full, or another
            process is writing the same file.
    """

    def __init__(self, path: Path, url: str) -> None:
        self.final = path
        self.path = path.with_name(path.name + ".partial")
        self.record_path = path.with_name(path.name + ".partial.json")
        self.record = Record(url)
        self.size = 0
        self._file: BinaryIO | None = None
        self._held = ExitStack()

    def __enter__(self) -> "PartialFile":
        with disk_errors(self.final):
            self.final.parent.mkdir(parents=True, exist_ok=True)
            self._held.enter_context(only_writer(self.final))
        try:
            self._open()
        except BaseException:
            self._held.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._close()
            if self.size == 0:
                self.discard()
        finally:
            self._held.close()

    def _open(self) -> None:
        """Open what is there; keep it only if its record is of the same address."""
        with disk_errors(self.final):
            # unbuffered: what `append` has written survives the end of the process
            self._file = open(self.path, "ab", buffering=0)
            self.size = os.fstat(self._file.fileno()).st_size
        found = read_record(self.record_path)
        same = found is not None and found.url == self.record.url
        if same and found.validator and self.size <= (found.length or self.size):
            self.record = found
        else:
            self.restart(self.record)

    @property
    def whole(self) -> bool:
        """Tell whether all bytes of the file are there, as far as is known."""
        return self.record.length is not None and self.size >= self.record.length

    def restart(self, record: Record) -> None:
        """Throw the bytes away and begin anew.

        Args:
            record: The version that the next bytes are from.
        """
        self.cut(0)  # first: a record must never name a version of older bytes
        self.note(record)

    def note(self, record: Record) -> None:
        """Keep a record beside the bytes.

        Args:
            record: The version that the bytes are from.
        """
        write_record(record, self.record_path)
        self.record = record

    def append(self, block: bytes) -> None:
        """Write bytes at the end.

        Args:
            block: The bytes.
        """
        view = memoryview(block)
        with disk_errors(self.final):
            while view:
                written = self._file.write(view)
                self.size += written
                view = view[written:]

    def cut(self, size: int) -> None:
        """Keep only the beginning.

        Args:
            size: Bytes to keep.
        """
        if size < self.size:
            with disk_errors(self.final):
                self._file.truncate(size)
            self.size = size

    def finish(self, record_path: Path | None = None) -> None:
        """Make sure that the bytes are on the disk and give them their final name.

        Args:
            record_path: Where the record is to stay; None removes it.
        """
        with disk_errors(self.final):
            os.fsync(self._file.fileno())
            self._close()
            os.replace(self.path, self.final)
            if record_path is not None:
                os.replace(self.record_path, record_path)
        self.discard()

    def discard(self) -> None:
        """Remove the bytes and their record."""
        self._close()
        with disk_errors(self.final):
            self.path.unlink(missing_ok=True)
            self.record_path.unlink(missing_ok=True)

    def _close(self) -> None:
        """Close the file, if it is open."""
        if self._file is not None:
            self._file.close()
