"""The catalogue of the drawn world: one line a class.

To add a class, write its definition into a family module and its line here.
"""

from collections.abc import Callable
from difflib import get_close_matches
from typing import NamedTuple

from zssbir_lib.world.drawing import Drawing
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


class ClassEntry(NamedTuple):
    """How one class is drawn.

    Attributes:
        definition: The function that draws one object of the class.
        family: The module that it lives in, for example "kitchen".
    """

    definition: Callable[[Drawing], None]
    family: str


CATALOGUE: dict[str, ClassEntry] = {
    # kitchen
    "mug": ClassEntry(kitchen.mug, "kitchen"),
    "teapot": ClassEntry(kitchen.teapot, "kitchen"),
    "kettle": ClassEntry(kitchen.kettle, "kitchen"),
    "bottle": ClassEntry(kitchen.bottle, "kitchen"),
    "wineglass": ClassEntry(kitchen.wineglass, "kitchen"),
    "vase": ClassEntry(kitchen.vase, "kitchen"),
    "pan": ClassEntry(kitchen.pan, "kitchen"),
    "fork": ClassEntry(kitchen.fork, "kitchen"),
    "spoon": ClassEntry(kitchen.spoon, "kitchen"),
    "knife": ClassEntry(kitchen.knife, "kitchen"),
    "bucket": ClassEntry(kitchen.bucket, "kitchen"),
    "toaster": ClassEntry(kitchen.toaster, "kitchen"),
    # furniture
    "chair": ClassEntry(furniture.chair, "furniture"),
    "table": ClassEntry(furniture.table, "furniture"),
    "bed": ClassEntry(furniture.bed, "furniture"),
    "lamp": ClassEntry(furniture.lamp, "furniture"),
    "bookshelf": ClassEntry(furniture.bookshelf, "furniture"),
    "sofa": ClassEntry(furniture.sofa, "furniture"),
    "door": ClassEntry(furniture.door, "furniture"),
    # home
    "candle": ClassEntry(home.candle, "home"),
    "clock": ClassEntry(home.clock, "home"),
    "bulb": ClassEntry(home.bulb, "home"),
    "tv": ClassEntry(home.tv, "home"),
    "laptop": ClassEntry(home.laptop, "home"),
    "phone": ClassEntry(home.phone, "home"),
    "camera": ClassEntry(home.camera, "home"),
    # buildings
    "house": ClassEntry(buildings.house, "buildings"),
    "castle": ClassEntry(buildings.castle, "buildings"),
    "lighthouse": ClassEntry(buildings.lighthouse, "buildings"),
    "windmill": ClassEntry(buildings.windmill, "buildings"),
    "tent": ClassEntry(buildings.tent, "buildings"),
    "bridge": ClassEntry(buildings.bridge, "buildings"),
    "church": ClassEntry(buildings.church, "buildings"),
    "skyscraper": ClassEntry(buildings.skyscraper, "buildings"),
    # plants
    "tree": ClassEntry(plants.tree, "plants"),
    "palm": ClassEntry(plants.palm, "plants"),
    "pine": ClassEntry(plants.pine, "plants"),
    "cactus": ClassEntry(plants.cactus, "plants"),
    "flower": ClassEntry(plants.flower, "plants"),
    "tulip": ClassEntry(plants.tulip, "plants"),
    "mushroom": ClassEntry(plants.mushroom, "plants"),
    "leaf": ClassEntry(plants.leaf, "plants"),
    # sky
    "star": ClassEntry(sky.star, "sky"),
    "moon": ClassEntry(sky.moon, "sky"),
    "sun": ClassEntry(sky.sun, "sky"),
    "cloud": ClassEntry(sky.cloud, "sky"),
    "mountain": ClassEntry(sky.mountain, "sky"),
    # food
    "icecream": ClassEntry(food.icecream, "food"),
    "pizza": ClassEntry(food.pizza, "food"),
    "burger": ClassEntry(food.burger, "food"),
    "cake": ClassEntry(food.cake, "food"),
    "bread": ClassEntry(food.bread, "food"),
    # fruit
    "banana": ClassEntry(fruit.banana, "fruit"),
    "apple": ClassEntry(fruit.apple, "fruit"),
    "pear": ClassEntry(fruit.pear, "fruit"),
    "cherry": ClassEntry(fruit.cherry, "fruit"),
    "strawberry": ClassEntry(fruit.strawberry, "fruit"),
    "pineapple": ClassEntry(fruit.pineapple, "fruit"),
    "watermelon_slice": ClassEntry(fruit.watermelon_slice, "fruit"),
    "carrot": ClassEntry(fruit.carrot, "fruit"),
    "corn": ClassEntry(fruit.corn, "fruit"),
    # clothes
    "hat": ClassEntry(clothes.hat, "clothes"),
    "shoe": ClassEntry(clothes.shoe, "clothes"),
    "tshirt": ClassEntry(clothes.tshirt, "clothes"),
    "pants": ClassEntry(clothes.pants, "clothes"),
    "eyeglasses": ClassEntry(clothes.eyeglasses, "clothes"),
    "sock": ClassEntry(clothes.sock, "clothes"),
    "crown": ClassEntry(clothes.crown, "clothes"),
    "handbag": ClassEntry(clothes.handbag, "clothes"),
    "glove": ClassEntry(clothes.glove, "clothes"),
    "bowtie": ClassEntry(clothes.bowtie, "clothes"),
    # animals
    "cat": ClassEntry(animals.cat, "animals"),
    "dog": ClassEntry(animals.dog, "animals"),
    "rabbit": ClassEntry(animals.rabbit, "animals"),
    "pig": ClassEntry(animals.pig, "animals"),
    "horse": ClassEntry(animals.horse, "animals"),
    "elephant": ClassEntry(animals.elephant, "animals"),
    "giraffe": ClassEntry(animals.giraffe, "animals"),
    "face": ClassEntry(animals.face, "animals"),
    # vehicles
    "car": ClassEntry(vehicles.car, "vehicles"),
    "bus": ClassEntry(vehicles.bus, "vehicles"),
    "truck": ClassEntry(vehicles.truck, "vehicles"),
    "bicycle": ClassEntry(vehicles.bicycle, "vehicles"),
    "motorcycle": ClassEntry(vehicles.motorcycle, "vehicles"),
    "train": ClassEntry(vehicles.train, "vehicles"),
    # tools
    "key": ClassEntry(tools.key, "tools"),
    "hammer": ClassEntry(tools.hammer, "tools"),
    "scissors": ClassEntry(tools.scissors, "tools"),
    "ladder": ClassEntry(tools.ladder, "tools"),
    "axe": ClassEntry(tools.axe, "tools"),
    "saw": ClassEntry(tools.saw, "tools"),
    "screwdriver": ClassEntry(tools.screwdriver, "tools"),
    "wrench": ClassEntry(tools.wrench, "tools"),
    "pencil": ClassEntry(tools.pencil, "tools"),
    "paintbrush": ClassEntry(tools.paintbrush, "tools"),
    "shovel": ClassEntry(tools.shovel, "tools"),
    "umbrella": ClassEntry(tools.umbrella, "tools"),
    "magnifier": ClassEntry(tools.magnifier, "tools"),
    # music
    "guitar": ClassEntry(music.guitar, "music"),
    "violin": ClassEntry(music.violin, "music"),
    "drum": ClassEntry(music.drum, "music"),
    "bell": ClassEntry(music.bell, "music"),
    "trumpet": ClassEntry(music.trumpet, "music"),
    # things
    "anchor": ClassEntry(things.anchor, "things"),
    "sword": ClassEntry(things.sword, "things"),
    "envelope": ClassEntry(things.envelope, "things"),
    "book": ClassEntry(things.book, "things"),
    "parachute": ClassEntry(things.parachute, "things"),
    "gift": ClassEntry(things.gift, "things"),
    "dumbbell": ClassEntry(things.dumbbell, "things"),
    "skull": ClassEntry(things.skull, "things"),
    "kite": ClassEntry(things.kite, "things"),
    "heart": ClassEntry(things.heart, "things"),
    "snowman": ClassEntry(things.snowman, "things"),
    "hourglass": ClassEntry(things.hourglass, "things"),
    "tank": ClassEntry(things.tank, "things"),
    # sea_animals
    "fish": ClassEntry(sea_animals.fish, "sea_animals"),
    "whale": ClassEntry(sea_animals.whale, "sea_animals"),
    "starfish": ClassEntry(sea_animals.starfish, "sea_animals"),
    "octopus": ClassEntry(sea_animals.octopus, "sea_animals"),
    "crab": ClassEntry(sea_animals.crab, "sea_animals"),
    "jellyfish": ClassEntry(sea_animals.jellyfish, "sea_animals"),
    "turtle": ClassEntry(sea_animals.turtle, "sea_animals"),
    "frog": ClassEntry(sea_animals.frog, "sea_animals"),
    # ships_and_aircraft
    "sailboat": ClassEntry(ships_and_aircraft.sailboat, "ships_and_aircraft"),
    "ship": ClassEntry(ships_and_aircraft.ship, "ships_and_aircraft"),
    "submarine": ClassEntry(ships_and_aircraft.submarine, "ships_and_aircraft"),
    "plane": ClassEntry(ships_and_aircraft.plane, "ships_and_aircraft"),
    "helicopter": ClassEntry(ships_and_aircraft.helicopter, "ships_and_aircraft"),
    "rocket": ClassEntry(ships_and_aircraft.rocket, "ships_and_aircraft"),
    "balloon": ClassEntry(ships_and_aircraft.balloon, "ships_and_aircraft"),
    # small_animals
    "bird": ClassEntry(small_animals.bird, "small_animals"),
    "duck": ClassEntry(small_animals.duck, "small_animals"),
    "swan": ClassEntry(small_animals.swan, "small_animals"),
    "owl": ClassEntry(small_animals.owl, "small_animals"),
    "penguin": ClassEntry(small_animals.penguin, "small_animals"),
    "butterfly": ClassEntry(small_animals.butterfly, "small_animals"),
    "bee": ClassEntry(small_animals.bee, "small_animals"),
    "spider": ClassEntry(small_animals.spider, "small_animals"),
    "snail": ClassEntry(small_animals.snail, "small_animals"),
    "snake": ClassEntry(small_animals.snake, "small_animals"),
}


def class_names() -> tuple[str, ...]:
    """Return the names of all classes, in alphabetical order.

    Returns:
        Class names, for example ("airplane", "anchor", ...).
    """
    return tuple(sorted(CATALOGUE))


def define(name: str) -> Callable[[Drawing], None]:
    """Look up the definition of a class.

    Args:
        name: Name of the class.

    Returns:
        The function that draws one object of it.

    Raises:
        ValueError: If there is no such class; the message names similar ones.
    """
    if name in CATALOGUE:
        return CATALOGUE[name].definition
    similar = get_close_matches(str(name), CATALOGUE, n=3)
    hint = f"; did you mean {', '.join(similar)}?" if similar else ""
    raise ValueError(
        f"the world has no class {name!r}{hint} (class_names() lists them all)"
    )


def classes_by_family() -> dict[str, tuple[str, ...]]:
    """Return the names of the classes of every family, in the catalogue's order.

    Returns:
        Family name to class names.
    """
    grouped: dict[str, list[str]] = {}
    for name, entry in CATALOGUE.items():
        grouped.setdefault(entry.family, []).append(name)
    return {family: tuple(names) for family, names in grouped.items()}
