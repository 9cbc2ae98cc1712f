"""Files of drawings rendered to class folders: names, settings, resuming, faults."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zssbir_lib.cli import data as data_commands
from zssbir_lib.data.folders import find_class_files
from zssbir_lib.data.quickdraw import (
    MalformedDrawing,
    SketchFiles,
    drawings_to_folder,
    folder_name,
    read_ndjson,
    render_drawing,
)
from zssbir_lib.data.quickdraw import rendering as module


def line(key: int | None, word: str = "palm tree", recognised: bool = True) -> str:
    strokes = [[[0, 255, 10 * (key or 0)], [0, 90, 200]]]
    record = {"word": word, "recognized": recognised, "drawing": strokes}
    if key is not None:
        record["key_id"] = str(key)
    return json.dumps(record)


@pytest.fixture
def drawings(tmp_path: Path) -> Path:
    """Write five drawings, the second of them not recognised."""
    path = tmp_path / "palm tree.ndjson"
    rows = [line(key, recognised=key != 1) for key in range(5)]
    path.write_text("\n".join(rows) + "\n")
    return path


def names(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )


def test_files_and_pixels(tmp_path, drawings):
    root = tmp_path / "data"
    done = drawings_to_folder(drawings, root, size=32, width=0.05)
    folder = root / "sketch" / "palm_tree"
    assert done == SketchFiles((folder,), written=4, present=0)
    assert names(root / "sketch") == [
        ".rendering.json",
        *(f"palm_tree/{key}.png" for key in (0, 2, 3, 4)),
    ]
    for drawing in read_ndjson(drawings, recognised_only=True):
        with Image.open(folder / f"{drawing.key_id}.png") as image:
            assert image.mode == "L"
            expected = render_drawing(drawing, 32, width=0.05)
            assert np.array_equal(np.asarray(image), expected)


def test_the_folder_is_one_the_library_reads(tmp_path, drawings):
    drawings_to_folder(drawings, tmp_path / "data", size=16)
    photo = tmp_path / "data/photo/palm_tree/0.png"
    photo.parent.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(photo)
    found = find_class_files(tmp_path / "data")
    assert [path.name for path in found.sketches["palm_tree"]] == [
        *("0.png", "2.png", "3.png", "4.png")
    ]


def test_limit_and_unrecognised(tmp_path, drawings):
    done = drawings_to_folder(drawings, tmp_path / "a", limit=2, size=16)
    assert [path.stem for path in sorted(done.folders[0].iterdir())] == ["0", "2"]
    done = drawings_to_folder(
        drawings, tmp_path / "b", limit=2, recognised_only=False, size=16
    )
    assert [path.stem for path in sorted(done.folders[0].iterdir())] == ["0", "1"]


def test_the_same_call_goes_on(tmp_path, drawings, monkeypatch):
    root = tmp_path / "data"
    drawings_to_folder(drawings, root, limit=1, size=16)
    kept = root / "sketch/palm_tree/0.png"
    before = kept.stat().st_mtime_ns
    drawn = []

    def render(drawing, **settings):
        drawn.append(drawing.key_id)
        if drawing.key_id == 3:
            raise KeyboardInterrupt
        return render_drawing(drawing, **settings)

    monkeypatch.setattr(module, "render_drawing", render)
    with pytest.raises(KeyboardInterrupt):
        drawings_to_folder(drawings, root, size=16)
    assert drawn == [2, 3]
    monkeypatch.undo()
    done = drawings_to_folder(drawings, root, size=16)
    assert (done.written, done.present) == (2, 2)
    assert kept.stat().st_mtime_ns == before


def test_drawings_without_a_key_are_numbered(tmp_path):
    path = tmp_path / "any.ndjson"
    path.write_text("\n".join([line(None, "cat"), line(None, "dog"), line(7, "cat")]))
    done = drawings_to_folder(path, tmp_path / "data", size=16)
    assert [folder.name for folder in done.folders] == ["cat", "dog"]
    assert names(tmp_path / "data/sketch")[1:] == [
        *("cat/000000.png", "cat/7.png", "dog/000001.png")
    ]


def test_other_settings_are_refused(tmp_path, drawings):
    drawings_to_folder(drawings, tmp_path / "data", size=16)
    before = names(tmp_path / "data")
    with pytest.raises(
        ValueError, match="holds sketches rendered with size 16, not 32; use the same"
    ):
        drawings_to_folder(drawings, tmp_path / "data", size=32)
    with pytest.raises(ValueError, match="rendered with share 1.0, not 0.5"):
        drawings_to_folder(drawings, tmp_path / "data", size=16, share=0.5)
    assert names(tmp_path / "data") == before
    for damaged in (b"", b"[]", b'{"size": 1'):
        (tmp_path / "data/sketch/.rendering.json").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"rendering.json is damaged, so the"):
            drawings_to_folder(drawings, tmp_path / "data", size=16)


def test_nothing_is_left_half_written(tmp_path, drawings, monkeypatch):
    def full(self, file, kind):
        file.write(b"half a picture")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(
        OSError, match="cannot write .*0.png .No space left on device.; the sketches"
    ):
        drawings_to_folder(drawings, tmp_path / "data", size=16)
    assert names(tmp_path / "data") == ["sketch/.rendering.json"]


def test_folder_that_cannot_be_written(tmp_path, drawings):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(OSError, match="cannot write to .*data/sketch .Not a directory"):
        drawings_to_folder(drawings, tmp_path / "data", size=16)


def test_malformed_lines(tmp_path, drawings):
    drawings.write_text(drawings.read_text() + "nonsense\n" + line(9) + "\n")
    with pytest.raises(MalformedDrawing, match="line 6"):
        drawings_to_folder(drawings, tmp_path / "data", size=16)
    with pytest.warns(UserWarning, match="left out 1 malformed"):
        done = drawings_to_folder(
            drawings, tmp_path / "data", size=16, on_malformed="skip"
        )
    assert (done.written, done.present) == (1, 4)


def test_arguments_are_checked_before_anything_is_written(tmp_path, drawings):
    for options, message in (
        ({"size": 2}, "size is 2"),
        ({"width": 9}, "width is 9"),
        ({"share": 2}, "share is 2"),
        ({"limit": -1}, "cannot read the first -1 drawings"),
        ({"on_malformed": "no"}, "on_malformed is 'no'"),
    ):
        with pytest.raises(ValueError, match=message):
            drawings_to_folder(drawings, tmp_path / "data", **options)
    with pytest.raises(FileNotFoundError, match="no file"):
        drawings_to_folder(tmp_path / "no.bin", tmp_path / "data")
    assert not (tmp_path / "data").exists()


# names of folders


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("cat", "cat"),
        ("The Eiffel Tower", "the_eiffel_tower"),
        ("t-shirt", "t-shirt"),
        ("  hot   air balloon ", "hot_air_balloon"),
        ("fire_hydrant", "fire_hydrant"),
        ("../../etc/passwd", "etc_passwd"),
        ("..\\up", "up"),
        ("C:\\cat", "c_cat"),
        ("/cat", "cat"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("ca\0t\n", "ca_t"),
        ("Straße", "strasse"),
        ("．．／cat", "cat"),  # wide dots and slash that normalise to plain ones
        ("猫", "猫"),
        ("ｃａｔ", "cat"),
        ("a _ b__c", "a_b_c"),
    ],
)
def test_words_as_folder_names(word, name):
    assert folder_name(word) == name
    assert folder_name(name) == name


@pytest.mark.parametrize("word", ["", "..", "/", "___", "-", "‥", "\0"])
def test_words_without_a_name(word):
    with pytest.raises(ValueError, match="has no letter or digit to name a folder by"):
        folder_name(word)


def test_no_word_leads_out_of_its_folder():
    rng = np.random.default_rng(0)
    signs = list('ab.9/\\:\0\n -_~*?"<>|．／∕⁄…é')
    for _ in range(2000):
        word = "x" + "".join(rng.choice(signs, size=rng.integers(1, 12)))
        name = folder_name(word)
        assert not set(name) & set('/\\:\0\n .~*?"<>|')
        assert Path("root", name).resolve().parent == Path("root").resolve()


def test_long_words():
    assert len(folder_name("a" * 100)) == 100
    with pytest.raises(ValueError, match=r"'a+\.\.\.' has 101 characters, expected at"):
        folder_name("a" * 101)


# the command


def run_command(*words: object) -> None:
    parser = argparse.ArgumentParser()
    data_commands.add_parser(parser.add_subparsers())
    options = parser.parse_args(["data", "draw", *map(str, words)])
    options.run(options)


def test_command(tmp_path, drawings, capsys):
    root = tmp_path / "data"
    run_command(drawings, root, "--size", 16, "--limit", 3, "--share", 0.5)
    folder = root / "sketch/palm_tree"
    assert capsys.readouterr().out == (
        f"sketches in {folder}\n3 rendered now, 0 were there already\n"
    )
    run_command(drawings, root, "--size", 16, "--share", 0.5, "--unrecognised")
    assert "2 rendered now, 3 were there already" in capsys.readouterr().out
    drawings.write_text("nonsense\n")
    with pytest.warns(UserWarning, match="left out 1 malformed"):
        run_command(drawings, tmp_path / "other", "--skip-malformed")
    assert "0 rendered now" in capsys.readouterr().out


def test_official_files(shared, tmp_path):
    folder = shared / "data/raw/quickdraw"
    tower = folder / "simplified/The Eiffel Tower.ndjson"
    done = drawings_to_folder(tower, tmp_path, limit=10, size=32)
    assert done.folders == (tmp_path / "sketch/the_eiffel_tower",)
    assert done.written == 10
    cats = folder / "binary_derived/full_binary_cat.bin"
    assert drawings_to_folder(cats, tmp_path, size=32).folders[0].name == "cat"
    again = folder / "simplified/cat.ndjson"
    assert drawings_to_folder(again, tmp_path, size=32).written == 0
