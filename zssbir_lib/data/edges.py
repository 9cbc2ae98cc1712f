"""A photo as a drawing: dark lines where its brightness changes."""

import torch
import torch.nn.functional as F
from torch import Tensor

SOBEL = ((1.0, 0.0, -1.0), (2.0, 0.0, -2.0), (1.0, 0.0, -1.0))  # left minus right


def edge_drawing(images: Tensor) -> Tensor:
    """Draw the edges of images: dark on white, the strongest edge of each black.

    Args:
        images: (B, 3, S, S) float in 0..1.

    Returns:
        (B, 3, S, S) float in 0..1, without colour; white where nothing changes.

    Source: the gradient operator of Sobel and Feldman (1968), its length divided by
        the greatest in the image.
    """
    kernel = torch.tensor(SOBEL, dtype=images.dtype, device=images.device)
    kernels = torch.stack([kernel, kernel.T])[:, None]  # (2, 1, 3, 3)
    grey = images.mean(dim=1, keepdim=True)  # (B, 1, S, S)
    changes = F.conv2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), kernels)
    strength = changes.square().sum(dim=1, keepdim=True).sqrt()  # (B, 1, S, S)
    greatest = strength.amax(dim=(2, 3), keepdim=True)
    strength = torch.where(greatest > 1e-3, strength / greatest.clamp(min=1e-3), 0)
    return (1 - strength).expand_as(images)
