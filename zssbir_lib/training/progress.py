"""The progress bar of a training: loss and images per second."""

import time
from types import TracebackType

from tqdm import tqdm


class StepProgress:
    """Show how far a training is.

    Args:
        total: steps of the whole training.
        done: steps already done, when a training is resumed.

    Taught in: notebook 02.
    """

    def __init__(self, total: int, done: int) -> None:
        self.images = 0
        self.started = time.perf_counter()
        self.bar = tqdm(total=total, initial=done, unit="step", leave=False)

    def __enter__(self) -> "StepProgress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.close()

    def step(self, loss: float, images: int) -> None:
        """Move one step on.

        Args:
            loss: loss of the step.
            images: number of images it took.
        """
        self.images += images
        speed = self.images / (time.perf_counter() - self.started)
        self.bar.update(1)
        self.bar.set_postfix_str(f"loss {loss:.3f}, {speed:.0f} images/s")
