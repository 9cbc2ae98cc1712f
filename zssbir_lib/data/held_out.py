"""Hold sketches of seen classes out of training, to watch how it goes."""

from dataclasses import replace

import torch

from zssbir_lib.data.images import ImageSet, SketchPhotoData


def hold_out_sketches(
    data: SketchPhotoData, share: float = 0.1, seed: int = 0
) -> tuple[SketchPhotoData, ImageSet]:
    """Take some sketches of every class away from the training.

    Args:
        data: The seen classes.
        share: Part of each class's sketches to hold out, above 0 and below 1; at least
            one sketch is held out and one stays.
        seed: Decides which; the same on every machine.

    Returns:
        The data without the held-out sketches, and those sketches with their labels.

    Raises:
        ValueError: If the share is out of range or a class has fewer than two sketches.

    Source: SAKE's lists hold out 50 sketches a class of Sketchy and 10 of TU-Berlin;
        the paper of SBTKNet does not say what its early stopping looks at.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}, expected a number between 0 and 1")
    generator = torch.Generator().manual_seed(seed)
    held: list[torch.Tensor] = []
    for label, name in enumerate(data.class_names):
        indices = data.sketches.of_class(label)
        if len(indices) < 2:
            raise ValueError(
                f"class {name!r} has {len(indices)} sketches: one to hold out and one "
                "to train on are needed"
            )
        count = min(max(1, round(share * len(indices))), len(indices) - 1)
        held.append(indices[torch.randperm(len(indices), generator=generator)[:count]])
    chosen = torch.cat(held).sort().values
    stays = torch.ones(len(data.sketches), dtype=torch.bool)
    stays[chosen] = False
    rest = data.sketches.subset(stays.nonzero().squeeze(1))
    return replace(data, sketches=rest), data.sketches.subset(chosen)
