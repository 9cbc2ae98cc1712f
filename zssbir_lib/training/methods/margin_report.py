"""What learned margins come to: what they respond to, and what pushes them."""

from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from zssbir_lib.data import SketchPhotoData, prepare_images
from zssbir_lib.evaluation import per_query_metrics
from zssbir_lib.losses import quadruplet_violations
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.scoring import PooledImages
from zssbir_lib.training.checkpoints import load_trained_net
from zssbir_lib.training.loading import draw_batch
from zssbir_lib.training.method import Step
from zssbir_lib.training.methods.meta_step import (
    HeadsView,
    LossShape,
    MetaBatch,
    Weights,
    batch_loss,
    evaluation_mode,
    exact_meta_gradient,
)
from zssbir_lib.training.methods.ramln import RAMLN, MarginLearner
from zssbir_lib.training.state import TrainingState

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
DECIMALS = 9  # of differences from a mean; what is smaller is rounding
LEAST_SPREAD = 1e-4  # standard deviation below which margins are one number
LEAST_BEND = 1e-4  # of the hinge, below which an alignment is rounding


class ImageMargins(NamedTuple):
    """The margin of every seen image after a training, and how hard the image is.

    Difficulty is 1 - AP@all of the image as a query among the other modality.
    """

    margin: np.ndarray  # float64 (N,)
    difficulty: np.ndarray  # float64 (N,), 0 to 1
    labels: np.ndarray  # class numbers, int64 (N,)
    modality: np.ndarray  # 0 sketch, 1 photo, int64 (N,)


def load_margin_learner(
    content: dict[str, Any], method: RAMLN
) -> tuple[EmbeddingNet, MarginLearner]:
    """Return the network of a checkpoint of RAMLN, and what learned its margins.

    Margins are those after the last step, also where early stopping kept the weights of
    an earlier one. `content` is what `read_checkpoint` returned, `method` has the
    settings it was trained with.

    Raises:
        ValueError: the checkpoint is of another method.
    """
    net, _ = load_trained_net(content)
    kept = content["kept"]
    if "memory" not in kept:
        raise ValueError(
            f"the checkpoint is of the method {content['recipe']['method']!r}, which "
            "learns no margins: give one of the method 'ramln'"
        )
    classes = len(kept["memory"]["labels"]) // (2 * method.margins.slots)
    learner = method.learner(classes)
    learner.load_state_dict(kept)
    return net, learner


def margins_of_images(
    net: EmbeddingNet, learner: MarginLearner, seen: SketchPhotoData, feature: str
) -> ImageMargins:
    """Return the margin of every seen image, and how hard it is to the network.

    Args:
        net: the trained network.
        learner: the memory and R(x) that were trained with it.
        seen: the seen classes.
        feature: what retrieval compares, and difficulty with it, see `embed`. Margins
            are always made from embeddings.
    """
    sets = (seen.sketches, seen.photos)
    pooled = [PooledImages(net, images) for images in sets]
    points = [one.feature(feature) for one in pooled]
    labels = [images.labels for images in sets]
    whole = torch.cat([one.feature("embedding") for one in pooled])
    classes = torch.cat(labels)
    hard = [
        query_difficulty(points[one], points[other], labels[one], labels[other])
        for one, other in ((0, 1), (1, 0))
    ]
    kinds = np.repeat([SKETCH, PHOTO], [len(images) for images in sets])
    read = learner.read(whole, classes)
    margin = MarginLearner.margin(learner, whole, read)  # even if it hands out others
    return ImageMargins(
        margin.double().numpy(), np.concatenate(hard), classes.numpy(), kinds
    )


def query_difficulty(
    query: Tensor, gallery: Tensor, query_labels: Tensor, gallery_labels: Tensor
) -> np.ndarray:
    """Return 1 - AP@all of every query, float64 (Q,)."""
    found = per_query_metrics(query, gallery, query_labels, gallery_labels)
    return 1 - found["map@all"]


def describe_image_margins(images: ImageMargins) -> dict[str, float]:
    """Describe the distribution of every seen image's margin and what it goes with.

    Returns:
        mean and std; quantiles as "quantile/0.05" and so on; the means of sketches and
        of photos; class_share, the share of the variance that lies between classes;
        and rank correlations (Spearman): "confusability/sketches" and ".../photos" of a
        class's mean margin with its mean difficulty, "ambiguity/sketches" and
        ".../photos" of an image's margin with its difficulty, both less the mean of
        its class. Shares and correlations are 0 where all margins are alike.
    """
    margin = images.margin
    described = {"mean": float(margin.mean()), "std": float(margin.std())}
    described |= {
        f"quantile/{q}": float(value)
        for q, value in zip(QUANTILES, np.quantile(margin, QUANTILES), strict=True)
    }
    means = class_means(margin, images.labels)
    varied = margin.std() > LEAST_SPREAD
    described["class_share"] = float(means.var() / margin.var()) if varied else 0.0
    for kind, name in ((SKETCH, "sketches"), (PHOTO, "photos")):
        some = images.modality == kind
        described[f"mean/{name}"] = float(margin[some].mean())
        values = (margin[some], images.difficulty[some])
        between = [class_means(value, images.labels[some]) for value in values]
        within = [
            (value - mean).round(DECIMALS)  # so that ties stay ties
            for value, mean in zip(values, between, strict=True)
        ]
        firsts = np.unique(images.labels[some], return_index=True)[1]
        one_each = [m[firsts] for m in between]
        pairs = {"confusability": one_each, "ambiguity": within}
        described |= {
            f"{what}/{name}": rank_correlation(*pair) if varied else 0.0
            for what, pair in pairs.items()
        }
    return described


