"""Batch transforms: scaling, normalising and seeded augmentation."""

import numpy
import pytest
import torch
from scipy import ndimage

from zssbir_lib.data import Augmentation, edge_drawing, normalise, to_float
from zssbir_lib.data.transforms import NO_AUGMENTATION


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 6, size: int = 16, seed: int = 0) -> torch.Tensor:
    """Make smooth random colour pictures in 0..1."""
    coarse = torch.rand(count, 3, 4, 4, generator=generator(seed))
    return torch.nn.functional.interpolate(coarse, size, mode="bilinear")


def only(**ranges: float) -> Augmentation:
    """Make an augmentation in which only the named ranges are not zero."""
    names = ("rotation", "scale", "aspect", "shift", "flip", "grey")
    return Augmentation(**(dict.fromkeys(names, 0.0) | ranges))


def test_to_float_by_hand():
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    assert to_float(images).flatten().tolist() == pytest.approx([0.0, 0.2, 1.0])
    assert to_float(images).dtype == torch.float32


def test_to_float_refuses_to_scale_twice():
    with pytest.raises(ValueError, match="torch.float32, expected torch.uint8"):
        to_float(to_float(torch.zeros(1, 3, 2, 2, dtype=torch.uint8)))


def test_normalise_by_hand():
    images = torch.tensor([0.5, 0.2, 1.0]).view(1, 3, 1, 1)
    one_number = normalise(images, 0.5, 0.25)
    assert one_number.flatten().tolist() == pytest.approx([0.0, -1.2, 2.0])
    by_channel = normalise(images, (0.5, 0.1, 0.0), (1.0, 0.1, 0.5))
    assert by_channel.flatten().tolist() == pytest.approx([0.0, 1.0, 2.0])


@pytest.mark.parametrize("std", [0.0, (0.2, -0.1, 0.3)])
def test_normalise_checks_std(std):
    with pytest.raises(ValueError, match="expected numbers above 0"):
        normalise(torch.zeros(1, 3, 2, 2), 0.5, std)


def test_no_augmentation_returns_the_batch_and_draws_nothing():
    images, numbers = pictures(), generator(3)
    assert NO_AUGMENTATION.apply(images, 1, numbers) is images
    assert torch.equal(
        torch.rand(4, generator=numbers), torch.rand(4, generator=generator(3))
    )


