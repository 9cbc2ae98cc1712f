"""Every class definition of the embedded world keeps the rules of the drawing board.

A class is a public function of a module in `zssbir_lib.world.families`; modules whose
name starts with an underscore hold shared helpers and define no class.
"""

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from zssbir_lib.world import class_names, families
from zssbir_lib.world.drawing import Drawing, Part

Definition = Callable[[Drawing], None]
SEEDS = range(5)
MARGIN = 0.15  # how far a part may leave the unit square


def definitions() -> list[tuple[str, Definition]]:
    """Return (class name, function) of every class in every family."""
    found = []
    for info in pkgutil.iter_modules(families.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{families.__name__}.{info.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                found.append((name, function))
    return found


DEFINITIONS = definitions()
every_class = pytest.mark.parametrize(
    "define", [pytest.param(function, id=name) for name, function in DEFINITIONS]
)


def draw_parts(define: Definition, seed: int) -> list[Part]:
    """Return the parts of one instance."""
    drawing = Drawing(np.random.default_rng(seed))
    define(drawing)
    return drawing.parts


def fingerprint(parts: list[Part]) -> list[tuple]:
    """Return everything about an instance in a form that == compares exactly."""
    return [(part.points.tolist(), *part[1:]) for part in parts]


def all_instances(define: Definition) -> list[list[Part]]:
    """Return the instances of all test seeds, and check that none is empty."""
    instances = [draw_parts(define, seed) for seed in SEEDS]
    assert all(instances), "an instance without any part"
    return instances


def test_every_definition_is_in_the_catalogue():
    assert len(DEFINITIONS) >= 123
    assert sorted(name for name, _ in DEFINITIONS) == list(class_names())


def test_no_two_classes_share_a_name():
    counts = Counter(name for name, _ in DEFINITIONS)
    assert [name for name, count in counts.items() if count > 1] == []


@every_class
def test_has_a_one_line_docstring(define: Definition):
    text = (define.__doc__ or "").strip()
    assert text.endswith("."), "say in one sentence what the object looks like"
    assert "\n" not in text


@every_class
def test_takes_a_drawing_and_returns_nothing(define: Definition):
    assert list(inspect.signature(define).parameters) == ["draw"]
    assert define(Drawing(np.random.default_rng(0))) is None


@every_class
def test_every_instance_has_an_essential_part(define: Definition):
    for parts in all_instances(define):
        assert any(part.detail == 0 for part in parts)


@every_class
def test_points_are_finite_and_near_the_unit_square(define: Definition):
    for parts in all_instances(define):
        for part in parts:
            assert part.points.ndim == 2 and part.points.shape[1] == 2
            assert len(part.points) >= (3 if part.closed else 2)
            assert np.isfinite(part.points).all()
            assert part.points.min() >= -MARGIN and part.points.max() <= 1 + MARGIN


@every_class
def test_object_fills_most_of_the_square(define: Definition):
    for parts in all_instances(define):
        points = np.concatenate([part.points for part in parts if part.detail == 0])
        assert np.ptp(points, axis=0).max() >= 0.6


@every_class
def test_details_colours_and_widths_are_valid(define: Definition):
    for parts in all_instances(define):
        for part in parts:
            assert part.detail in {0, 1, 2}
            assert len(part.colour) == 3
            assert all(0.0 <= channel <= 1.0 for channel in part.colour)
            assert part.width == 0.0 if part.closed else 0.0 < part.width <= 0.2


@every_class
def test_different_seeds_give_different_shapes(define: Definition):
    shapes = [[p.points.tolist() for p in parts] for parts in all_instances(define)]
    for i, shape in enumerate(shapes):
        assert shape not in shapes[:i]


@every_class
def test_same_seed_gives_the_same_instance(define: Definition):
    for seed in SEEDS:
        first, second = draw_parts(define, seed), draw_parts(define, seed)
        assert fingerprint(first) == fingerprint(second)
