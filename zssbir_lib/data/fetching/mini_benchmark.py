"""Build the mini benchmark *drawn and photographed* from QuickDraw and CIFAR-100."""

import json
from pathlib import Path

from zssbir_lib.data.fetching.cifar_photos import (
    check_count,
    fetch_cifar100,
    has_photos,
    write_photos,
)
from zssbir_lib.data.fetching.mini_classes import (
    LABELS_OF_WORDS,
    mini_photo_classes,
    mini_split,
)
from zssbir_lib.data.fetching.patience import Patience
from zssbir_lib.data.fetching.quickdraw_drawings import fetch_drawings
from zssbir_lib.data.fetching.writing import write_whole
from zssbir_lib.data.quickdraw import drawings_to_folder

DOWNLOADS = "downloads"  # what was fetched; may be removed when all images are there
README = """\
Drawn and photographed: a small benchmark for zero-shot sketch-based image retrieval
====================================================================================

sketch/<class>/*.png  {sketches} drawings of each class at most, black on white
photo/<class>/*.png   {photos} photos of each class at most, 32 x 32 pixels
split.json            {seen} seen classes and {unseen} unseen ones: {unseen_names}.
                      ImageNet-1k has no category of these, so that a backbone
                      pretrained on it has not seen them.
downloads/            what the images were made from; may be removed

Sketches
    The first recognised drawings of each word of the Quick, Draw! Dataset, Google,
    rendered at {size} x {size} pixels.
    https://github.com/googlecreativelab/quickdraw-dataset
    Licence: Creative Commons Attribution 4.0 (CC BY 4.0). Name the source if you pass
    them on. The drawings were moderated one by one, but some may be unsuitable.

Photos
    The first photos of each label of CIFAR-100, those for training before those for
    testing. Cite: A. Krizhevsky, Learning multiple layers of features from tiny images,
    technical report, University of Toronto, 2009.
    https://www.cs.toronto.edu/~kriz/cifar.html
    The page states no licence. The photos were collected from the web (they are part of
    the 80 million tiny images, which their authors withdrew): use them for research and
    teaching, and do not pass them on.

Try it
    python -m zssbir_lib fit --data FOLDER --split FOLDER/split.json --out runs/mini
"""


def build_mini_benchmark(
    folder: str | Path,
    count: int = 100,
    size: int = 64,
    patience: Patience | None = None,
    address: str | None = None,
) -> Path:
    """Build the benchmark in a folder; the same call goes on where it was stopped.

    The sketches are drawings of Quick, Draw! that the game recognised, the photos those
    of CIFAR-100; `mini_classes` says which classes. `load_data` reads the folder.

    Args:
        folder: Where the benchmark is to be; it is made.
        count: Sketches and photos of each class, 1 to 600.
        size: The side of a rendered sketch, in pixels.
        patience: How long to wait and how often to try; None for the default.
        address: A copy of QuickDraw's folder of files; None for the official one.

    Returns:
        The folder, with `sketch`, `photo`, `split.json` and `README.txt`.

    Raises:
        ValueError: If the count or the size is out of range.
        DownloadError: If something cannot be fetched; what has arrived is kept.
        OSError: If something cannot be written.

    Source: Quick, Draw! (CC BY 4.0); Krizhevsky 2009 (CIFAR-100).
    """
    folder = Path(folder)
    check_count(count)
    for word in LABELS_OF_WORDS:
        drawings = fetch_drawings(
            word,
            folder / DOWNLOADS / "quickdraw",
            count,
            recognised_only=True,
            patience=patience,
            address=address,
        )
        drawings_to_folder(drawings, folder, limit=count, size=size)
    classes = mini_photo_classes()
    if not has_photos(folder, classes.values(), count):
        write_photos(
            fetch_cifar100(folder / DOWNLOADS, patience), folder, classes, count
        )
    _describe(folder, count, size)
    return folder


def _describe(folder: Path, count: int, size: int) -> None:
    """Write the split file and the text that says where everything is from."""
    split = mini_split()
    text = README.format(
        sketches=count,
        photos=count,
        size=size,
        seen=len(split["seen"]),
        unseen=len(split["unseen"]),
        unseen_names=", ".join(split["unseen"]),
    )
    write_whole(folder / "split.json", (json.dumps(split, indent=1) + "\n").encode())
    write_whole(folder / "README.txt", text.encode())
