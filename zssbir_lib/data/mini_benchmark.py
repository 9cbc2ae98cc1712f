"""The mini benchmark *drawn and photographed*, of QuickDraw and CIFAR-100.

Its classes are both words of the one and labels of the other. A pair is taken if nearly
every drawing of the word and nearly every photo of the label show the same kind of
thing. Left out, although the names are near:

- mouse: players drew the animal and the pointing device, the photos show the animal.
- fish / aquarium_fish: flatfish, ray, shark and trout are labels of their own, and the
  drawings may mean any of them.
- sea turtle / turtle: the photos show tortoises and terrapins as well.
- tree / maple_tree, oak_tree, pine_tree, willow_tree: one word for four labels.
- flower / orchid, poppy, rose, sunflower, tulip: one word for five labels.
- monkey / chimpanzee: an ape is no monkey, and the drawings have tails.
- hedgehog / porcupine: two animals.
- wine bottle / bottle, floor lamp / lamp: the words are narrower than the labels.
- dresser / wardrobe: two pieces of furniture.
- school bus / bus: narrower, and the word "bus" is there.
"""

import json
from pathlib import Path

from zssbir_lib.data.downloading import write_file
from zssbir_lib.data.fetching import (
    PHOTOS_OF_A_LABEL,
    check_photo_count,
    fetch_cifar100,
    fetch_drawings,
    write_photos,
)
from zssbir_lib.data.quickdraw import drawings_to_folder, folder_name

ONE_NAME = """
apple, bear, bed, bee, bicycle, bridge, bus, butterfly, camel, castle, chair,
clock, cloud, couch, crab, crocodile, cup, dolphin, elephant, house, kangaroo,
keyboard, lion, lobster, mountain, mushroom, pear, rabbit, raccoon, shark,
skyscraper, snail, snake, spider, squirrel, table, telephone, television, tiger,
tractor, train, whale
"""
LABELS_OF_WORDS = {word.strip(): word.strip() for word in ONE_NAME.split(",")} | {
    "cow": "cattle",
    "motorbike": "motorcycle",
    "ocean": "sea",
    "palm tree": "palm_tree",
    "pickup truck": "pickup_truck",
}
# ImageNet-1k has no category of them: fair to a backbone that has seen its photos
UNSEEN_WORDS = "cloud, dolphin, house, palm tree, pear, raccoon, skyscraper".split(", ")

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
    zssbir fit --data FOLDER --split FOLDER/split.json --out runs/mini
"""


def build_mini_benchmark(
    folder: str | Path, count: int = 100, size: int = 64, address: str | None = None
) -> Path:
    """Build the benchmark in a folder; the same call goes on where it was stopped.

    The sketches are drawings of Quick, Draw! that the game recognised, the photos those
    of CIFAR-100. `load_data` reads the folder.

    Args:
        folder: where the benchmark is to be; it is made.
        count: sketches and photos of each class, 1 to 600.
        size: the side of a rendered sketch, in pixels.
        address: a copy of QuickDraw's folder of files; None for the official one.

    Source: Quick, Draw! (CC BY 4.0); Krizhevsky 2009 (CIFAR-100).
    """
    folder = Path(folder)
    check_photo_count(count)
    downloads = folder / DOWNLOADS
    for word in sorted(LABELS_OF_WORDS):
        drawings = fetch_drawings(word, downloads / "quickdraw", count, True, address)
        drawings_to_folder(drawings, folder, limit=count, size=size)
    classes = mini_photo_classes()
    if not _has_photos(folder, classes, count):
        write_photos(fetch_cifar100(downloads), folder, classes, count)
    split = mini_split()
    text = README.format(
        sketches=count,
        photos=count,
        size=size,
        seen=len(split["seen"]),
        unseen=len(split["unseen"]),
        unseen_names=", ".join(split["unseen"]),
    )
    listed = json.dumps(split, indent=1) + "\n"
    write_file(folder / "split.json", lambda file: file.write(listed.encode()))
    write_file(folder / "README.txt", lambda file: file.write(text.encode()))
    return folder


def _has_photos(folder: Path, classes: dict[str, str], count: int) -> bool:
    """Tell whether every class folder holds its photos already."""
    enough = min(count, PHOTOS_OF_A_LABEL)
    found = (list((folder / "photo" / name).glob("*.png")) for name in classes.values())
    return all(len(photos) >= enough for photos in found)


def mini_photo_classes() -> dict[str, str]:
    """Return the class folder of each label, such as "cow" of "cattle"."""
    pairs = sorted(LABELS_OF_WORDS.items())
    return {label: folder_name(word) for word, label in pairs}


def mini_split() -> dict[str, object]:
    """Return the split: 40 seen and 7 unseen classes, as a split file holds it."""
    unseen = [folder_name(word) for word in UNSEEN_WORDS]
    names = mini_photo_classes().values()
    return {
        "name": "drawn-and-photographed",
        "notes": "unseen: the classes that no category of ImageNet-1k shows",
        "seen": [name for name in names if name not in unseen],
        "unseen": unseen,
    }
