"""Image sets, and image files of every kind decoded into them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from zssbir_lib.data import ImageFiles, ImageSet, SketchPhotoData, UnreadableImage
from zssbir_lib.data.class_names import check_known, suggest
from zssbir_lib.data.decoding import find_unreadable, read_square
from zssbir_lib.data.sources import ImageView
from zssbir_lib.jobs import in_threads


def numbered_images(count: int, size: int = 4) -> torch.Tensor:
    """Make images whose every pixel is the image's own number."""
    numbers = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1)
    return numbers.expand(-1, 3, size, size).contiguous()


def image_set(labels: list[int], modality: int, size: int = 4) -> ImageSet:
    return ImageSet(
        numbered_images(len(labels), size), torch.tensor(labels, dtype=int), modality
    )


def small_data() -> SketchPhotoData:
    return SketchPhotoData(
        "small",
        ("ant", "bus", "cup"),
        sketches=image_set([0, 1, 2, 0], 0),
        photos=image_set([2, 2, 1, 0, 1], 1),
        image_size=4,
    )


def first_pixels(images: torch.Tensor) -> list[int]:
    return images[:, 0, 0, 0].tolist()


# image sets


def test_subset_keeps_order_and_labels():
    some = image_set([5, 6, 7, 6], 1).subset(torch.tensor([3, 0]))
    assert len(some) == 2 and some.labels.tolist() == [6, 5]
    assert first_pixels(some.images[torch.tensor([0, 1])]) == [3, 0]


def test_view_of_a_view_reads_the_first_source():
    source = numbered_images(10)
    view = ImageView(ImageView(source, torch.tensor([9, 7, 5])), torch.tensor([2, 0]))
    assert view.source is source
    assert first_pixels(view[torch.tensor([0, 1])]) == [5, 9]


def test_of_class_lists_indices_and_may_be_empty():
    images = image_set([1, 0, 1], 0)
    assert images.of_class(1).tolist() == [0, 2]
    assert images.of_class(4).tolist() == []


def test_restricted_to_renumbers_in_the_given_order():
    part = small_data().restricted_to(("cup", "ant"))
    assert part.class_names == ("cup", "ant")
    assert part.sketches.labels.tolist() == [1, 0, 1]  # ant, cup, ant
    assert first_pixels(part.sketches.images[torch.arange(3)]) == [0, 2, 3]
    assert part.photos.labels.tolist() == [0, 0, 1]
    assert first_pixels(part.photos.images[torch.arange(3)]) == [0, 1, 3]


def test_restricted_to_twice_is_the_same_as_once():
    data = small_data()
    once = data.restricted_to(("bus",))
    twice = data.restricted_to(("cup", "bus")).restricted_to(("bus",))
    rows = torch.arange(len(once.photos))
    assert torch.equal(once.photos.images[rows], twice.photos.images[rows])


def test_representations_are_short():
    data = small_data()
    assert repr(data) == (
        "SketchPhotoData('small': 3 classes, 4 sketches, 5 photos, 4 px)"
    )
    assert repr(data.sketches) == "ImageSet(4 sketches, 3 classes)"
    assert repr(data.photos) == "ImageSet(5 photos, 3 classes)"


@pytest.mark.parametrize(
    ("images", "labels", "modality", "message"),
    [
        (numbered_images(3), torch.tensor([0, 1]), 0, "3 images but 2 labels"),
        (numbered_images(1), torch.tensor([0]), 2, "modality is 2, expected 0"),
        (numbered_images(1), torch.tensor([-1]), 0, "labels start at -1"),
        (numbered_images(1), torch.tensor([0.0]), 0, "type torch.float32, expected"),
        (numbered_images(1), torch.tensor([[0]]), 0, r"labels have shape \(1, 1\)"),
        (numbered_images(1).float(), torch.tensor([0]), 0, "expected .* torch.uint8"),
        (numbered_images(1)[:, :1], torch.tensor([0]), 0, r"shape \(1, 1, 4, 4\)"),
        (numbered_images(1)[..., :2], torch.tensor([0]), 0, r"shape \(1, 3, 4, 2\)"),
    ],
)
def test_image_set_says_what_is_wrong(images, labels, modality, message):
    with pytest.raises(ValueError, match=message):
        ImageSet(images, labels, modality)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"class_names": ("ant", "bus")}, "label 2, but there are only 2 class names"),
        ({"class_names": ("ant", "ant", "cup")}, "repeated: ant"),
        ({"sketches": image_set([0], 1)}, "are sketches and photos swapped"),
        ({"image_size": 8}, "sketches are 4 pixels wide, but image_size is 8"),
    ],
)
def test_data_says_what_is_wrong(changed, message):
    data = small_data()
    fields = dict(
        name="small",
        class_names=data.class_names,
        sketches=data.sketches,
        photos=data.photos,
        image_size=4,
    )
    with pytest.raises(ValueError, match=message):
        SketchPhotoData(**(fields | changed))


