"""Every figure is drawn, titled, explained, without overlaps, and of the right size."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from drawn_figures import FIGURES, check_drawn

from zssbir_lib import display


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_titled_explained_and_saved(name, tmp_path, recwarn):
    check_drawn(FIGURES[name](display), name, tmp_path)
    assert not [str(warning.message) for warning in recwarn]  # glyphs, empty legends


def test_every_function_that_draws_is_tried():
    others = {"use_house_style", "save_figure", "principal_plane"}
    functions = {name for name in display.__all__ if name.islower()}
    assert set(FIGURES) == functions - others


def test_house_style_is_loaded_and_its_colours_differ():
    assert plt.rcParams["figure.dpi"] == 110
    assert not plt.rcParams["axes.spines.top"]
    assert len(set(plt.rcParams["axes.prop_cycle"].by_key()["color"])) == 7
    fixed = (display.SKETCH_COLOUR, display.PHOTO_COLOUR)
    assert len({*fixed, display.CORRECT_COLOUR, display.WRONG_COLOUR}) == 4


def test_saving_twice_gives_the_same_bytes_and_leaves_no_other_file(tmp_path):
    folder = tmp_path / "new" / "figures"
    for name in ("first", "second"):
        display.save_figure(FIGURES["interval_plot"](display), name, folder)
    first, second = sorted(folder.iterdir())
    assert (first.name, second.name) == ("first.png", "second.png")
    assert first.read_bytes() == second.read_bytes()


def test_failed_save_keeps_the_old_figure(tmp_path, monkeypatch):
    figure = FIGURES["interval_plot"](display)
    display.save_figure(figure, "curve", tmp_path)
    before = (tmp_path / "curve.png").read_bytes()

    def half_written(file, **_):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", half_written)
    with pytest.raises(OSError, match="disk full"):
        display.save_figure(figure, "curve", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["curve.png"]
    assert (tmp_path / "curve.png").read_bytes() == before


@pytest.mark.parametrize("name", ["", "a/b", "curve.png", ".."])
def test_figure_name_must_be_plain(tmp_path, name):
    with pytest.raises(ValueError, match="plain name without folder and ending"):
        display.save_figure(plt.figure(), name, tmp_path)


IMAGES = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
RIGHT = np.ones((2, 3), bool)
POINTS = torch.zeros(3, 2)
PLANES = dict(
    points=POINTS,
    modality=[0, 1, 0],
    names=["a", "b", "c"],
    moves=[POINTS],
    sides=["left"] * 3,
    radius=1.0,
    panel_titles=["one"],
)
MARGINS = dict(
    points=torch.zeros(4, 2),
    margin=np.zeros(4),
    difficulty=np.zeros(4),
    labels=torch.tensor([0, 0, 2, 2]),
    modality=torch.tensor([0, 1, 0, 1]),
    class_names=("cat", "cup", "sun"),
)
SLOTS = (torch.tensor([0, 2]), torch.tensor([0, 1]), torch.tensor([5, 0]))
REFUSED = [
    (display.image_grid, ([],), "0 images"),
    (display.image_grid, (IMAGES, None, 0), "0 columns"),
    (display.image_grid, (IMAGES, ["one"]), "titles has 1 entries, expected 2"),
    (display.image_grid, (np.zeros((1, 8, 8, 3)),), r"\(8, 8, 3\).*channels first"),
    (display.image_grid, ([[[-2.0, 1.0]]],), "-2 to 1.*undo the normalisation"),
    (display.image_grid, ([[[float("nan"), 1.0]]],), "nan"),
    (display.retrieval_panel, (IMAGES[:1], [IMAGES] * 2, RIGHT), "queries has 1"),
    (display.retrieval_panel, (IMAGES, [IMAGES] * 2, RIGHT), r"results\[0\] has 2 ent"),
    (display.retrieval_panel, (IMAGES, [[0] * 3] * 2, RIGHT, ["a"]), "query_names has"),
    (
        display.retrieval_panel,
        (IMAGES, [[0] * 3] * 2, RIGHT, None, ["abc", "a"]),
        r"result_names\[1\] has 1 entries",
    ),
    (display.retrieval_panel, (IMAGES, IMAGES, RIGHT[0]), r"\(3,\); expected \(Q, K\)"),
    (display.drawing_stages, ({}, (1.0,)), "nothing to draw: give one drawing"),
    (display.drawing_stages, ({"a": []}, ()), "nothing to draw: give one drawing"),
    (display.drawing_stages, ({"a": IMAGES}, (1.0,)), "drawing 'a' has 2 entries"),
    (display.training_curves, ([],), "history is empty"),
    (display.training_curves, ([{"loss": 1}, {"t": 2}],), r"epoch 2 .* has \['t'\]"),
    (display.mining_curves, ([{}] * 3,), "3 records, expected 15 or more"),
    (display.convention_curves, ({}, (1, 2), 1), "0 lines to draw: give 1 to 5"),
    (display.convention_curves, ({"/k": [1]}, (1, 2), 1), "/k has 1 entries"),
    (display.seed_noise_plot, ([1], {c: [1] for c in "abcd"}, [1], {}), "4 lines to"),
    (display.abstraction_plot, ({"a": {}},), "give one panel and one method"),
    (display.abstraction_plot, ({"a": {"M": {}}},), "method 'M' has no scores"),
    (
        display.abstraction_plot,
        ({"a": {name: {1.0: [0.5]} for name in "abcde"}},),
        "'a' has 5 methods, expected at most 4",
    ),
    (display.interval_plot, ([], [], [], []), "no results"),
    (display.interval_plot, (["a"], [1], [], [1]), "lows has 0 entries, expected 1"),
    (display.interval_plot, (["b"], [0.5], [0.1], [0.3]), r"b: mean 0.5 .*\[0.1, 0.3"),
    (display.ablation_plot, ([],), "no rows to draw: run the ablation first"),
    (display.row_intervals, ({}, ["a"], {}, {}), "nothing to draw"),
    (display.row_intervals, ({"w": {}}, ["c"], {"": "+"}, {}), "'w' has no entry '.c'"),
    (display.row_intervals, ({"w": {}}, ["c"], {}, {"": "best"}), "no entry 'best'"),
    (display.difference_plot, ([],), "no comparisons to draw: compare one pair"),
    (display.code_corners, ({},), "nothing to draw: give one stage or more"),
    (display.code_corners, ({"one": torch.zeros(4, 3)},), r"'one' has shape \(4, 3\)"),
    (display.principal_plane, (torch.zeros(4, 1),), r"\(4, 1\); expected \(N, D\)"),
    (display.embedding_map, (np.zeros((2, 3)), "ab", "ab", "a"), "principal_plane"),
    (display.embedding_map, (POINTS, [0], [0, 1, 0], "a"), "labels has 1 entries"),
    (display.memory_panels, ({}, 3), "memories is empty"),
    (display.memory_panels, ({"now": SLOTS}, 2), "class 2, but there are 2 classes"),
    (display.memory_panels, ({"now": (*SLOTS[:2], [0])}, 3), "ages has 1 entries"),
    (display.published_plot, ([],), "nothing to draw: no zero-shot value of"),
]
CHANGED = [
    (display.point_planes, PLANES, {"points": torch.zeros(3)}, r"shape \(3,\); expec"),
    (display.point_planes, PLANES, {"points": torch.zeros(0, 2)}, r"shape \(0, 2\)"),
    (display.point_planes, PLANES, {"names": ["a"]}, "names has 1 entries, expected 3"),
    (display.point_planes, PLANES, {"modality": [0, 1, 2]}, r"modality contains \[2\]"),
    (display.point_planes, PLANES, {"moves": []}, "moves is empty"),
    (display.point_planes, PLANES, {"moves": [POINTS[:2]]}, r"moves\[0\] has shape"),
    (display.point_planes, PLANES, {"sides": ["up"] * 3}, "choose from left, right,"),
    (display.point_planes, PLANES, {"panel_titles": []}, "panel_titles has 0 entries"),
    (display.margin_map, MARGINS, {"margin": np.zeros(3)}, "margin has 3 entries"),
    (display.margin_map, MARGINS, {"class_names": "ab"}, "labels run from 0 to 2, but"),
    (display.margin_map, MARGINS, {"named": ("cup",)}, "no image is of the class 'cup"),
]


@pytest.mark.parametrize(("draw", "arguments", "message"), REFUSED)
def test_what_cannot_be_drawn_is_refused(draw, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(*arguments)


@pytest.mark.parametrize(("draw", "whole", "change", "message"), CHANGED)
def test_one_wrong_argument_is_refused(draw, whole, change, message):
    with pytest.raises(ValueError, match=message):
        draw(**(whole | change))


BATCH = dict(
    points=POINTS,
    labels=[0, 0, 1],
    modality=[0, 1, 0],
    anchor=0,
    kinds={"cross": (1, 2)},
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [0, 0]}, "labels has 2 entries, expected 3"),
        ({"anchor": 3}, "anchor is 3; expected 0 to 2"),
        ({"kinds": {}}, "kinds is empty"),
        ({"kinds": {"cross": (2, 7)}}, r"'cross' names the points \(2, 7\)"),
    ],
)
def test_triplets_that_are_not_in_the_batch(change, message):
    with pytest.raises(ValueError, match=message):
        display.triplet_kinds(**(BATCH | change))
