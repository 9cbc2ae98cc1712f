"""Say which classes are taken for which: confusion as a search engine has it.

A classifier's confusion matrix counts wrong answers. Here a sketch gets a list of
photos, so its class is confused with another to the share that photos of the other
class have among the first K.
"""

import torch
from torch import Tensor


def confusion_matrix(
    retrieved_labels: Tensor, query_labels: Tensor, classes: int
) -> Tensor:
    """Return the share of each class among the photos retrieved for each class.

    Args:
        retrieved_labels: (Q, K) class of the first K photos of every query, whole
            numbers from 0 to C - 1, such as `gallery_labels[rank_gallery(...)]`.
        query_labels: (Q,) class of every query, in the same range.
        classes: C, the number of classes.

    Returns:
        (C, C) float64: in row a and column b the share, 0 to 1, of photos of class b
        among those retrieved for sketches of class a. A row adds up to 1; the row of
        a class without queries is NaN.

    Raises:
        ValueError: shapes do not fit, there is nothing to count, or a label is out of
            range.

    Example:
        >>> confusion_matrix(torch.tensor([[0, 1], [1, 1]]), torch.tensor([0, 1]), 2)
        tensor([[0.5000, 0.5000],
                [0.0000, 1.0000]], dtype=torch.float64)

    Taught in: notebook 07.
    """
    _check_labels(retrieved_labels, query_labels, classes)
    cells = query_labels[:, None] * classes + retrieved_labels  # (Q, K)
    counts = torch.bincount(cells.flatten(), minlength=classes**2)
    counts = counts.reshape(classes, classes).double()
    return counts / counts.sum(dim=1, keepdim=True)  # 0 / 0 is NaN


def mutual_confusion(confusion: Tensor) -> Tensor:
    """Return how much any two classes are confused, whichever the sketch shows.

    Args:
        confusion: (C, C) shares, as `confusion_matrix` returns them.

    Returns:
        (C, C) float64, symmetric: the mean of both directions. The diagonal is 0, and
        so are pairs of which one class has no queries.

    Raises:
        ValueError: the matrix is not square.

    Taught in: notebook 07.
    """
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(
            f"confusion has shape {tuple(confusion.shape)}: expected (C, C), a row and "
            "a column for each class"
        )
    both = (confusion + confusion.T).double() / 2
    return both.fill_diagonal_(0).nan_to_num(nan=0)


def most_confused_pair(confusion: Tensor) -> tuple[int, int]:
    """Find the two classes that are taken for each other most.

    Args:
        confusion: (C, C) shares, as `confusion_matrix` returns them.

    Returns:
        Their numbers a < b, for which the mean of both directions is largest; of
        equal pairs the first.

    Raises:
        ValueError: the matrix is not square, or no class is taken for another.

    Taught in: notebook 07.
    """
    mutual = mutual_confusion(confusion).triu()
    if not (mutual > 0).any():
        raise ValueError(
            "no class is confused with another: look at more photos of each query"
        )
    place = int(mutual.flatten().argmax())  # the first of equal ones
    return divmod(place, len(mutual))


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
