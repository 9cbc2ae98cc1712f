"""What learned margins respond to: confusable classes, ambiguous images, modality."""

from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from zssbir_lib.data import SketchPhotoData
from zssbir_lib.evaluation import per_query_metrics
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.checkpoints import load_trained_net
from zssbir_lib.training.embedding import embed
from zssbir_lib.training.methods.ramln.alignment import AnchorPushes
from zssbir_lib.training.methods.ramln.learner import MarginLearner

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
DECIMALS = 9  # of differences from a mean; what is smaller is rounding
LEAST_SPREAD = 1e-4  # standard deviation below which margins are one number


class ImageMargins(NamedTuple):
    """The margin of every seen image after a training, and how hard the image is.

    Attributes:
        margin: float64 (N,).
        difficulty: 1 - AP@all of the image as a query for its class among the seen
            images of the other modality, float64 (N,), 0 to 1.
        labels: class numbers, int64 (N,).
        modality: 0 sketch, 1 photo, int64 (N,).

    Taught in: notebook 06.
    """

    margin: np.ndarray
    difficulty: np.ndarray
    labels: np.ndarray
    modality: np.ndarray


def load_margin_learner(content: dict[str, Any]) -> tuple[EmbeddingNet, MarginLearner]:
    """Return the network of a checkpoint of RAMLN, and what learned its margins.

    Margins are those after the last step, also where early stopping kept the weights of
    an earlier one.

    Args:
        content: what `read_checkpoint` returned.

    Raises:
        ValueError: the checkpoint is of another method.

    Taught in: notebook 06.
    """
    net, recipe = load_trained_net(content)
    state = content["method_state"].get("learner")
    if state is None:
        raise ValueError(
            f"the checkpoint is of the method {recipe.method!r}, which learns no "
            "margins: give one of the method 'ramln'"
        )
    classes = len(state["memory"]["labels"]) // (2 * recipe.margins.slots)
    learner = MarginLearner(
        recipe.margins, recipe.margin, recipe.lam, recipe.embedding_size, classes
    )
    learner.load_state_dict(state)
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

    Taught in: notebook 06.
    """
    sets = (seen.sketches, seen.photos)
    points = [embed(net, images, feature) for images in sets]
    labels = [images.labels for images in sets]
    whole = torch.cat(
        points
        if feature == "embedding"
        else [embed(net, images, "embedding") for images in sets]
    )
    classes = torch.cat(labels)
    hard = [
        query_difficulty(points[one], points[other], labels[one], labels[other])
        for one, other in ((0, 1), (1, 0))
    ]
    kinds = np.repeat([SKETCH, PHOTO], [len(images) for images in sets])
    margin = learner.margin(whole, learner.read(whole, classes))
    return ImageMargins(
        margin.double().numpy(), np.concatenate(hard), classes.numpy(), kinds
    )


def query_difficulty(
    query: Tensor, gallery: Tensor, query_labels: Tensor, gallery_labels: Tensor
) -> np.ndarray:
    """Return 1 - AP@all of every query, float64 (Q,).

    Taught in: notebook 06.
    """
    found = per_query_metrics(query, gallery, query_labels, gallery_labels)
    return 1 - found["map@all"]


def describe_image_margins(images: ImageMargins) -> dict[str, float]:
    """Describe the distribution of margins and what they go with.

    Args:
        images: of every seen image.

    Returns:
        mean and std; quantiles as "quantile/0.05" and so on; the means of sketches and
        of photos; class_share, the share of the variance that lies between classes;
        and rank correlations (Spearman): "confusability/sketches" and ".../photos" of a
        class's mean margin with its mean difficulty, "ambiguity/sketches" and
        ".../photos" of an image's margin with its difficulty, both less the mean of
        its class. Shares and correlations are 0 where all margins are alike. R(x) is
        centred over all images together.

    Taught in: notebook 06.
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


def describe_pushes(pushes: AnchorPushes) -> dict[str, float]:
    """Describe which anchors' constraints help other classes.

    Args:
        pushes: of many anchors.

    Returns:
        known_share, of the anchors whose alignment is known; among these
        aligned_share, of those that help others, and rank correlations with how much an
        anchor misses its quadruplet: "alignment/violation", "push/violation". All are 0
        where nothing is known.

    Taught in: notebook 06.
    """
    known = ~pushes.alignment.isnan()
    violation, push, alignment = (part[known].double().numpy() for part in pushes)
    return {
        "known_share": float(known.double().mean()),
        "aligned_share": float((alignment > 0).mean()) if known.any() else 0.0,
        "alignment/violation": rank_correlation(alignment, violation),
        "push/violation": rank_correlation(push, violation),
    }


def class_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return for every image the mean over its class, float64 (N,).

    Taught in: notebook 06.
    """
    _, place = np.unique(labels, return_inverse=True)
    return (np.bincount(place, values) / np.bincount(place))[place]


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's correlation, 0 where one of the two does not vary.

    Taught in: notebook 06.
    """
    if len(one) < 2 or min(np.ptp(one), np.ptp(other)) == 0:
        return 0.0
    return float(spearmanr(one, other).statistic)
