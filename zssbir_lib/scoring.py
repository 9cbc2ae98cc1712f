"""Scoring: everything between a network with images and its metrics.

Images go through the network once; any head and any feature follow, and queries and
galleries are made of them, without classes that the network was trained on.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from zssbir_lib.data import ImageSet, SketchPhotoData, ZeroShotData, prepare_images
from zssbir_lib.evaluation import (
    LabelledEmbeddings,
    RetrievalSets,
    generalised_with_seen_gallery,
    generalised_with_seen_sample,
    score_representations,
    zero_shot,
)
from zssbir_lib.evaluation.representations import BITS, REPRESENTATIONS
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.records import check_choice

__all__ = [
    "CELLS",
    "CELL_METRICS",
    "FEATURES",
    "PROTOCOLS",
    "PooledImages",
    "SplitScorer",
    "accuracy",
    "apply_head",
    "check_gallery_size",
    "embed",
    "embed_zero_shot",
    "images_at_a_time",
    "score_retrieval",
    "unit",
]

Head = Callable[[Tensor], Tensor]
Metrics = dict[str, float | int]

FEATURES = ("embedding", "pooled", "centred")
PROTOCOLS = ("zero_shot", "seen_gallery", "seen_sample")
CELLS = tuple(f"{p}/{r}" for p in PROTOCOLS for r in REPRESENTATIONS)
CELL_METRICS = (
    "map@all",
    "map@all/voc",
    "map@200/min",
    "map@200/voc",
    "map@200/hits",
    "p@100",
    "p@200",
)
# Pixels embedded at a time. On a CPU larger batches are slower: their activations no
# longer fit the memory that the allocator keeps ready.
CPU_PIXELS = 32 * 128 * 128
GPU_PIXELS = 256 * 224 * 224


# --- images through a network --------------------------------------------------------


class PooledImages:
    """What the backbone makes of a set of images, each shown to it once.

    The pass is made when it is first needed, and once more for mirror images; both are
    kept on the CPU. The network's training mode is restored after every use.
    """

    def __init__(self, net: EmbeddingNet, images: ImageSet) -> None:
        self.net, self.images = net, images
        self._passes: dict[bool, list[Tensor]] = {}

    @torch.no_grad()
    def apply(self, head: Head, mirrored: bool = False) -> Tensor:
        """Apply a function of pooled features to every image, or its mirror image.

        The head maps (B, F) to (B, K), as `net.classify` does; returned is (N, K), on
        the CPU.
        """
        device, was_training = device_of(self.net), self.net.training
        self.net.eval()
        parts = [head(part.to(device)).cpu() for part in self._pooled(mirrored)]
        self.net.train(was_training)
        return torch.cat(parts)

    def feature(self, name: str = "embedding", mirrored: bool = False) -> Tensor:
        """Return a feature of every image, float (N, D), on the CPU.

        The class of an image does not depend on which side is left, but its embedding
        does a little. The mean of both is the same for an image and its mirror image.

        Args:
            name: "embedding"; "pooled" for the backbone's feature scaled to length one;
                "centred" for that without what its modality shares.
            mirrored: average each feature with that of the image's mirror image, and
                scale the mean to length one again.

        Source: averaging over mirrored inputs at test time, Krizhevsky et al. (2012),
            section 4.1.
        """
        head = head_of(self.net, name, self.images.modality)
        plain = self.apply(head)
        return unit(plain + self.apply(head, mirrored=True)) if mirrored else plain

    def _pooled(self, mirrored: bool) -> list[Tensor]:
        """Return the pooled features of all images, batch by batch, (B, F) each."""
        if mirrored not in self._passes:
            size = images_at_a_time(self.images, device_of(self.net))
            batches = torch.arange(len(self.images)).split(size)
            bar = tqdm(batches, "images", unit="batch", leave=False, disable=None)
            self._passes[mirrored] = [self._batch(rows, mirrored).cpu() for rows in bar]
        return self._passes[mirrored]

    def _batch(self, rows: Tensor, mirrored: bool) -> Tensor:
        """Return the pooled features of the images in some rows, (B, F)."""
        modality = torch.full((len(rows),), self.images.modality)
        pixels = self.images.images[rows].to(device_of(self.net))  # (B, 3, S, S)
        if mirrored:
            pixels = pixels.flip(-1)
        prepared = prepare_images(pixels, modality, self.net.pixels)
        return self.net.pooled(prepared, modality)


def embed(
    net: EmbeddingNet,
    images: ImageSet,
    feature: str = "embedding",
    mirrored: bool = False,
) -> Tensor:
    """Return a feature of all images of a set, (N, D), see `PooledImages.feature`."""
    return PooledImages(net, images).feature(feature, mirrored)


def apply_head(net: EmbeddingNet, images: ImageSet, head: Head) -> Tensor:
    """Apply a function of pooled features to a set, see `PooledImages.apply`."""
    return PooledImages(net, images).apply(head)


def head_of(net: EmbeddingNet, feature: str, modality: int) -> Head:
    """Return what maps the pooled features of a modality to what is compared."""
    check_choice("feature", feature, FEATURES)
    if feature == "embedding":
        return net.project
    if feature == "pooled":
        return unit
    return lambda pooled: net.centred(pooled, torch.full((len(pooled),), modality))


def unit(features: Tensor) -> Tensor:
    """Scale every row to length one, (B, F) -> (B, F)."""
    return functional.normalize(features, dim=1)


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Return the share of rows (N, K) whose highest logit is their label (N,)."""
    return float((logits.argmax(dim=1) == labels).float().mean())


