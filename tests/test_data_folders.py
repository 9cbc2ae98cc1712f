"""Class folders read as a data set, their error messages, and real sketches."""

import shutil
import warnings
from pathlib import Path

import pytest
import torch
from PIL import Image

from zssbir_lib.data import (
    ImageFiles,
    UnreadableImage,
    load_data,
    load_split,
    read_class_folders,
)
from zssbir_lib.data.folders import find_class_files

CLASSES = ("ant", "bus", "cup")


def paint(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 6), (value,) * 3).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write three classes with two sketches and three photos each."""
    folder = tmp_path / "mini"
    for number, name in enumerate(CLASSES):
        for copy in range(2):
            paint(folder / "sketch" / name / f"{copy}.png", 50 * number + copy)
        for copy in range(3):
            paint(folder / "photo" / name / f"{copy}.png", 50 * number + 10 + copy)
    return folder


def test_classes_labels_and_pixels(root):
    data = read_class_folders(root, image_size=6)
    assert data.name == "mini" and data.class_names == CLASSES
    assert data.sketches.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.photos.labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    pixels = data.photos.images[torch.arange(9)][:, 0, 0, 0]
    assert pixels.tolist() == [10, 11, 12, 60, 61, 62, 110, 111, 112]
    pixels = data.sketches.images[torch.arange(6)][:, 2, 5, 5]
    assert pixels.tolist() == [0, 1, 50, 51, 100, 101]


def test_photos_keep_colour(root):
    Image.new("RGB", (6, 6), (9, 8, 7)).save(root / "photo" / "ant" / "0.png")
    data = read_class_folders(root, image_size=6)
    assert data.photos.images[torch.tensor([0])][0, :, 0, 0].tolist() == [9, 8, 7]


def test_plural_and_capital_folder_names(root):
    (root / "sketch").rename(root / "Sketches")
    (root / "photo").rename(root / "photos")
    assert len(read_class_folders(root, 6).photos) == 9


def test_endings_in_any_case_and_hidden_files(root):
    ants = root / "photo" / "ant"
    for name in ("A.JPG", "b.Jpeg", "c.BMP", "d.webp", "e.GIF", "f.TIF"):
        paint(ants / name, 5)
    (ants / ".hidden.png").write_text("no image")
    (ants / "notes.txt").write_text("no image")
    (root / "photo" / ".cache").mkdir()
    names = [path.name for path in find_class_files(root).photos["ant"]]
    assert names == [
        *("0.png", "1.png", "2.png"),
        *("A.JPG", "b.Jpeg", "c.BMP", "d.webp", "e.GIF", "f.TIF"),
    ]
    assert read_class_folders(root, 6).photos.images[torch.arange(9)].shape[0] == 9


def test_missing_root(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder .*nowhere; expected one"):
        read_class_folders(tmp_path / "nowhere", 6)


def test_missing_modality_says_what_is_there(root):
    (root / "photo").rename(root / "pictures")
    with pytest.raises(
        FileNotFoundError, match="no folder 'photo' .*it holds: pictures, sketch"
    ):
        read_class_folders(root, 6)


def test_two_folders_of_one_modality(root):
    (root / "photos").mkdir()
    with pytest.raises(ValueError, match="only one of .'photo', 'photos'"):
        read_class_folders(root, 6)


def test_class_in_one_modality_only(root):
    shutil.rmtree(root / "photo" / "bus")
    paint(root / "photo" / "dog" / "0.png", 1)
    with pytest.raises(
        ValueError,
        match="bus only as sketch, not as photo; dog only as photo, not as sketch",
    ):
        read_class_folders(root, 6)


def test_empty_class_folder(root):
    shutil.rmtree(root / "sketch" / "cup")
    (root / "sketch" / "cup").mkdir()
    with pytest.raises(ValueError, match="sketch/cup holds no images, found none"):
        read_class_folders(root, 6)


def test_one_folder_too_many_in_between(root):
    shutil.rmtree(root / "sketch" / "cup")
    paint(root / "sketch" / "cup" / "deeper" / "0.png", 1)
    with pytest.raises(ValueError, match=r"found only folders \(deeper\)"):
        read_class_folders(root, 6)


def test_no_classes_at_all(root):
    shutil.rmtree(root / "photo")
    (root / "photo").mkdir()
    with pytest.raises(ValueError, match="photo holds no class folders"):
        read_class_folders(root, 6)


def test_damaged_file_is_named_when_used(root):
    (root / "photo" / "bus" / "1.png").write_text("no image")
    data = read_class_folders(root, 6)
    assert len(data.photos) == 9
    data.photos.images[torch.tensor([0, 3])]
    with pytest.raises(UnreadableImage, match="photo/bus/1.png.*replace"):
        data.photos.images[torch.tensor([3, 4])]


def test_damaged_files_are_skipped_and_reported_on_request(root):
    for file in ("photo/bus/1.png", "sketch/cup/0.png"):
        (root / file).write_text("no image")
    with pytest.warns(UserWarning, match="left out 2 unreadable of 15.*sketch/cup/0"):
        data = read_class_folders(root, 6, on_unreadable="skip")
    assert data.photos.labels.tolist() == [0, 0, 0, 1, 1, 2, 2, 2]
    pixels = data.photos.images[torch.tensor([3, 4])][:, 0, 0, 0]
    assert pixels.tolist() == [60, 62]
    assert data.sketches.labels.tolist() == [0, 0, 1, 1, 2]


def test_skip_is_silent_when_all_is_well(root):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_class_folders(root, 6, on_unreadable="skip").photos) == 9


@pytest.mark.filterwarnings("ignore:left out")
def test_class_with_no_readable_image(root):
    for path in (root / "sketch" / "bus").iterdir():
        path.write_text("no image")
    with pytest.raises(ValueError, match="no image of class 'bus' in .*sketch/bus is"):
        read_class_folders(root, 6, on_unreadable="skip")


def test_unknown_choice_for_damaged_files(root):
    with pytest.raises(ValueError, match="on_unreadable is 'ignore', expected one of"):
        read_class_folders(root, 6, on_unreadable="ignore")


def test_load_data_from_a_folder(root):
    assert load_data(root, 6).class_names == CLASSES
    with pytest.raises(
        FileNotFoundError, match='no data at .*worldd; expected "world"'
    ):
        load_data(root / "worldd", 6)


# real sketches and photos


def test_sketchy_mini_with_its_zero_shot_split(shared):
    folder = shared / "data" / "sketchy-mini"
    data = load_data(folder, image_size=32)
    assert len(data.class_names) == 125
    for images in (data.sketches, data.photos):
        assert torch.bincount(images.labels).tolist() == [25] * 125
    parts = load_split(folder / "splits_ye21.json").apply(data)
    assert len(parts.seen.class_names) == 104 and parts.validation is None
    assert len(parts.unseen.class_names) == 21 and parts.unused == ()
    assert len(parts.unseen.sketches) == 21 * 25
    assert set(parts.unseen.class_names) == set(load_split("sketchy-21").unseen)


def test_sketchy_mini_looks_like_sketches_and_photos(shared):
    data = load_data(shared / "data" / "sketchy-mini", image_size=32)
    some = torch.arange(0, 3125, 125)
    sketches, photos = data.sketches.images[some], data.photos.images[some]
    assert sketches.float().mean() > 200  # mostly white paper
    assert torch.equal(sketches[:, 0], sketches[:, 1])
    assert photos.float().mean() < 180
    assert not torch.equal(photos[:, 0], photos[:, 2])


def test_grey_storage_loses_nothing_of_a_real_sketch(shared):
    data = load_data(shared / "data" / "sketchy-mini", image_size=128)
    some = torch.arange(0, 3125, 500)
    in_colour = ImageFiles(data.sketches.images.paths, size=128, mode="RGB")
    assert torch.equal(data.sketches.images[some], in_colour[some])