def class_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return for every image the mean over its class, float64 (N,)."""
    _, place = np.unique(labels, return_inverse=True)
    return (np.bincount(place, values) / np.bincount(place))[place]


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's correlation, 0 where one of the two does not vary."""
    if len(one) < 2 or min(np.ptp(one), np.ptp(other)) == 0:
        return 0.0
    return float(spearmanr(one, other).statistic)


class AnchorPushes(NamedTuple):
    """What a meta step would do to the margin of each of its anchors.

    The alignment is the push divided by how fast the slope of the smooth hinge changes
    there: above 0 where pulling at this anchor lowers the loss of the other classes.
    """

    violation: Tensor  # how much it misses its quadruplet without a margin, (B,)
    push: Tensor  # minus the outer loss's derivative by the anchor's margin, float (B,)
    alignment: Tensor  # (B,), NaN where the slope hardly changes


def anchor_pushes(
    net: EmbeddingNet,
    training: MetaBatch,
    testing: MetaBatch,
    margin: float,
    shape: LossShape,
    step_size: float,
) -> AnchorPushes:
    """Differentiate the loss of other classes by each anchor's own margin.

    Args:
        net: the network, in evaluation mode.
        training: the anchors.
        testing: images of other classes.
        margin: where all margins are.
        shape: how the losses are made.
        step_size: of the virtual step.

    Source: our closed form of the meta-gradient, derived in the notebook: step size
        times the slope of the hinge's slope times the agreement of two gradients.
    """
    view = HeadsView(net, from_pooled=True)
    margins = torch.full_like(training.embeddings[:, 0], margin)

    def inner(learner: Weights, settings: Weights) -> Tensor:
        return batch_loss(view, learner, training, settings["margins"], shape)

    def outer(learner: Weights) -> Tensor:
        return batch_loss(view, learner, testing, margin, shape)

    gradient, _ = exact_meta_gradient(
        inner, outer, view.weights(), {"margins": margins}, step_size
    )
    violation, _ = quadruplet_violations(
        training.embeddings, training.quadruplets, 0.0, shape.lam
    )
    active = torch.sigmoid(shape.beta * (violation + margin))
    bend = shape.beta * active * (1 - active)  # how fast the slope changes
    push = -gradient["margins"]
    alignment = torch.where(bend > LEAST_BEND, push / bend, torch.nan)
    return AnchorPushes(violation, push, alignment)


def pushes_of_batches(
    net: EmbeddingNet, state: TrainingState, batches: int, seed: int
) -> AnchorPushes:
    """Draw batches of the seen classes, split each, and collect all anchors' pushes.

    Args:
        net: the network.
        state: of RAMLN, fresh: what draws batches, and settings.
        batches: how many batches.
        seed: of the draws.
    """
    method = state.method
    generator = torch.Generator().manual_seed(seed)
    found = []
    with evaluation_mode(net):
        for _ in range(batches):
            halves = drawn_halves(net, state, generator)
            shape, rate = method.loss_shape, method.margins.inner_rate
            found.append(anchor_pushes(net, *halves, method.margin, shape, rate))
    return AnchorPushes(*(torch.cat(parts) for parts in zip(*found, strict=True)))


@torch.no_grad()
def drawn_halves(
    net: EmbeddingNet, state: TrainingState, generator: torch.Generator
) -> list[MetaBatch]:
    """Draw a batch, embed it and split it by class, ready for a meta step."""
    batch, method, learner = draw_batch(state, generator), state.method, state.kept
    images = prepare_images(batch.images, batch.modality, net.pixels)
    pooled = net.pooled(images, batch.modality)
    step = Step.of(batch, pooled, images)
    return learner.halves(method.meta_batch(learner, pooled, net.project(pooled), step))


def describe_pushes(pushes: AnchorPushes) -> dict[str, float]:
    """Describe which anchors' constraints help other classes.

    Returns:
        known_share, of the anchors whose alignment is known; among these
        aligned_share, of those that help others, and rank correlations with how much an
        anchor misses its quadruplet: "alignment/violation", "push/violation". All are 0
        where nothing is known.
    """
    known = ~pushes.alignment.isnan()
    violation, push, alignment = (part[known].double().numpy() for part in pushes)
    return {
        "known_share": float(known.double().mean()),
        "aligned_share": float((alignment > 0).mean()) if known.any() else 0.0,
        "alignment/violation": rank_correlation(alignment, violation),
        "push/violation": rank_correlation(push, violation),
    }