def test_restricted_to_names_every_missing_class():
    with pytest.raises(ValueError, match="lacks 2 of.*'buss' .did you mean 'bus'"):
        small_data().restricted_to(("ant", "buss", "zebra"))
    with pytest.raises(ValueError, match="at least one class"):
        small_data().restricted_to(())


def test_suggestions():
    assert suggest("palm tree", ["palm_tree", "bus"]) == (
        "'palm tree' (did you mean 'palm_tree'?)"
    )
    assert suggest("zebra", ["bus"]) == "'zebra'"
    check_known(["bus"], ["bus", "cup"], "data")


# image files


def save(image: Image.Image, path: Path, **options) -> Path:
    image.save(path, **options)
    return path


def colour_ramp() -> np.ndarray:
    """Make an 8 x 8 picture with different channels and no symmetry."""
    rows, columns = np.mgrid[0:8, 0:8].astype(np.uint8)
    return np.stack([rows * 30, columns * 30, rows * 10 + columns * 20], axis=2)


def test_rgb_png_comes_back_unchanged(tmp_path):
    path = save(Image.fromarray(colour_ramp()), tmp_path / "ramp.png")
    batch = ImageFiles([path], size=8)[torch.tensor([0, 0])]
    assert batch.dtype == torch.uint8 and batch.shape == (2, 3, 8, 8)
    assert np.array_equal(batch[1].permute(1, 2, 0).numpy(), colour_ramp())


def test_palette_and_grey_files(tmp_path):
    flat = Image.new("RGB", (4, 4), (200, 40, 90))
    palette = save(
        flat.convert("P", palette=Image.Palette.ADAPTIVE), tmp_path / "p.gif"
    )
    grey = save(Image.new("L", (4, 4), 77), tmp_path / "grey.jpg")
    bits = save(Image.new("1", (4, 4), 1), tmp_path / "bits.png")
    batch = ImageFiles([palette, grey, bits], size=4)[torch.arange(3)]
    assert batch[0, :, 2, 2].tolist() == [200, 40, 90]
    assert batch[1, :, 2, 2].tolist() == [77, 77, 77]
    assert batch[2, :, 2, 2].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["RGBA", "LA", "P"])
def test_transparency_becomes_white_paper(tmp_path, kind):
    drawing = Image.new("RGBA", (4, 4), (0, 0, 0, 0))  # transparent black
    drawing.putpixel((1, 2), (0, 0, 0, 255))  # one black dot
    path = save(drawing.convert(kind), tmp_path / "drawing.png")
    pixels = read_square(path, 4)
    assert pixels[:, 2, 1].tolist() == [0, 0, 0]
    assert pixels[:, 0, 0].tolist() == [255, 255, 255]


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path):
    values = np.array([[0, 257], [32768, 65535]], dtype=np.uint16)
    path = save(Image.fromarray(values), tmp_path / "deep.png")
    assert Image.open(path).mode.startswith("I")
    assert read_square(path, 2, "L")[0].tolist() == [[0, 1], [128, 255]]
    assert read_square(path, 2)[2].tolist() == [[0, 1], [128, 255]]


