"""How long a download waits for a server, and how slow the server may be."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from zssbir_lib.data.fetching.errors import DownloadError, PassingError


@dataclass(frozen=True)
class Patience:
    """Set the limits of a download.

    Args:
        timeout: Seconds to wait for a connection, and without any byte, above 0.
        slowest: Bytes per second below which the server is too slow; 0 allows any.
        window: Seconds over which the speed is measured, above 0.
        tries: Failures in a row, without a byte gained, after which to give up.
        pause: Seconds before the second try; each later pause is twice as long.
        longest_pause: Seconds that no pause exceeds, even if the server asks for more.
        sleep: Called with the seconds to wait; tests put their own here.

    Raises:
        ValueError: If a limit is out of range.
    """

    timeout: float = 30.0
    slowest: float = 1000.0
    window: float = 30.0
    tries: int = 5
    pause: float = 1.0
    longest_pause: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        for name in ("timeout", "window", "tries"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}, expected above 0")
        for name in ("slowest", "pause", "longest_pause"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}, expected 0 or more")

    def pause_after(self, failures: int, error: PassingError) -> float:
        """Return how long to wait before the next try, or give up.

        Args:
            failures: Failures in a row so far, 1 or more.
            error: The last one.

        Returns:
            Seconds: doubling from `pause`, or what the server asks for if that is more.

        Raises:
            DownloadError: If this was the last try, or the server asks for too long.
        """
        if error.wait is not None and error.wait > self.longest_pause:
            raise DownloadError(
                f"{error} and asks to wait {error.wait:.0f} s; try again then",
                error.status,
            ) from error
        if failures >= self.tries:
            times = "once" if failures == 1 else f"{failures} times in a row"
            raise DownloadError(f"{error} ({times})", error.status) from error
        doubling = min(self.pause * 2 ** (failures - 1), self.longest_pause)
        return max(doubling, error.wait or 0.0)


class SpeedCheck:
    """Raise when a server sends fewer bytes per second than the limit.

    Args:
        patience: The limits.
        clock: Returns seconds; tests put their own here.
    """

    def __init__(
        self, patience: Patience, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.patience = patience
        self.clock = clock
        self.began = clock()
        self.received = 0

    def count(self, size: int) -> None:
        """Count bytes that have arrived.

        Args:
            size: How many.

        Raises:
            DownloadError: If the last window was too slow.
        """
        self.received += size
        seconds = self.clock() - self.began
        if seconds < self.patience.window:
            return
        if self.received < self.patience.slowest * seconds:
            raise DownloadError(
                f"the server sends only {self.received / seconds:.0f} bytes a second, "
                f"expected at least {self.patience.slowest:g}; try again another time"
            )
        self.began, self.received = self.clock(), 0
