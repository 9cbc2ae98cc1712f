"""From the name of a method to the method."""

from collections.abc import Callable

from zssbir_lib.data import SketchPhotoData
from zssbir_lib.training.methods.base import Method
from zssbir_lib.training.methods.mathm import MATHMMethod
from zssbir_lib.training.methods.ramln.method import RAMLNMethod
from zssbir_lib.training.methods.sbtknet import SBTKNetMethod
from zssbir_lib.training.methods.triplet import TripletMethod
from zssbir_lib.training.recipes.recipe import Recipe

METHODS: dict[str, Callable[[SketchPhotoData, Recipe, str, int], Method]] = {
    "triplet": lambda data, recipe, device, seed: TripletMethod(data, recipe),
    "sbtknet": lambda data, recipe, device, seed: SBTKNetMethod(data, recipe, device),
    "mathm": lambda data, recipe, device, seed: MATHMMethod(data, recipe, device),
    "ramln": RAMLNMethod,
}


def build_method(
    data: SketchPhotoData, recipe: Recipe, device: str = "cpu", seed: int = 0
) -> Method:
    """Return the method a recipe names, ready to draw from the training classes.

    Args:
        data: the seen classes.
        recipe: names the method and its settings.
        device: where a teacher works, if the method has one.
        seed: decides first weights that belong to the method: R(x) of RAMLN.

    Returns:
        The method.

    Raises:
        ValueError: the recipe trains nothing or its method is unknown.

    Taught in: notebook 02.
    """
    if recipe.method not in METHODS:
        known = ", ".join(METHODS)
        raise ValueError(f"no method to train is called {recipe.method!r}: {known}")
    return METHODS[recipe.method](data, recipe, device, seed)
