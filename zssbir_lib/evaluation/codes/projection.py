"""Project embeddings on the directions of a gallery's largest variance."""

import torch
from torch import Tensor


def principal_directions(embeddings: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the mean and the directions of largest variance, by scikit-learn's PCA.

    Args:
        embeddings: (N, D) floating point, N above count, D at least count.
        count: number of directions.

    Returns:
        Mean (D,) and directions (D, count), both float64 on the CPU, the direction of
        largest variance first. Its largest entry decides the sign of each, so the
        order of the images does not matter.

    Taught in: notebook 07.
    """
    from sklearn.decomposition import PCA  # slow to load

    # exact and repeatable: the default draws random numbers for some sizes
    pca = PCA(n_components=count, svd_solver="covariance_eigh")
    pca.fit(embeddings.detach().to("cpu", torch.float64).numpy())
    return torch.from_numpy(pca.mean_), torch.from_numpy(pca.components_.T.copy())


def check_table(name: str, embeddings: Tensor) -> None:
    """Raise ValueError unless these are finite embeddings of at least one image.

    Args:
        name: of the argument, for the message.
        embeddings: what should be (N, D) floating point.

    Taught in: notebook 07.
    """
    if embeddings.ndim != 2 or not embeddings.is_floating_point():
        raise ValueError(
            f"{name} has type {embeddings.dtype} and shape {tuple(embeddings.shape)}: "
            "expected floating point (images, numbers)"
        )
    if len(embeddings) == 0:
        raise ValueError(f"{name} is empty: check which classes were selected")
    bad = (~embeddings.isfinite().all(dim=1)).nonzero().flatten()
    if len(bad) > 0:
        raise ValueError(
            f"{name} has {len(bad)} of {len(embeddings)} rows with NaN or infinite "
            f"values, the first is row {int(bad[0])}: the training has probably "
            "diverged"
        )


def check_gallery(gallery: Tensor, bits: int) -> None:
    """Raise ValueError unless a gallery is large enough to learn codes from.

    Args:
        gallery: what should be (N, D) floating point, N above bits, D at least bits.
        bits: length of a code.

    Taught in: notebook 07.
    """
    check_table("gallery", gallery)
    if bits < 1:
        raise ValueError(f"bits is {bits}: a code has at least 1 (64 is usual)")
    if gallery.shape[1] < bits:
        raise ValueError(
            f"embeddings of {gallery.shape[1]} numbers give no {bits} bits: choose at "
            f"most {gallery.shape[1]}, or a network with a larger embedding"
        )
    if len(gallery) <= bits:
        raise ValueError(
            f"{len(gallery)} images are too few for {bits} bits: give a gallery of at "
            f"least {bits + 1}, or ask for fewer bits"
        )
    rounding = 8 * torch.finfo(gallery.dtype).eps * gallery.abs().max()
    if not (gallery - gallery[0]).abs().max() > rounding:
        raise ValueError(
            "all images of the gallery have the same embedding: the network collapsed"
        )