def images_at_a_time(images: ImageSet, device: torch.device) -> int:
    """Return how many images of this size to embed in one batch."""
    height, width = images.images[torch.tensor([0])].shape[-2:]
    pixels = CPU_PIXELS if device.type == "cpu" else GPU_PIXELS
    return max(1, pixels // (height * width))


def device_of(net: EmbeddingNet) -> torch.device:
    """Return the device a network is on."""
    return next(net.parameters()).device


# --- queries and galleries -----------------------------------------------------------


def score_retrieval(
    net: EmbeddingNet,
    data: SketchPhotoData,
    feature: str = "embedding",
    allow_seen: bool = False,
) -> Metrics:
    """Return metrics of retrieving a data set's photos with its sketches.

    The arguments are those of `embed_zero_shot`, the metrics averaged over queries.
    """
    return embed_zero_shot(net, data, feature, allow_seen).evaluate()


def embed_zero_shot(
    net: EmbeddingNet,
    data: SketchPhotoData,
    feature: str = "embedding",
    allow_seen: bool = False,
) -> RetrievalSets:
    """Embed a data set's sketches as queries and its photos as gallery.

    Args:
        net: the network.
        data: the classes to retrieve.
        feature: see `PooledImages.feature`.
        allow_seen: take classes that the network was trained on, too; else a
            ValueError names one.
    """
    if not allow_seen:
        check_unseen(net, data)
    return zero_shot(
        *(labelled(PooledImages(net, s), feature) for s in (data.sketches, data.photos))
    )


def check_unseen(net: EmbeddingNet, data: SketchPhotoData) -> None:
    """Raise if a network was trained on a class of data that is to be new to it."""
    leaked = sorted(set(net.trained_on) & set(data.class_names))
    if leaked:
        raise ValueError(
            f"the network was trained on {len(leaked)} classes that are to be unseen "
            f"in {data.name!r} (for example {leaked[0]!r}): a zero-shot score would be "
            "wrong"
        )


def labelled(
    pooled: PooledImages, feature: str, mirrored: bool = False, first_label: int = 0
) -> LabelledEmbeddings:
    """Return a feature of images with their labels, counted from `first_label`."""
    labels = pooled.images.labels + first_label
    return LabelledEmbeddings(pooled.feature(feature, mirrored), labels)


# --- all scores of a split -----------------------------------------------------------


class SplitScorer:
    """All scores of a network on a split; every image passes the backbone once.

    A network that was trained on an unseen class is refused.
    """

    def __init__(self, net: EmbeddingNet, parts: ZeroShotData) -> None:
        check_unseen(net, parts.unseen)
        self.net, self.parts = net, parts
        self._pooled = cache(
            lambda group, kind: PooledImages(net, getattr(getattr(parts, group), kind))
        )

    def _labelled(
        self, group: str, feature: str, mirrored: bool
    ) -> list[LabelledEmbeddings]:
        """Return sketches and photos of a group; seen labels follow the unseen ones."""
        offset = len(self.parts.unseen.class_names) if group == "seen" else 0
        sets = [self._pooled(group, kind) for kind in ("sketches", "photos")]
        return [labelled(one, feature, mirrored, offset) for one in sets]

    def zero_shot(
        self,
        feature: str = "embedding",
        mirrored: bool = False,
        group: str = "unseen",
    ) -> RetrievalSets:
        """Return queries and gallery of the unseen (or the validation) classes."""
        return zero_shot(*self._labelled(group, feature, mirrored))

    def protocols(
        self, feature: str = "embedding", mirrored: bool = False
    ) -> dict[str, RetrievalSets]:
        """Return queries and gallery of every protocol.

        They are "zero_shot"; "seen_gallery" (unseen queries, all photos); "seen_sample"
        (a fifth more queries and photos of seen classes).

        Source: SEM-PCYC's evaluation for "seen_sample"; later work for "seen_gallery".
        """
        unseen = self._labelled("unseen", feature, mirrored)
        sketches, photos = self._labelled("seen", feature, mirrored)
        return {
            "zero_shot": zero_shot(*unseen),
            "seen_gallery": generalised_with_seen_gallery(*unseen, photos),
            "seen_sample": generalised_with_seen_sample(*unseen, sketches, photos),
        }

    def scores(self, feature: str, generalised: bool = False) -> dict[str, Metrics]:
        """Return the metrics of a result file.

        They are "metrics" (zero-shot), "metrics_by_feature", "metrics_macro",
        "validation" where there are such classes, and "generalised" by protocol where
        asked for.
        """
        macro = self.zero_shot(feature).evaluate(average="macro")
        known = [f for f in FEATURES if f != "centred" or self.net.centring is not None]
        by_feature = {name: self.zero_shot(name).evaluate() for name in known}
        result = {"metrics": by_feature[feature], "metrics_by_feature": by_feature}
        result["metrics_macro"] = macro
        if self.parts.validation is not None:
            watched = self.zero_shot(feature, group="validation")
            result["validation"] = watched.evaluate()
        if generalised:
            sets = self.protocols(feature)
            result["generalised"] = {n: sets[n].evaluate() for n in PROTOCOLS[1:]}
        return result

    def representations(self, feature: str = "embedding") -> dict[str, Metrics]:
        """Return zero-shot metrics by representation, see `score_representations`."""
        check_gallery_size(self.parts)
        both_ways = (self.zero_shot(feature, mirrored) for mirrored in (False, True))
        return score_representations(*both_ways)

    def cells(self, feature: str = "embedding") -> dict[str, dict[str, float]]:
        """Return the `CELL_METRICS` of each of `CELLS`, PROTOCOL/REPRESENTATION."""
        check_gallery_size(self.parts)
        plain, mirrored = (self.protocols(feature, both) for both in (False, True))
        return {
            f"{protocol}/{name}": {metric: metrics[metric] for metric in CELL_METRICS}
            for protocol in PROTOCOLS
            for name, metrics in score_representations(
                plain[protocol], mirrored[protocol]
            ).items()
        }


def check_gallery_size(parts: ZeroShotData) -> None:
    """Raise unless there are enough unseen photos to learn codes from."""
    photos = len(parts.unseen.photos)
    if photos <= BITS:
        raise ValueError(
            f"{photos} photos of unseen classes are too few for codes of {BITS} bits: "
            f"choose data or a split with {BITS + 1} or more"
        )
