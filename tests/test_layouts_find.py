"""Layouts in circulation are found, read and told apart."""

import os
from pathlib import Path

import pytest
import torch
from PIL import Image

from zssbir_lib.data import ZeroShotSplit, load_data
from zssbir_lib.data.folders import find_class_files
from zssbir_lib.data.layouts import LAYOUTS, find_layout, list_class_folders

CLASSES = ("axe", "palm_tree")
SKETCHY = ("256x256/sketch/tx_000000000000", "256x256/photo/tx_000000000000")


def paint(path: Path, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), value).save(path)


def lay(root: Path, *places: str, classes: tuple[str, ...] = CLASSES) -> Path:
    """Put one image a class into every place."""
    for number, place in enumerate(places):
        for name in classes:
            paint(root / place / name / f"{number}.png", 10 * number)
    return root


@pytest.mark.parametrize(
    ("layout", "sketches", "photos"),
    [
        ("sketchy", *SKETCHY),
        ("sketchy", f"{SKETCHY[0]}_ready", f"{SKETCHY[1]}_ready"),
        ("sketchy", "sketch/tx_000000000000", "photo/tx_000000000000"),
        ("sketchy", SKETCHY[0], "EXTEND_image_sketchy_ready"),
        ("sketchy", "Sketchy/sketch/tx_000000000000", "EXTEND_image_sketchy"),
        ("sketchy", "sketch/tx_000000000000", "extended_photo"),
        ("tu-berlin", "png", "ImageResized"),
        ("tu-berlin", "png_ready", "ImageResized_ready"),
        ("tu-berlin", "png", "images"),
        ("tu-berlin, sketches renamed", "sketches", "ImageResized"),
        ("quickdraw", "QuickDraw_sketches_final", "QuickDraw_images_final"),
        ("class folders", "sketch", "photo"),
        ("class folders", "Sketches", "PHOTOS"),
        ("class folders, photos as images", "sketches", "images"),
    ],
)
@pytest.mark.parametrize("outer", ["", "download", "a/b"])
def test_every_layout_with_and_without_outer_folders(
    tmp_path, layout, sketches, photos, outer
):
    lay(tmp_path / outer, sketches, photos)
    found = find_layout(tmp_path)
    assert found.layout.name == layout
    assert found.root == tmp_path / outer
    assert found.sketches == tmp_path / outer / sketches
    assert found.photo_folders() == (tmp_path / outer / photos,)
    files = find_class_files(tmp_path)
    assert tuple(files.sketches) == tuple(files.photos) == CLASSES
    assert files.photos["axe"] == [tmp_path / outer / photos / "axe" / "1.png"]


def test_names_of_layouts_differ_and_places_are_clean():
    names = [layout.name for layout in LAYOUTS]
    assert len(set(names)) == len(names)
    places = [
        one for row in LAYOUTS for one in row.sketches + row.photos + row.extended
    ]
    assert all(one == one.strip("/") and "//" not in one for one in places)


def test_originals_stand_twice_unless_extend_only(tmp_path):
    lay(tmp_path, *SKETCHY, "EXTEND_image_sketchy")
    paint(tmp_path / "EXTEND_image_sketchy" / "axe" / "more.png")
    every = find_class_files(tmp_path).photos["axe"]
    assert [path.name for path in every] == ["1.png", "2.png", "more.png"]
    once = find_class_files(tmp_path, "extend-only").photos["axe"]
    assert [path.parts[-3] for path in once] == ["EXTEND_image_sketchy"] * 2
    assert len(load_data(tmp_path, 4).photos) == 5
    assert len(load_data(tmp_path, 4, photos="extend-only").photos) == 3


def test_resized_copies_are_preferred(tmp_path):
    lay(tmp_path, *SKETCHY, f"{SKETCHY[0]}_ready", f"{SKETCHY[1]}_ready")
    found = find_layout(tmp_path)
    assert found.sketches.name == found.photos.name == "tx_000000000000_ready"
    unread = [folder.name for folder in found.unread_folders()]
    assert unread == ["tx_000000000000", "tx_000000000000"]


def test_extend_only_needs_extended_photos(tmp_path):
    lay(tmp_path, "sketch", "photo")
    with pytest.raises(ValueError, match="layout class folders.*no folder of extended"):
        load_data(tmp_path, 4, photos="extend-only")
    with pytest.raises(ValueError, match="photos is 'once', expected one of all, ext"):
        load_data(tmp_path, 4, photos="once")
    with pytest.raises(ValueError, match="photos 'extend-only' is for Sketchy"):
        load_data("world", 32, photos="extend-only")


def test_half_a_download_says_which_half_is_missing(tmp_path):
    lay(tmp_path, "QuickDraw_sketches_final")
    with pytest.raises(
        FileNotFoundError,
        match="QuickDraw_sketches_final, the sketches of QuickDraw Extended, but no "
        "photos; expected one of QuickDraw_images_final",
    ):
        find_layout(tmp_path)


