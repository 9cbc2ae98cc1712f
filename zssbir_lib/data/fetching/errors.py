"""What can go wrong while fetching, by what it asks for: giving up, or waiting."""


class DownloadError(OSError):
    """Report why a file could not be fetched.

    Args:
        reason: One line: what happened, and what to do.
        status: The HTTP status that the server answered with, if it answered.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status

    def __str__(self) -> str:
        return self.reason


class PassingError(DownloadError):
    """Report a failure that may pass by itself, so that trying again is worth it.

    Args:
        reason: One line: what happened.
        status: The HTTP status, if there was an answer.
        wait: The seconds that the server asks to wait, if it does.
    """

    def __init__(
        self, reason: str, status: int | None = None, wait: float | None = None
    ) -> None:
        super().__init__(reason, status)
        self.wait = wait


class Unreachable(PassingError):
    """Report that no server was reached at all, as on a computer that is offline."""
