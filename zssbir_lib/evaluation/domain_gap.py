"""How far apart the sketches and the photos of an embedding space lie."""

from torch import Tensor


def domain_gap(sketches: Tensor, photos: Tensor) -> float:
    """Measure the distance between the modalities in units of their spread.

    The distance between the mean sketch and the mean photo is divided by the root of
    the mean squared distance of an image to the mean of its own modality. Sets of the
    same classes make it a matter of modality alone.

    Args:
        sketches: (M, D) embeddings of sketches, floating point.
        photos: (N, D) embeddings of photos of the same classes.

    Returns:
        0 where both modalities have the same mean; at 1 the modalities are as far
        apart as an image typically is from the middle of its own modality.

    Raises:
        ValueError: the shapes do not fit, a set is empty, or all images of each
            modality have the same embedding.

    Example:
        >>> domain_gap(torch.tensor([[0.0], [2.0]]), torch.tensor([[4.0], [6.0]]))
        4.0

    Taught in: notebook 01.
    """
    _check_pair(sketches, photos)
    mean_sketch, mean_photo = sketches.mean(dim=0), photos.mean(dim=0)  # (D,), (D,)
    around_sketch = (sketches - mean_sketch).square().sum(dim=1).mean()
    around_photo = (photos - mean_photo).square().sum(dim=1).mean()
    spread = ((around_sketch + around_photo) / 2).sqrt()
    if spread == 0:
        raise ValueError("each modality is one single point: the embeddings collapsed")
    return float((mean_sketch - mean_photo).norm() / spread)


def _check_pair(sketches: Tensor, photos: Tensor) -> None:
    """Check that two sets of embeddings can be compared."""
    shapes = tuple(sketches.shape), tuple(photos.shape)
    two_tables = sketches.ndim == photos.ndim == 2 and 0 not in shapes[0] + shapes[1]
    if not two_tables or shapes[0][1] != shapes[1][1]:
        raise ValueError(
            f"sketches have shape {shapes[0]} and photos {shapes[1]}; expected "
            "(M, D) and (N, D) with the same D and nothing empty"
        )
