"""Fixtures that several test files share."""

import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "studies"))  # its scripts are tested too


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with real images and weights that lies beside a checkout."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("no ../shared/data beside this clone: real images not available")
    return folder


@pytest.fixture(scope="session")
def tiny_data():
    """Return six classes of flat colour with noise: 8 sketches, 8 photos, 32 px."""
    import torch

    from zssbir_lib.data import ImageSet, SketchPhotoData
    from zssbir_lib.modality import PHOTO, SKETCH

    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(6).repeat_interleave(8)
    colours = torch.randint(40, 216, (6, 3, 1, 1), generator=generator)[labels]

    def images() -> torch.Tensor:
        noise = torch.randint(-40, 41, (48, 3, 32, 32), generator=generator)
        return (colours + noise).clamp(0, 255).to(torch.uint8)

    return SketchPhotoData(
        name="tiny",
        class_names=tuple("abcdef"),
        sketches=ImageSet(images(), labels, SKETCH),
        photos=ImageSet(images(), labels, PHOTO),
        image_size=32,
    )


@pytest.fixture(scope="session")
def tiny_split():
    """Return a split of the tiny data: two classes seen, validation, unseen each."""
    from zssbir_lib.data import ZeroShotSplit

    return ZeroShotSplit("tiny", ("a", "b"), ("c", "d"), ("e", "f"))
