"""From the images of a batch to pooled features: the costly part of a step.

Everything behind it (projection, heads, mining, losses) is small and works on the
features of the whole batch, however the batch was computed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from zssbir_lib.models import EmbeddingNet, batch_norms
from zssbir_lib.training.hardware.execution import Execution
from zssbir_lib.training.hardware.gathering import gather, own_part
from zssbir_lib.training.hardware.processes import processes

Pooling = Callable[[Tensor, Tensor], Tensor]


class FeaturePass(nn.Module):
    """The part of a network before its heads, computed as the settings say.

    Args:
        net: the network; its backbone and pooling are used, not copied.
        execution: precision, compilation, parts.

    Taught in: notebook 08.
    """

    def __init__(self, net: EmbeddingNet, execution: Execution) -> None:
        super().__init__()
        self.backbone, self.attention = net.backbone, net.attention
        self.execution = execution
        pooled = net.pooled
        self.pool: Pooling = torch.compile(pooled) if execution.compile else pooled

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

        So the memory of one part is enough. The second time BatchNorm must not take the
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
    """Pooled features of the whole batch, of which each process computes a part.

    Args:
        net: the network.
        execution: how it is computed.

    Taught in: notebook 08.
    """

    def __init__(self, net: EmbeddingNet, execution: Execution) -> None:
        self.feature_pass = FeaturePass(net, execution)
        self.device = execution.device
        self._trained: list[bool] = []  # which weights the wrapper was made for
        self._wrapped: nn.Module = self.feature_pass
        self.centring = net.centring

    def __call__(self, images: Tensor, modality: Tensor) -> Tensor:
        """Compute one's own part and gather the others'; note the modalities' means.

        Args:
            images: this process's part of the batch, float (B / n, 3, S, S).
            modality: of the whole batch, (B,).

        Returns:
            Pooled features of the whole batch, float (B, F).
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
