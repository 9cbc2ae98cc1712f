"""The catalogue of the drawn world: the classes of each family.

To add a class, write its definition into a family module and its name behind it here.
"""

from difflib import get_close_matches

from zssbir_lib.world.drawing import Definition
from zssbir_lib.world.families import (
    animals,
    buildings,
    clothes,
    food,
    fruit,
    furniture,
    home,
    kitchen,
    music,
    plants,
    sea_animals,
    ships_and_aircraft,
    sky,
    small_animals,
    things,
    tools,
    vehicles,
)

FAMILIES = {
    kitchen: (
        "mug teapot kettle bottle wineglass vase pan fork spoon knife bucket toaster"
    ),
    furniture: "chair table bed lamp bookshelf sofa door",
    home: "candle clock bulb tv laptop phone camera",
    buildings: "house castle lighthouse windmill tent bridge church skyscraper",
    plants: "tree palm pine cactus flower tulip mushroom leaf",
    sky: "star moon sun cloud mountain",
    food: "icecream pizza burger cake bread",
    fruit: "banana apple pear cherry strawberry pineapple watermelon_slice carrot corn",
    clothes: "hat shoe tshirt pants eyeglasses sock crown handbag glove bowtie",
    animals: "cat dog rabbit pig horse elephant giraffe face",
    vehicles: "car bus truck bicycle motorcycle train",
    tools: (
        "key hammer scissors ladder axe saw screwdriver wrench pencil paintbrush "
        "shovel umbrella magnifier"
    ),
    music: "guitar violin drum bell trumpet",
    things: (
        "anchor sword envelope book parachute gift dumbbell skull kite heart snowman "
        "hourglass tank"
    ),
    sea_animals: "fish whale starfish octopus crab jellyfish turtle frog",
    ships_and_aircraft: "sailboat ship submarine plane helicopter rocket balloon",
    small_animals: "bird duck swan owl penguin butterfly bee spider snail snake",
}
CATALOGUE: dict[str, Definition] = {
    name: getattr(family, name)
    for family, names in FAMILIES.items()
    for name in names.split()
}


def class_names() -> tuple[str, ...]:
    """Return the names of all classes, in alphabetical order."""
    return tuple(sorted(CATALOGUE))


def define(name: str) -> Definition:
    """Look up the function that draws one object of a class.

    Raises:
        ValueError: there is no such class; the message names similar ones.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    similar = get_close_matches(str(name), CATALOGUE, n=3)
    hint = f"; did you mean {', '.join(similar)}?" if similar else ""
    raise ValueError(
        f"the world has no class {name!r}{hint} (class_names() lists them all)"
    )
