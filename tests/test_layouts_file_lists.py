"""File lists of the SAKE family: read, checked, made into a data set."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from zssbir_lib.data.file_lists import (
    label_conflicts,
    missing_files,
    read_class_file,
    read_file_list,
    read_file_lists,
)

CLASSES = {"hot dog": 0, "bus": 1, "ant": 2}


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write two images a class and modality, their lists and the class file."""
    for place, modality in enumerate(("sketch", "photo")):
        lines = []
        for name, label in CLASSES.items():
            for number in range(2):
                path = tmp_path / modality / name / f"{name} {number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("L", (4, 4), 100 * place + 10 * label + number).save(path)
                lines.append(f"{modality}/{name}/{path.name} {label}")
        write(tmp_path / f"{modality}.txt", *reversed(lines))
    write(tmp_path / "cname_cid.txt", *(f"{n} {c} " for n, c in CLASSES.items()))
    return tmp_path


def read(root: Path, **options):
    paths = (root / "sketch.txt", root / "photo.txt", root / "cname_cid.txt")
    return read_file_lists(root, *paths, image_size=4, **options)


def test_paths_and_names_may_hold_spaces(root):
    files = read_file_list(root / "photo.txt")
    assert str(files.paths[-1]) == "photo/hot dog/hot dog 0.png"
    assert files.labels[-1] == 0 and files.folders()[-1] == "hot dog"
    assert read_class_file(root / "cname_cid.txt") == {0: "hot dog", 1: "bus", 2: "ant"}
    assert label_conflicts(files, read_class_file(root / "cname_cid.txt")) == {}


@pytest.mark.parametrize("labels", ["listed", "folders"])
def test_lists_make_a_data_set(root, labels):
    data = read(root, labels=labels)
    assert data.class_names == ("hot dog", "bus", "ant")
    assert data.photos.labels.tolist() == [0, 0, 1, 1, 2, 2]
    pixels = data.photos.images[torch.arange(6)][:, 0, 0, 0].tolist()
    assert pixels == [101, 100, 111, 110, 121, 120]  # the lists run backwards


def test_empty_lines_byte_order_mark_and_backslashes(tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes("\ufeff\nphoto\\ant\\1.png 7 \r\n\n".encode())
    files = read_file_list(path)
    assert [str(one) for one in files.paths] == ["photo/ant/1.png"]
    assert files.labels == (7,)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "photo/ant/1.png",
            "line 2: 'photo/ant/1.png' is not of the form 'path label'",
        ),
        ("photo/ant/1.png x", "line 2: .* whole number at the end"),
        ("photo/ant/1.png -1", "line 2: .* whole number at the end"),
        ("17", "line 2: '17' is not of the form"),
        ("/photo/ant/1.png 0", "line 2: '/photo/ant/1.png' is not a path such as"),
        ("../ant/1.png 0", "line 2: .* below the root"),
        ("1.png 0", "line 2: .* with the class as folder"),
    ],
)
def test_lines_that_are_no_entries(tmp_path, line, message):
    path = write(tmp_path / "list.txt", "photo/ant/0.png 0", line)
    with pytest.raises(ValueError, match=message):
        read_file_list(path)


def test_missing_list_and_wrong_encoding(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file .*list.txt; expected lines"):
        read_file_list(tmp_path / "list.txt")
    (tmp_path / "list.txt").write_bytes(b"photo/caf\xe9/1.png 0")
    with pytest.raises(ValueError, match="is not UTF-8 text"):
        read_file_list(tmp_path / "list.txt")


@pytest.mark.parametrize("second", ["ant 1", "bus 0"])
def test_class_file_with_a_label_or_name_twice(tmp_path, second):
    path = write(tmp_path / "cname_cid.txt", "ant 0", second)
    with pytest.raises(ValueError, match="line 2: class .* a second time"):
        read_class_file(path)


# labels that contradict


def conflicts(tmp_path: Path, *lines: str) -> list[str]:
    files = read_file_list(write(tmp_path / "list.txt", *lines))
    return list(label_conflicts(files, {0: "hot dog", 1: "bus", 2: "ant"}).values())


def test_every_kind_of_contradiction(tmp_path):
    assert conflicts(tmp_path, "p/ant/0.png 2", "p/ant/1.png 1") == [
        "folder 'ant' has the labels 1, 2"
    ]
    assert conflicts(tmp_path, "p/ant/0.png 2", "p/bee/0.png 2") == [
        "label 2 goes with 'ant' and with 'bee'",
        "label 2 goes with 'bee' and with 'ant'",
    ]
    assert conflicts(tmp_path, "p/ant/0.png 200") == [
        "folder 'ant' has label 200, unknown to the class file"
    ]
    assert conflicts(tmp_path, "p/ant/0.png 1") == [
        "folder 'ant' has label 1, which the class file calls 'bus'"
    ]
    assert conflicts(tmp_path, "p/hot-dog/0.png 0", "p/Bus/0.png 1") == []


def test_the_released_list_with_labels_in_steps_of_100(root):
    names = sorted(CLASSES)
    lines = [f"photo/{n}/{n} 0.png {100 * i}" for i, n in enumerate(names)]
    write(root / "photo.txt", *lines)
    with pytest.raises(
        ValueError,
        match=r"photo.txt: the labels of 3 of 3 classes .*'ant' has label 0, "
        r"which the class file calls 'hot dog'.*labels=\"folders\"",
    ):
        read(root)
    data = read(root, labels="folders")
    assert data.photos.labels.tolist() == [0, 1, 2]
    assert [path.parent.name for path in data.photos.images.paths] == list(CLASSES)


def test_missing_files(root):
    (root / "photo" / "bus" / "bus 1.png").unlink()
    files = read_file_list(root / "photo.txt")
    assert missing_files(files, root) == ["photo/bus/bus 1.png"]
    with pytest.raises(FileNotFoundError, match="1 of the 6 files .*bus 1.png; is "):
        read(root)
    with pytest.warns(UserWarning, match="left out 1 unreadable of 12"):
        assert len(read(root, on_unreadable="skip").photos) == 5


def test_folder_that_is_no_class(root):
    write(root / "cname_cid.txt", "hot dog 0", "bus 1")
    with pytest.raises(ValueError, match="folder 'ant' is none of the 2 classes"):
        read(root, labels="folders")


def test_class_in_one_list_only(root):
    lines = (root / "photo.txt").read_text().splitlines()
    write(root / "photo.txt", *(line for line in lines if "ant" not in line))
    with pytest.raises(ValueError, match="ant only as sketch, not as photo"):
        read(root)


def test_unknown_choices(root):
    with pytest.raises(ValueError, match="labels is 'mine', expected one of listed"):
        read(root, labels="mine")
    with pytest.raises(ValueError, match="on_unreadable is 'ignore'"):
        read(root, on_unreadable="ignore")
