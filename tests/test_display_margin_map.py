"""Figure of notebook 06: learned margins on a map, and class by class."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from zssbir_lib import display

NAMES = ("cat", "cup", "sun")
IMAGES = dict(
    points=torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [2.0, 2.0]]),
    margin=np.array([0.1, 0.3, 0.5, 0.7]),
    difficulty=np.array([0.8, 0.6, 0.2, 0.4]),
    labels=torch.tensor([0, 0, 2, 2]),
    modality=torch.tensor([0, 1, 0, 1]),
)


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def draw(**changes):
    return display.margin_map(**(IMAGES | changes), class_names=NAMES)


def test_images_by_modality_and_a_mark_for_each_class():
    left, right = draw().axes[:2]
    sketches, photos = left.collections
    assert (sketches.get_label(), photos.get_label()) == ("sketch", "photo")
    np.testing.assert_allclose(sketches.get_offsets(), [[0, 0], [0, 2]])
    np.testing.assert_allclose(photos.get_array(), [0.3, 0.7])
    assert sketches.get_clim() == photos.get_clim()
    (classes,) = right.collections
    np.testing.assert_allclose(classes.get_offsets(), [[0.7, 0.2], [0.3, 0.6]])
    assert right.get_title(loc="left").endswith("-1.00")


def test_named_classes_are_written_in_both_panels():
    fig = draw(named=("sun",), title="The sun has large margins")
    assert fig.get_suptitle() == "The sun has large margins"
    (on_map,), (beside,) = (axes.texts for axes in fig.axes[:2])
    assert (on_map.get_text(), beside.get_text()) == ("sun", "sun")
    assert on_map.xy == pytest.approx((1.0, 2.0))
    assert beside.xy == pytest.approx((0.3, 0.6))


def test_fewer_images_on_the_map_leave_the_classes_as_they_are():
    left, right = draw(every=3).axes[:2]
    shown = [len(drawn.get_offsets()) for drawn in left.collections]
    assert shown == [1, 1]
    np.testing.assert_allclose(
        right.collections[0].get_offsets(), [[0.7, 0.2], [0.3, 0.6]]
    )


def test_one_class_has_no_correlation_to_show():
    right = draw(labels=torch.zeros(4, dtype=torch.int64)).axes[1]
    assert len(right.collections[0].get_offsets()) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(points=torch.zeros(4, 3)), r"points have shape \(4, 3\)"),
        (dict(margin=np.zeros(3)), "margin has 3 entries, expected 4"),
        (dict(labels=torch.tensor([0, 0, 0, 3])), "labels run from 0 to 3, but there"),
        (dict(modality=torch.tensor([0, 1, 2, 1])), r"modality contains \[2\]"),
        (dict(named=("cup",)), "no image is of the class 'cup'"),
    ],
)
def test_images_that_cannot_be_drawn(changes, message):
    with pytest.raises(ValueError, match=message):
        draw(**changes)