def test_augmentation_is_repeatable_and_seeded():
    images = pictures()
    first, again = (Augmentation().apply(images, 1, generator(5)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, Augmentation().apply(images, 1, generator(6)))


def test_augmentation_does_not_touch_its_input():
    images = pictures()
    before = images.clone()
    Augmentation().apply(images, 1, generator())
    assert torch.equal(images, before)


def test_augmented_images_stay_in_range_and_differ_from_each_other():
    images = pictures(1).expand(8, -1, -1, -1)
    varied = Augmentation().apply(images, 0, generator())
    assert varied.shape == images.shape
    assert 0 <= varied.min() and varied.max() <= 1
    assert (varied[0] - varied[1]).abs().max() > 0.01


def test_a_constant_image_stays_constant():
    paper = torch.ones(5, 3, 8, 8)
    varied = Augmentation().apply(paper, 0, generator())
    assert torch.allclose(varied, paper)  # the border is repeated, not filled black


def test_flip_mirrors_left_and_right():
    images = pictures()
    mirrored = only(flip=1.0).apply(images, 1, generator())
    assert torch.allclose(mirrored, images.flip(3), atol=1e-5)


def test_flip_probability():
    images = torch.tensor([0.0, 1.0]).expand(4000, 3, 2, 2)
    flipped = only(flip=0.25).apply(images, 0, generator())[:, 0, 0, 0] > 0.5
    assert abs(flipped.float().mean().item() - 0.25) < 0.03


def test_shift_moves_by_at_most_its_fraction():
    images = torch.zeros(500, 3, 20, 20)
    images[:, :, 10, 10] = 1.0
    moved = only(shift=0.1).apply(images, 0, generator())[:, 0]
    columns = moved.sum(1).argmax(1) - 10
    rows = moved.sum(2).argmax(1) - 10
    for distance in (columns, rows):  # 0.1 of 20 pixels
        assert distance.min() == -2 and distance.max() == 2


def test_rotation_turns_by_at_most_its_degrees():
    size = 101
    images = torch.zeros(300, 3, size, size)
    images[:, :, 50, 90] = 1.0  # a dot 40 pixels right of the centre
    images = torch.nn.functional.max_pool2d(images, 5, 1, 2)
    turned = only(rotation=30.0).apply(images, 0, generator())[:, 0]
    places = torch.arange(size) - 50.0
    mass = turned.sum((1, 2))
    across = (turned.sum(1) * places).sum(1) / mass
    down = (turned.sum(2) * places).sum(1) / mass
    angle = torch.rad2deg(torch.atan2(down, across))
    assert 28 < angle.max() <= 30.2 and -30.2 <= angle.min() < -28
    assert torch.allclose(across.hypot(down), torch.tensor(40.0), atol=0.5)


@pytest.mark.parametrize(
    ("name", "ratio_changes"), [("scale", False), ("aspect", True)]
)
def test_scale_and_aspect(name, ratio_changes):
    images = torch.zeros(200, 3, 40, 40)
    images[:, :, 10:30, 10:30] = 1.0
    varied = only(**{name: 0.3}).apply(images, 0, generator())[:, 0]
    width, height = varied[:, 20].sum(1), varied[:, :, 20].sum(1)
    assert width.min() < 16.5 and width.max() > 26
    assert torch.allclose(height, torch.tensor(20.0), atol=0.1) == ratio_changes
    assert torch.allclose(width, height, atol=0.1) != ratio_changes


def test_grey_touches_photos_only():
    images = pictures()
    greyed = only(grey=1.0).apply(images, 1, generator())
    expected = images.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    assert torch.allclose(greyed, expected)
    assert torch.equal(only(grey=1.0).apply(images, 0, generator()), images)


def test_grey_in_a_mixed_batch():
    images = pictures(4)
    modality = torch.tensor([0, 1, 0, 1])
    greyed = only(grey=1.0).apply(images, modality, generator())
    unchanged = [torch.equal(a, b) for a, b in zip(greyed, images, strict=True)]
    assert unchanged == [True, False, True, False]


def test_grey_probability():
    images = torch.rand(4000, 3, 1, 1, generator=generator())
    greyed = only(grey=0.3).apply(images, 1, generator())
    changed = (greyed != images).flatten(1).any(1)
    assert abs(changed.float().mean().item() - 0.3) < 0.03


def test_edge_drawing_by_hand():
    """A step in brightness: Sobel's columns sum to 4, the greatest becomes black."""
    image = torch.zeros(1, 3, 5, 6)
    image[..., 3:] = 0.5  # left half black, right half grey
    drawn = edge_drawing(image)
    expected = torch.tensor([1.0, 1.0, 0.0, 0.0, 1.0, 1.0]).expand(1, 3, 5, 6)
    assert torch.allclose(drawn, expected)
    assert torch.allclose(edge_drawing(1 - image), drawn)  # only changes count
    assert torch.allclose(edge_drawing(image / 5), drawn, atol=1e-5)


def test_edge_drawing_against_scipy():
    image = torch.rand(1, 3, 7, 9, generator=generator(), dtype=torch.float64)
    grey = image[0].mean(0).numpy()
    strength = numpy.hypot(*(ndimage.sobel(grey, a, mode="nearest") for a in (0, 1)))
    expected = 1 - strength / strength.max()
    assert numpy.allclose(edge_drawing(image)[0, 1].numpy(), expected)


def test_an_image_without_edges_is_white():
    drawn = edge_drawing(torch.full((1, 3, 4, 4), 0.3))
    assert torch.equal(drawn, torch.ones(1, 3, 4, 4))


def test_edges_replace_photos_only_and_so_many():
    images = torch.rand(2000, 3, 4, 4, generator=generator())
    modality = torch.arange(2000) % 2
    varied = only(edges=0.3).apply(images, modality, generator())
    changed = (varied != images).flatten(1).any(1)
    assert not changed[::2].any()
    assert abs(changed[1::2].float().mean().item() - 0.3) < 0.04
    assert torch.equal(varied[changed], edge_drawing(images[changed]))


def test_edges_leave_the_other_draws_as_they_were():
    plain, more = Augmentation(), Augmentation(edges=0.5)
    one, other = plain.draw(9, generator()), more.draw(9, generator())
    assert torch.equal(one.frames, other.frames) and torch.equal(one.grey, other.grey)
    assert one.edges is None and other.edges.shape == (9,)
    assert torch.equal(other.rows(1, 3).edges, other.edges[1::3])


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"edges": 2.0}, "edges is 2.0, expected 0 to 1"),
        ({"flip": 1.5}, "flip is 1.5, expected 0 to 1"),
        ({"grey": -0.1}, "grey is -0.1"),
        ({"scale": 1.0}, "scale is 1.0, expected 0 to 0.99"),
        ({"rotation": 200.0}, "rotation is 200.0, expected 0 to 180"),
    ],
)
def test_ranges_are_checked(ranges, message):
    with pytest.raises(ValueError, match=message):
        Augmentation(**ranges)
