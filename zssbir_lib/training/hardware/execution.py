"""How a training is computed, which does not change what is computed."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch

PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Execution:
    """Say on what device, how precisely and with how many workers to train.

    A recipe says what is trained; these settings say how. A checkpoint may be continued
    with others. In single precision the result is then the same but for rounding.

    Attributes:
        device: "cpu", "cuda" or "cuda:N".
        precision: of the backbone while training: "float32", "bfloat16" (weights, heads
            and losses stay in float32), or "auto": bfloat16 on GPUs that have it.
        compile: whether the backbone is compiled by `torch.compile`: slow to start,
            then faster.
        parts: in how many parts a batch goes through the backbone. Memory is needed for
            one part, time for one more forward pass; the losses still see the whole
            batch.
        workers: processes that load the images of coming steps; 0 loads them between
            steps.

    Raises:
        ValueError: a value is unknown or out of range.

    Taught in: notebook 08.
    """

    device: str = "cpu"
    precision: str = "auto"
    compile: bool = False
    parts: int = 1
    workers: int = 0

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"precision must be one of {', '.join(PRECISIONS)}; got "
                f"{self.precision!r}"
            )
        for name, least in (("parts", 1), ("workers", 0)):
            if getattr(self, name) < least:
                raise ValueError(
                    f"{name} must be {least} or more, got {getattr(self, name)}"
                )

    @property
    def reduced(self) -> bool:
        """Whether the backbone computes in bfloat16."""
        if self.precision != "auto":
            return self.precision == "bfloat16"
        on_gpu = self.device.startswith("cuda")
        return on_gpu and torch.cuda.is_bf16_supported(including_emulation=False)

    def autocast(self) -> AbstractContextManager:
        """Return a context in which the backbone computes as precisely as asked for."""
        if not self.reduced:
            return nullcontext()
        return torch.autocast(torch.device(self.device).type, torch.bfloat16)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, the precision as it comes out."""
        precision = "bfloat16" if self.reduced else "float32"
        return asdict(self) | {"precision": precision}