def test_exif_orientation_is_applied(tmp_path):
    left_dark = Image.new("L", (8, 8), 255)
    left_dark.paste(0, (0, 0, 4, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held so that the picture needs a quarter turn
    path = save(left_dark, tmp_path / "turned.png", exif=exif)
    pixels = read_square(path, 8, "L")[0]
    assert (pixels[:4] == 0).all() and (pixels[4:] == 255).all()  # now the top is dark


def test_resize_stretches_to_a_square_and_averages(tmp_path):
    stripes = np.zeros((4, 64), dtype=np.uint8)
    stripes[:, ::2] = 255  # without antialiasing this would be all black or white
    pixels = read_square(save(Image.fromarray(stripes), tmp_path / "wide.png"), 4, "L")
    assert pixels.shape == (1, 4, 4)
    assert np.abs(pixels.astype(int) - 127).max() < 20


def test_grey_mode_gives_three_equal_channels(tmp_path):
    path = save(Image.fromarray(colour_ramp()), tmp_path / "ramp.png")
    batch = ImageFiles([path], size=8, mode="L")[torch.tensor([0])]
    assert batch.shape == (1, 3, 8, 8)
    assert torch.equal(batch[:, 0], batch[:, 2]) and batch.unique().numel() > 5


def numbered_files(folder: Path, count: int) -> list[Path]:
    """Write images whose every pixel is ten times the file's number."""
    return [
        save(Image.new("RGB", (4, 4), (10 * number,) * 3), folder / f"{number}.png")
        for number in range(count)
    ]


@pytest.mark.parametrize("fitting", [0, 3, 6])
def test_memory_limit_changes_no_pixel(tmp_path, fitting):
    paths = numbered_files(tmp_path, 6)
    source = ImageFiles(paths, size=4, memory_limit=fitting * 48 + 47)
    order = torch.tensor([5, 0, 3, 3, 2, 5])
    for _ in range(2):
        assert first_pixels(source[order]) == [50, 0, 30, 30, 20, 50]


def test_only_what_fits_is_kept(tmp_path):
    paths = numbered_files(tmp_path, 4)
    source = ImageFiles(paths, size=4, memory_limit=2 * 48)
    source[torch.arange(4)]
    for path in paths[:2]:
        path.unlink()
    assert first_pixels(source[torch.tensor([1, 0, 3])]) == [10, 0, 30]
    paths[3].unlink()
    with pytest.raises(UnreadableImage, match="3.png"):
        source[torch.tensor([3])]


def test_empty_batch(tmp_path):
    source = ImageFiles(numbered_files(tmp_path, 2), size=4)
    assert source[torch.tensor([], dtype=torch.int64)].shape == (0, 3, 4, 4)


def damaged_files(folder: Path) -> dict[str, Path]:
    """Write files that no decoder can read, each damaged in its own way."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    files = {}
    for kind in ("png", "jpg"):
        whole = save(Image.fromarray(noise), folder / f"whole.{kind}").read_bytes()
        files[f"truncated {kind}"] = folder / f"cut.{kind}"
        files[f"truncated {kind}"].write_bytes(whole[: len(whole) // 2])
    files["text"] = folder / "text.png"
    files["text"].write_text("this is not a picture")
    files["empty"] = folder / "empty.jpg"
    files["empty"].write_bytes(b"")
    files["float"] = save(Image.new("F", (4, 4), 0.5), folder / "float.tif")
    files["missing"] = folder / "missing.png"
    return files


@pytest.mark.parametrize(
    "kind",
    ["truncated png", "truncated jpg", "text", "empty", "float", "missing"],
)
def test_damaged_file_names_path_and_remedy(tmp_path, kind):
    path = damaged_files(tmp_path)[kind]
    with pytest.raises(ValueError, match=f"cannot read image .*{path.name}.*replace"):
        ImageFiles([path], size=8)[torch.tensor([0])]
    with pytest.raises(UnreadableImage, match="skip-unreadable"):
        ImageFiles([path, path], size=8, workers=2)[torch.tensor([0, 1])]


def test_find_unreadable_lists_bad_files_in_order(tmp_path):
    good = numbered_files(tmp_path, 3)
    bad = damaged_files(tmp_path)
    paths = [good[0], bad["text"], good[1], bad["truncated png"], good[2]]
    problems = find_unreadable(paths)
    assert [problem.path for problem in problems] == [paths[1], paths[3]]
    assert "cannot identify" in problems[0].reason
    assert find_unreadable(good) == []


def test_indices_out_of_range(tmp_path):
    source = ImageFiles(numbered_files(tmp_path, 2), size=4)
    with pytest.raises(IndexError, match="from 0 to 2, but there are 2 images"):
        source[torch.tensor([0, 2])]
    with pytest.raises(IndexError, match="from -1"):
        source[torch.tensor([-1])]
    with pytest.raises(ValueError, match=r"shape \(\)"):
        source[torch.tensor(1)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size is 0"),
        ({"mode": "CMYK"}, "mode is 'CMYK', expected one of RGB, L"),
        ({"memory_limit": -1}, "memory_limit is -1"),
        ({"workers": 0}, "workers is 0"),
    ],
)
def test_image_files_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        ImageFiles([], **({"size": 8} | options))


def test_threads_keep_the_order():
    numbers = list(range(10_000))
    assert list(in_threads(lambda n: n * n, numbers, 3)) == [n * n for n in numbers]
