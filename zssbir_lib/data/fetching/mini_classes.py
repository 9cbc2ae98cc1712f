"""The classes that exist both as words of QuickDraw and as labels of CIFAR-100.

A pair is in the table if nearly every drawing of the word and nearly every photo of the
label show the same kind of thing. Left out, although the names are near:

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

from zssbir_lib.data.quickdraw import folder_name

LABELS_OF_WORDS = {
    "apple": "apple",
    "bear": "bear",
    "bed": "bed",
    "bee": "bee",
    "bicycle": "bicycle",
    "bridge": "bridge",
    "bus": "bus",
    "butterfly": "butterfly",
    "camel": "camel",
    "castle": "castle",
    "chair": "chair",
    "clock": "clock",
    "cloud": "cloud",
    "couch": "couch",
    "cow": "cattle",
    "crab": "crab",
    "crocodile": "crocodile",
    "cup": "cup",
    "dolphin": "dolphin",
    "elephant": "elephant",
    "house": "house",
    "kangaroo": "kangaroo",
    "keyboard": "keyboard",
    "lion": "lion",
    "lobster": "lobster",
    "motorbike": "motorcycle",
    "mountain": "mountain",
    "mushroom": "mushroom",
    "ocean": "sea",
    "palm tree": "palm_tree",
    "pear": "pear",
    "pickup truck": "pickup_truck",
    "rabbit": "rabbit",
    "raccoon": "raccoon",
    "shark": "shark",
    "skyscraper": "skyscraper",
    "snail": "snail",
    "snake": "snake",
    "spider": "spider",
    "squirrel": "squirrel",
    "table": "table",
    "telephone": "telephone",
    "television": "television",
    "tiger": "tiger",
    "tractor": "tractor",
    "train": "train",
    "whale": "whale",
}

# ImageNet-1k has no category of them: fair to a backbone that has seen its photos
UNSEEN_WORDS = (
    "cloud",
    "dolphin",
    "house",
    "palm tree",
    "pear",
    "raccoon",
    "skyscraper",
)


def mini_photo_classes() -> dict[str, str]:
    """Return the class folder of each label of CIFAR-100.

    Returns:
        Label to name, such as "cattle" to "cow", in the order of the names.
    """
    return {label: folder_name(word) for word, label in LABELS_OF_WORDS.items()}


def mini_split() -> dict[str, object]:
    """Return the split: 40 seen and 7 unseen classes, as a split file holds it.

    Returns:
        The lists `seen` and `unseen`, a `name`, and `notes` that say how it was chosen.
    """
    unseen = [folder_name(word) for word in UNSEEN_WORDS]
    names = mini_photo_classes().values()
    return {
        "name": "drawn-and-photographed",
        "notes": "unseen: the classes that no category of ImageNet-1k shows",
        "seen": [name for name in names if name not in unseen],
        "unseen": unseen,
    }
