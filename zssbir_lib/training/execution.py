"""How a training is computed, which does not change what is computed.

From images to pooled features, the costly part of a step. All behind it (projection,
heads, mining, losses) works on the features of the whole batch, however computed.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from zssbir_lib.models import EmbeddingNet, batch_norms
from zssbir_lib.records import Count, Whole, check_fields
from zssbir_lib.training.parallel import gather, own_part, processes


@dataclass(frozen=True)
class Execution:
    """On what device, how precisely and with how many workers a recipe is trained.

    A checkpoint may be continued with others: in single precision the result is then
    the same but for rounding.

    Attributes:
        device: "cpu", "cuda" or "cuda:N".
        precision: of the backbone while training: float32, bfloat16 (weights, heads
            and losses stay in float32), or auto: bfloat16 on GPUs that have it.
        compile: whether the backbone is compiled by `torch.compile`: slow to start,
            then faster.
        parts: in how many parts a batch goes through the backbone: memory for one part,
            time for one more forward pass; losses still see the whole batch.
        workers: processes that load images ahead; 0 loads them between steps.
    """

    device: str = "cpu"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    compile: bool = False
    parts: Count = 1
    workers: Whole = 0

    def __post_init__(self) -> None:
        check_fields(self)

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


class FeaturePass(nn.Module):
    """The part of a network before its heads, its own, computed as settings ask."""

    def __init__(self, net: EmbeddingNet, execution: Execution) -> None:
        super().__init__()
        self.backbone, self.attention = net.backbone, net.attention
        self.execution = execution
        self.pool = torch.compile(net.pooled) if execution.compile else net.pooled

    def forward(self, images: Tensor, modality: Tensor) -> Tensor:
        """Return pooled features in full precision, (B, 3, S, S) -> (B, F).

        A part is every n-th image: neighbours in a batch are of one modality, and in
        training BatchNorm takes the statistics of each part.
        """
        count = self.execution.parts
        if count == 1:
            return self._pooled(images, modality)
        parts = [slice(first, None, count) for first in range(min(count, len(images)))]
        pooled = [self._recomputed(images[part], modality[part]) for part in parts]
        order = torch.arange(len(images))
        taken = torch.cat([order[part] for part in parts])
        return torch.cat(pooled)[taken.argsort()]  # in the batch's own order

    def _pooled(self, images: Tensor, modality: Tensor) -> Tensor:
        """Return the pooled features of some images."""
        with self.execution.autocast():
            pooled = self.pool(images, modality)
        return pooled.float() if self.execution.reduced else pooled

    def _recomputed(self, images: Tensor, modality: Tensor) -> Tensor:
        """Return pooled features; on the way back compute again what they need.

        The memory of one part is enough. The second time BatchNorm must not take the
        images into its statistics again.
        """
        return checkpoint(
            self._pooled,
            images,
            modality,
            use_reentrant=False,
            context_fn=lambda: (nullcontext(), still_statistics(self.backbone)),
        )


@contextmanager
def still_statistics(module: nn.Module) -> Iterator[None]:
    """Keep the running statistics of BatchNorm as they are for a while."""
    before = [
        (layer, layer.momentum, layer.num_batches_tracked.clone())
        for layer in batch_norms(module)
    ]
    for layer, _, _ in before:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum, batches in before:
            layer.momentum = momentum
            layer.num_batches_tracked.copy_(batches)


class JointFeatures:
    """Pooled features of the whole batch, of which each process computes a part."""

    def __init__(self, net: EmbeddingNet, execution: Execution) -> None:
        self.feature_pass = FeaturePass(net, execution)
        self.device = execution.device
        self._trained: list[bool] = []  # which weights the wrapper was made for
        self._wrapped: nn.Module = self.feature_pass
        self.centring = net.centring

    def __call__(self, images: Tensor, modality: Tensor) -> Tensor:
        """Compute one's own part (B / n, 3, S, S); gather all features, (B, F).

        The modality (B,) is of the whole batch.
        """
        self._wrap()
        pooled = gather(self._wrapped(images, own_part(modality)))
        if self.centring is not None:
            self.centring.note(pooled, modality)
        return pooled

    def _wrap(self) -> None:
        """Let the processes average gradients of the weights that are trained now."""
        trained = [w.requires_grad for w in self.feature_pass.parameters()]
        if processes().count == 1 or trained == self._trained:
            return
        self._trained, self._wrapped = trained, self.feature_pass
        if any(trained):
            gpus = [torch.device(self.device)] if "cuda" in self.device else None
            self._wrapped = DistributedDataParallel(self.feature_pass, gpus)

    def behind(self, net: EmbeddingNet) -> list[nn.Parameter]:
        """Return the network's weights behind the gathering: projection and heads."""
        before = {id(weight) for weight in self.feature_pass.parameters()}
        return [weight for weight in net.parameters() if id(weight) not in before]


# --- settings of the processor, which every process makes once -----------------------

KEPT_BYTES = 2**30
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # numbers of glibc's mallopt


def prepare_processor() -> None:
    """Let a training be fast on a CPU; its results are the same.

    The moments of an optimiser decay towards zero wherever a unit is dead; once they
    are below 1e-38, most processors compute ten times slower: they are taken as zero.
    """
    torch.set_flush_denormal(True)
    keep_freed_memory()


def keep_freed_memory() -> bool:
    """Keep up to a gibibyte of freed memory for the next step; False without glibc.

    Every step frees and asks for the same large blocks. The system would clear their
    pages again every time, a good part of a large network's step on a CPU.
    """
    import ctypes
    import platform

    if platform.libc_ver()[0] != "glibc":
        return False
    tell = ctypes.CDLL(None).mallopt
    return all(tell(name, KEPT_BYTES) for name in (TRIM_THRESHOLD, MMAP_THRESHOLD))


def use_threads(count: int) -> None:
    """Limit PyTorch's threads: results repeat bit for bit only with the same number."""
    if count < 1:
        raise ValueError(f"the number of threads must be 1 or more, got {count}")
    torch.set_num_threads(count)
