"""How embeddings lie: how far and in how many directions, and what is near what.

The domain gap compares the two modalities, the spread describes all images together.
Confusion says which classes are taken for which, as a search engine has it: a
classifier's confusion matrix counts wrong answers, but a sketch gets a list of photos,
so its class is confused with another to the share that photos of the other class have
among the first K.
"""

import torch
from torch import Tensor

ROUNDING = 1e-14  # relative, of numbers in double precision


def domain_gap(sketches: Tensor, photos: Tensor) -> float:
    """Measure the distance between the modalities in units of their spread.

    Takes embeddings (M, D) and (N, D), of the same classes to make it a matter of
    modality alone. At 0 both modalities have the same mean; at 1 the means are as far
    apart as an image typically is from that of its own modality.

    Example:
        >>> domain_gap(torch.tensor([[0.0], [2.0]]), torch.tensor([[4.0], [6.0]]))
        4.0
    """
    _check_pair(sketches, photos)
    mean_sketch, mean_photo = sketches.mean(dim=0), photos.mean(dim=0)  # (D,), (D,)
    around_sketch = (sketches - mean_sketch).square().sum(dim=1).mean()
    around_photo = (photos - mean_photo).square().sum(dim=1).mean()
    spread = ((around_sketch + around_photo) / 2).sqrt()
    if spread == 0:
        raise ValueError("each modality is one single point: the embeddings collapsed")
    return float((mean_sketch - mean_photo).norm() / spread)


def embedding_spread(
    embeddings: Tensor, labels: Tensor, modality: Tensor
) -> dict[str, float]:
    """Describe how a set of embeddings fills its space; a collapse shows in a number.

    Args:
        embeddings: float (N, D).
        labels: class numbers, int64 (N,).
        modality: 0 sketch, 1 photo, int64 (N,).

    Returns:
        distance: root mean squared distance between two of the embeddings;
        rank: effective number of directions, see `effective_rank`;
        class_share: share of the variance that lies between the class means, 0 to 1;
        modality_share: share that lies between the means of the two modalities.
    """
    for name, values in (("labels", labels), ("modality", modality)):
        if values.shape != embeddings.shape[:1]:
            raise ValueError(
                f"{name} must have shape ({len(embeddings)},), one for each embedding, "
                f"got {tuple(values.shape)}"
            )
    rank = effective_rank(embeddings)  # checks the embeddings
    embeddings = embeddings.double()
    count, variance = len(embeddings), _variance(embeddings)
    return {
        "distance": (2 * variance * count / (count - 1)) ** 0.5,
        "rank": rank,
        "class_share": _variance(group_means(embeddings, labels)) / variance,
        "modality_share": _variance(group_means(embeddings, modality)) / variance,
    }


def effective_rank(embeddings: Tensor) -> float:
    """Return how many directions a set of embeddings (N, D) uses, from 1 to D.

    The exponential of the entropy of the shares of variance; k equal ones give k.

    Source: Roy and Vetterli (2007), effective rank, here of the variances.
    """
    if embeddings.ndim != 2 or len(embeddings) < 2:
        raise ValueError(
            f"embeddings must be (N, D) with N 2 or more, got {tuple(embeddings.shape)}"
        )
    embeddings = embeddings.double()
    if not embeddings.isfinite().all():
        raise ValueError("an embedding is NaN or infinite: look for a broken network")
    centred = embeddings - embeddings.mean(dim=0)
    variances = torch.linalg.svdvals(centred).square()
    rounding = ROUNDING * embeddings.abs().max()  # of the mean
    if not variances.sum() > len(embeddings) * rounding**2:
        raise ValueError("all embeddings are the same point: they collapsed")
    shares = variances / variances.sum()
    return float(torch.special.entr(shares).sum().exp())


def group_means(embeddings: Tensor, groups: Tensor) -> Tensor:
    """Put the mean of its group (N,) in the place of every embedding (N, D)."""
    names, place = groups.unique(return_inverse=True)
    sums = embeddings.new_zeros(len(names), embeddings.shape[1])
    sums.index_add_(0, place, embeddings)
    return (sums / place.bincount()[:, None])[place]


def confusion_matrix(
    retrieved_labels: Tensor, query_labels: Tensor, classes: int
) -> Tensor:
    """Return the share of each class among the photos retrieved for each class.

    In row a and column b of (C, C) float64 stands the share, 0 to 1, of photos of class
    b among those retrieved for sketches of class a; NaN in a row without queries.

    Args:
        retrieved_labels: (Q, K) class of the first K photos of every query, whole
            numbers from 0 to C - 1, such as `gallery_labels[rank_gallery(...)]`.
        query_labels: (Q,) class of every query, in the same range.
        classes: C, the number of classes.

    Example:
        >>> confusion_matrix(torch.tensor([[0, 1], [1, 1]]), torch.tensor([0, 1]), 2)
        tensor([[0.5000, 0.5000],
                [0.0000, 1.0000]], dtype=torch.float64)
    """
    _check_labels(retrieved_labels, query_labels, classes)
    cells = query_labels[:, None] * classes + retrieved_labels  # (Q, K)
    counts = torch.bincount(cells.flatten(), minlength=classes**2)
    counts = counts.reshape(classes, classes).double()
    return counts / counts.sum(dim=1, keepdim=True)  # 0 / 0 is NaN


def mutual_confusion(confusion: Tensor) -> Tensor:
    """Return the mean of both directions of a `confusion_matrix`, (C, C) float64.

    The diagonal is 0, and so are pairs of which one class has no queries.
    """
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(
            f"confusion has shape {tuple(confusion.shape)}: expected (C, C), a row and "
            "a column for each class"
        )
    both = (confusion + confusion.T).double() / 2
    return both.fill_diagonal_(0).nan_to_num(nan=0)


def most_confused_pair(confusion: Tensor) -> tuple[int, int]:
    """Find the two classes a < b most taken for each other, the first of equal ones."""
    mutual = mutual_confusion(confusion).triu()
    if not (mutual > 0).any():
        raise ValueError(
            "no class is confused with another: look at more photos of each query"
        )
    place = int(mutual.flatten().argmax())  # the first of equal ones
    return divmod(place, len(mutual))


def _variance(embeddings: Tensor) -> float:
    """Return the mean squared distance to the mean."""
    return float((embeddings - embeddings.mean(dim=0)).square().sum(dim=1).mean())


def _check_pair(sketches: Tensor, photos: Tensor) -> None:
    """Check that two sets of embeddings can be compared."""
    shapes = tuple(sketches.shape), tuple(photos.shape)
    two_tables = sketches.ndim == photos.ndim == 2 and 0 not in shapes[0] + shapes[1]
    if not two_tables or shapes[0][1] != shapes[1][1]:
        raise ValueError(
            f"sketches have shape {shapes[0]} and photos {shapes[1]}; expected "
            "(M, D) and (N, D) with the same D and nothing empty"
        )


def _check_labels(retrieved: Tensor, query: Tensor, classes: int) -> None:
    """Refuse labels that do not fit together or have no class."""
    if retrieved.ndim != 2 or query.shape != retrieved.shape[:1]:
        raise ValueError(
            f"retrieved_labels has shape {tuple(retrieved.shape)} and query_labels "
            f"{tuple(query.shape)}: expected (Q, K) and (Q,)"
        )
    if retrieved.numel() == 0:
        raise ValueError("no retrieved photos: give one query and one photo or more")
    for name, labels in (("retrieved_labels", retrieved), ("query_labels", query)):
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= classes:
            raise ValueError(
                f"{name} run from {low} to {high}: expected 0 to {classes - 1} for "
                f"{classes} classes"
            )
