"""Figure of notebook 06: what fills an external memory."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from zssbir_lib import display

# Five slots: two sketches of class 0, one photo of class 0, one of class 2, one empty.
LABELS = torch.tensor([0, -1, 0, 2, 0])
MODALITY = torch.tensor([0, -1, 1, 1, 0])
AGES = torch.tensor([0, 0, 5, 10, 2])


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def test_full_slots_are_piled_up_over_their_class():
    fig = display.memory_panels({"now": (LABELS, MODALITY, AGES)}, 3, "It fills")
    assert fig.get_suptitle() == "It fills"
    (axes,) = fig.axes
    assert axes.get_title(loc="left") == "now: 4 of 5 slots"
    sketches, photos = axes.collections
    np.testing.assert_allclose(sketches.get_offsets(), [[0, 1], [0, 2]])
    np.testing.assert_allclose(photos.get_offsets(), [[0, -1], [2, -1]])


def test_marks_fade_with_age_on_one_scale_for_all_panels():
    older = (LABELS, MODALITY, 2 * AGES)
    fig = display.memory_panels({"now": (LABELS, MODALITY, AGES), "late": older}, 3)
    shades = [
        [mark for marks in axes.collections for mark in marks.get_alpha()]
        for axes in fig.axes
    ]
    np.testing.assert_allclose(shades[0], [1.0, 0.915, 0.7875, 0.575])
    np.testing.assert_allclose(shades[1], [1.0, 0.83, 0.575, 0.15])


def test_an_empty_memory_is_an_empty_panel():
    empty = (torch.full((4,), -1), torch.full((4,), -1), torch.zeros(4))
    (axes,) = display.memory_panels({"start": empty}, 3).axes
    assert axes.get_title(loc="left") == "start: 0 of 4 slots"
    assert not axes.collections


@pytest.mark.parametrize(
    ("memories", "message"),
    [
        ({}, "memories is empty"),
        ({"now": (LABELS, MODALITY[:4], AGES)}, "modality has 4 entries, expected 5"),
        ({"now": (LABELS, MODALITY, AGES[:4])}, "ages has 4 entries"),
        ({"now": (LABELS + 1, MODALITY, AGES)}, "class 3, but there are 3 classes"),
        ({"now": (LABELS, MODALITY + 1, AGES)}, r"modality contains \[2\]"),
    ],
)
def test_memories_that_cannot_be_drawn(memories, message):
    with pytest.raises(ValueError, match=message):
        display.memory_panels(memories, 3)