def test_extended_photos_alone(tmp_path):
    lay(tmp_path, "EXTEND_image_sketchy")
    with pytest.raises(FileNotFoundError, match="the photos of Sketchy.*no sketches"):
        find_layout(tmp_path)


def test_two_data_sets_in_one_folder(tmp_path):
    lay(tmp_path / "first", "sketch", "photo")
    lay(tmp_path / "second", "png", "ImageResized")
    with pytest.raises(ValueError, match="holds 2 data sets: .*first, .*second; give"):
        find_layout(tmp_path)


def test_too_deep_is_not_found(tmp_path):
    lay(tmp_path / "a" / "b" / "c", "sketch", "photo")
    with pytest.raises(FileNotFoundError, match="no folder 'sketch'.*it holds: a"):
        find_layout(tmp_path)


def test_links_in_a_circle_do_not_hang(tmp_path):
    lay(tmp_path, "sketch")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    with pytest.raises(FileNotFoundError, match="no folder 'photo'"):
        find_layout(tmp_path)
    lay(tmp_path, "photo")
    (tmp_path / "photo" / "axe" / "up").symlink_to(tmp_path / "photo")
    assert len(find_class_files(tmp_path).photos["axe"]) == 1


def test_listing_sorts_everything_in(tmp_path):
    folder = lay(tmp_path, "photo") / "photo"
    axe = folder / "axe"
    paint(axe / "deeper" / "3.png")
    paint(folder / "loose.png")
    (axe / "notes.txt").write_text("x")
    (axe / "Thumbs.db").write_text("x")
    (axe / "._0.png").write_text("x")
    (axe / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "empty").mkdir()
    (folder / "__MACOSX").mkdir()
    listing = list_class_folders(folder)
    assert {name: len(files) for name, files in listing.classes.items()} == {
        "axe": 1,
        "empty": 0,
        "palm_tree": 1,
    }
    assert listing.inner_folders == [axe / "deeper"]
    assert listing.loose == [folder / "loose.png"]
    assert listing.other == [axe / "notes.txt"]
    assert {path.name for path in listing.hidden} == {
        "Thumbs.db",
        "._0.png",
        "__MACOSX",
    }
    assert listing.broken_links == [axe / "gone.jpg"]
    assert listing.closed == {}


def test_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    root = lay(tmp_path, "sketch", "photo")
    scan = os.scandir

    def closed(folder):
        if Path(folder) == root / "photo" / "axe":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(OSError, match=r"cannot list .*photo/axe \(Permission denied\)"):
        find_class_files(root)


# spelling


def test_photo_folders_spelt_differently(tmp_path):
    lay(tmp_path, "png", classes=("palm tree", "mouse (animal)", "chandelier"))
    lay(tmp_path, "ImageResized", classes=("palmtree", "mouse", "chandeler"))
    with pytest.warns(UserWarning, match="3 photo folders .*'palmtree' as 'palm tree'"):
        data = load_data(tmp_path, 4)
    assert data.class_names == ("chandelier", "mouse (animal)", "palm tree")
    assert data.photos.labels.tolist() == [0, 1, 2]
    folders = [path.parent.name for path in data.photos.images.paths]
    assert folders == ["chandeler", "mouse", "palmtree"]


def test_two_folders_are_never_merged(tmp_path):
    lay(tmp_path, "sketch", classes=("palm tree", "axe"))
    lay(tmp_path, "photo", classes=("palm_tree", "Palm-Tree", "axe"))
    with pytest.raises(
        ValueError, match="'Palm-Tree', 'palm tree', 'palm_tree'.*alike"
    ):
        load_data(tmp_path, 4)


def test_classes_take_the_spelling_of_the_split(tmp_path):
    lay(tmp_path, "sketch", "photo", classes=("Axe", "palm_tree", "bus"))
    split = ZeroShotSplit("mine", ("bus", "axe"), (), ("palm tree",))
    with pytest.warns(
        UserWarning, match="read 2 classes .*split 'mine'.*'Axe' as 'axe'"
    ):
        data = load_data(tmp_path, 4, split)
    parts = split.apply(data)
    assert parts.unseen.class_names == ("palm tree",)
    assert torch.equal(parts.seen.photos.labels, torch.tensor([1, 0]))


def test_two_classes_that_could_be_one_of_the_split(tmp_path):
    lay(tmp_path, "sketch", "photo", classes=("palm_tree", "Palm tree", "bus"))
    split = ZeroShotSplit("mine", ("bus",), (), ("palmtree",))
    with pytest.raises(ValueError, match="spell 'Palm tree', 'palm_tree', 'palmtree'"):
        load_data(tmp_path, 4, split)
