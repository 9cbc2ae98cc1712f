"""`data prepare` on the command line, and the verification of a store."""

import argparse
import dataclasses
import shutil

import numpy as np
import pytest
import torch
from prepared_folder import pixels_of, prepare, save, write_images

from zssbir_lib.cli import data as data_commands
from zssbir_lib.data import load_data, read_class_folders
from zssbir_lib.data.prepared import read_manifest, verify_store
from zssbir_lib.data.prepared.verifying import stored_chunks


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("images") / "mini")


@pytest.fixture(scope="module")
def prepared(root):
    prepare(root, root.parent / "store")
    return root.parent / "store"


@pytest.fixture
def store(prepared, tmp_path):
    return shutil.copytree(prepared, tmp_path / "store")


def command(*words) -> None:
    parser = argparse.ArgumentParser()
    data_commands.add_parser(parser.add_subparsers())
    options = parser.parse_args(["data", "prepare", *map(str, words)])
    options.run(options)


def damage(path, place: int) -> None:
    with open(path, "r+b") as file:
        file.seek(place)
        value = file.read(1)[0]
        file.seek(place)
        file.write(bytes([value ^ 1]))


def test_prepare_then_load(root, tmp_path, capsys):
    command(root, tmp_path / "out", "--size", 16, "--jobs", 1)
    said = capsys.readouterr().out
    assert f"written: {tmp_path / 'out'}: 3 classes, 15 sketches and 21 photos" in said
    assert f"at 16 px, 0.0000 GiB\nuse it with --data {tmp_path / 'out'}\n" in said
    data = load_data(tmp_path / "out", 16)
    assert pixels_of(data) == pixels_of(read_class_folders(root, 16))
    with pytest.raises(FileExistsError, match="out exists"):
        command(root, tmp_path / "out", "--size", 16)


def test_the_usual_size_is_224(root, tmp_path):
    command(root, tmp_path / "out", "--jobs", 1)
    batch = load_data(tmp_path / "out", 224).photos.images[torch.tensor([2])]
    assert batch.shape == (1, 3, 224, 224)


def test_two_processes_make_the_same_store(root, prepared, tmp_path):
    command(root, tmp_path / "out", "--size", 8, "--jobs", 2)
    for name in ("sketches.u8", "photos.u8"):
        assert (tmp_path / "out" / name).read_bytes() == (prepared / name).read_bytes()


def test_unreadable_files_need_a_word(root, tmp_path, capsys):
    copy = shutil.copytree(root, tmp_path / "copy")
    (copy / "photo" / "ant" / "0.jpg").write_text("no image")
    words = (copy, tmp_path / "out", "--size", 8, "--jobs", 1)
    with pytest.raises(ValueError, match="1 unreadable .*--skip-unreadable"):
        command(*words)
    with pytest.warns(UserWarning, match="left out 1 unreadable"):
        command(*words, "--skip-unreadable")
    assert "15 sketches and 20 photos" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ((), ValueError, "takes SOURCE and OUT, or --verify STORE"),
        (("in",), ValueError, "takes SOURCE and OUT"),
        (("in", "--verify", "x"), ValueError, "--verify STORE goes alone"),
        (("world", "out"), ValueError, "the embedded world is drawn into a cache"),
        (("nowhere", "out"), FileNotFoundError, "no data at nowhere"),
        (("--verify", "nowhere"), FileNotFoundError, "no prepared.json in nowhere"),
    ],
)
def test_wrong_words(words, error, message):
    with pytest.raises(error, match=message):
        command(*words)


def test_a_store_cannot_be_prepared_again(prepared, tmp_path):
    with pytest.raises(ValueError, match="PreparedImages, expected image files"):
        command(prepared, tmp_path / "out", "--size", 8)


def test_sketchy_extended_with_each_photo_once(tmp_path):
    folder = tmp_path / "in"
    for place, count in (("256x256/sketch", 1), ("256x256/photo", 2)):
        for number in range(count):
            path = folder / place / "tx_000000000000" / "ant" / f"{number}.png"
            save(path, np.full((4, 4, 3), number))
    for number in range(3):
        path = folder / "EXTEND_image_sketchy" / "ant" / f"{number}.jpg"
        save(path, np.full((4, 4, 3), number))
    for choice, count in (("all", 5), ("extend-only", 3)):
        out = tmp_path / choice
        command(folder, out, "--size", 4, "--jobs", 1, "--photos", choice)
        assert len(load_data(out, 4).photos) == count
    assert read_manifest(out).photos.originals[0] == "EXTEND_image_sketchy/ant/0.jpg"
    with pytest.raises(
        ValueError, match="'extend-only': which photos the store .* ano"
    ):
        load_data(out, 4, photos="extend-only")


# --- verifying -----------------------------------------------------------------------


def test_a_whole_store(prepared, capsys):
    command("--verify", prepared)
    assert capsys.readouterr().out.endswith("is whole: every byte has its checksum\n")


@pytest.mark.parametrize(
    ("file", "place", "named"),
    [
        ("sketches.u8", 0, "images 0 to 4 (sketch/ant/0.png to sketch/ant/4.png)"),
        ("sketches.u8", 5 * 64, "images 5 to 9 (sketch/bus/0.png to sketch/bus/4.png)"),
        ("photos.u8", 15 * 192 - 1, "images 10 to 14 (photo/bus/3.jpg to photo/cup/0"),
        ("photos.u8", 21 * 192 - 1, "images 20 to 20 (photo/cup/6.jpg to photo/cup/6"),
    ],
)
def test_one_wrong_bit_is_found_and_named(store, file, place, named):
    damage(store / file, place)
    damaged = verify_store(store, jobs=1)
    assert len(damaged) == 1 and str(damaged[0]).startswith(f"{file} {named}")
    with pytest.raises(ValueError) as report:
        command("--verify", store)
    message = str(report.value)
    assert f"is damaged: {file} {named}" in message and "\n" not in message
    assert message.endswith("copy it again, or delete it and run data prepare again")


def test_much_damage_is_cut_short(store):
    for chunk in range(5):
        damage(store / "photos.u8", 5 * 192 * chunk)
    assert [chunk.first for chunk in verify_store(store)] == [0, 5, 10, 15, 20]
    with pytest.raises(ValueError, match=r"images 10 to 14 \([^)]*\) and 2 more; copy"):
        command("--verify", store)


def test_a_cut_file_and_wrong_arguments(store):
    with pytest.raises(ValueError, match="jobs is 0, expected 1 thread or more"):
        verify_store(store, jobs=0)
    with open(store / "photos.u8", "r+b") as file:
        file.truncate(100)
    with pytest.raises(ValueError, match="has 100 bytes, expected 4,032"):
        verify_store(store)


def test_chunks_cover_every_byte_once(prepared):
    manifest = read_manifest(prepared)
    for modality, length in ((0, 15 * 64), (1, 21 * 192)):
        assert manifest.bytes_of(modality) == length
    ends = {"sketches.u8": 0, "photos.u8": 0}
    for chunk in stored_chunks(manifest):
        assert chunk.start == ends[chunk.file] and chunk.length > 0
        ends[chunk.file] += chunk.length
    assert ends == {"sketches.u8": 15 * 64, "photos.u8": 21 * 192}
    with pytest.raises(dataclasses.FrozenInstanceError):
        manifest.name = "other"
