"""Ctrl-C that waits for the end of a step, so that the state stays whole."""

import signal
import threading
from types import FrameType, TracebackType


class Interruption:
    """Turn Ctrl-C into a flag while the block runs.

    The first Ctrl-C sets `requested`; a second one interrupts at once. Outside the main
    thread Python delivers no signals, and the flag stays False.

    Taught in: notebook 02.
    """

    def __init__(self) -> None:
        self.requested = False
        self._previous = None
        self._in_main_thread = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "Interruption":
        if self._in_main_thread:
            self._previous = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._in_main_thread:
            signal.signal(signal.SIGINT, self._previous)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Remember the first request; obey the second at once."""
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
