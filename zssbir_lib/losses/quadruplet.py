"""The domain-aware quadruplet loss: a triplet loss with a sketch negative as well."""

import torch
from torch import Tensor

from zssbir_lib.losses.triplet import triplet_loss


def quadruplet_loss(
    anchor: Tensor,
    positive: Tensor,
    photo_negative: Tensor,
    sketch_negative: Tensor,
    margin: float = 0.2,
) -> Tensor:
    """Return the mean of two triplet losses: against a photo and against a sketch.

    An anchor sketch should be closer to a photo of its class than to a photo of another
    class, and closer than to a *sketch* of another class. With equal negatives it is
    the triplet loss.

    Args:
        anchor: embeddings of the sketches, float (B, D), used as given.
        positive: embeddings of photos of the anchors' classes, float (B, D).
        photo_negative: embeddings of photos of other classes, float (B, D).
        sketch_negative: embeddings of sketches of other classes, float (B, D).
        margin: the gap asked for, at least 0, in units of squared distance.

    Example:
        >>> a, p, n, s = torch.eye(4).unsqueeze(1)
        >>> quadruplet_loss(a, p, n, s)  # all at squared distance 2
        tensor(0.2000)

    Source: SBTKNet (Tursun et al.), equation 2. The paper prints the photo negative a
        second time in the definition of the sketch distance; the sentence around it
        says sketch, and that is what is computed here.
    """
    photo_term = triplet_loss(anchor, positive, photo_negative, margin)
    sketch_term = triplet_loss(anchor, positive, sketch_negative, margin)
    return torch.stack((photo_term, sketch_term)).mean()
