"""QuickDraw's binary files and bitmaps, against its text files and damaged copies."""

import json
import struct
import tracemalloc
import warnings
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch

from zssbir_lib.data import ImageSet
from zssbir_lib.data.quickdraw import (
    Drawing,
    MalformedDrawing,
    QuickDrawBitmaps,
    read_binary,
    read_drawings,
    read_ndjson,
    render_drawing,
)
from zssbir_lib.data.quickdraw.drawing import MOST_POINTS
from zssbir_lib.modality import SKETCH


def packed(strokes: list[list[list[int]]], key: int = 7, flag: int = 1) -> bytes:
    """Write one record field by field: no field of the layout is padded."""
    parts = [struct.pack("<Q", key), b"FI", struct.pack("<b", flag)]
    parts += [struct.pack("<I", 1489007527), struct.pack("<H", len(strokes))]
    for x, y in strokes:
        parts += [struct.pack("<H", len(x)), bytes(x), bytes(y)]
    return b"".join(parts)


RECORD = packed([[[0, 255, 7], [1, 2, 3]], [[9], [8]]])


def write(folder: Path, *records: bytes) -> Path:
    path = folder / "full_binary_palm tree.bin"
    path.write_bytes(b"".join(records))
    return path


def test_a_record(tmp_path):
    assert len(RECORD) == 17 + 2 + 6 + 2 + 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (drawing,) = read_binary(write(tmp_path, RECORD))
    assert (drawing.word, drawing.key_id, drawing.country) == ("palm tree", 7, "FI")
    assert drawing.recognised is True and drawing.times is None
    assert drawing.timestamp == datetime(2017, 3, 8, 21, 12, 7, tzinfo=UTC)
    assert [one.tolist() for one in drawing.strokes] == [
        [[0, 1], [255, 2], [7, 3]],
        [[9, 8]],
    ]


def test_word_of_the_file_name_or_given(tmp_path):
    path = tmp_path / "cat.bin"
    path.write_bytes(RECORD)
    assert next(read_drawings(path)).word == "cat"
    assert next(read_binary(path, word="dog")).word == "dog"


def test_first_and_recognised_only(tmp_path):
    flags = (0, 1, 1, 0, 1)
    path = write(
        tmp_path, *(packed([[[1], [1]]], key, flag) for key, flag in enumerate(flags))
    )
    assert [one.key_id for one in read_binary(path, first=2)] == [0, 1]
    found = read_drawings(path, first=2, recognised_only=True)
    assert [one.key_id for one in found] == [1, 2]
    path.write_bytes(b"")
    assert list(read_binary(path)) == []


@pytest.mark.parametrize("size", range(1, len(RECORD)))
def test_cut_last_record_is_left_out_with_a_warning(tmp_path, size):
    path = write(tmp_path, RECORD, RECORD, RECORD[:size])
    with pytest.warns(UserWarning, match=r"in the middle of record 3 \(byte 58\), wh"):
        assert len(list(read_binary(path))) == 2


MALFORMED = {
    "no strokes": (packed([]), "the drawing has no strokes"),
    "no points": (packed([[[1], [1]], [[], []]]), "stroke 2 has no points"),
    "flag": (packed([[[1], [1]]], flag=2), "the recognised flag is 2, expected 0 or 1"),
    "sign": (packed([[[1], [1]]], flag=-1), "the recognised flag is -1, expected 0"),
    "country": (RECORD.replace(b"FI", b"\xff\xfe"), "the country is .*two letters"),
    "points": (
        packed([[[0] * 65535] * 2] * 2),
        f"strokes 1 to 2 of 2 have 131070 points, expected at most {MOST_POINTS}",
    ),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_record_names_file_record_byte_and_remedy(tmp_path, kind):
    record, reason = MALFORMED[kind]
    path = write(tmp_path, RECORD, record, RECORD)
    reader = read_binary(path)
    next(reader)
    with pytest.raises(MalformedDrawing, match=reason) as caught:
        next(reader)
    message = str(caught.value)
    assert message.startswith(f"{path}, record 2 (byte 29): ")
    assert "nothing from there on can be read; fetch the file again" in message


@pytest.mark.parametrize("kind", MALFORMED)
def test_reading_ends_at_a_malformed_record_on_request(tmp_path, kind):
    record, reason = MALFORMED[kind]
    path = write(tmp_path, RECORD, record, RECORD)
    with pytest.warns(UserWarning, match=f"1 malformed record.*{reason}"):
        assert len(list(read_binary(path, on_malformed="skip"))) == 1


def test_hostile_counts_cost_no_memory(tmp_path):
    """65535 strokes of 65535 points are promised; the file holds none of them."""
    path = write(tmp_path, RECORD[:15] + b"\xff\xff" + b"\xff\xff")
    tracemalloc.start()
    with pytest.warns(UserWarning, match=r"in the middle of record 1 \(byte 0\)"):
        assert list(read_binary(path)) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_arguments_are_checked_before_reading(tmp_path):
    path = write(tmp_path, RECORD)
    with pytest.raises(ValueError, match="the first -2 drawings"):
        read_binary(path, first=-2)
    with pytest.raises(ValueError, match="on_malformed is 'no', expected one of"):
        read_binary(path, on_malformed="no")
    with pytest.raises(FileNotFoundError, match="no file .*dog.bin"):
        read_binary(tmp_path / "dog.bin")


# text and binary hold the same drawings


def same(first: Drawing, second: Drawing) -> bool:
    """Compare everything that both formats hold."""
    about = [
        (one.word, one.key_id, one.country, one.recognised, len(one.strokes))
        for one in (first, second)
    ]
    moments = [one.timestamp.replace(microsecond=0) for one in (first, second)]
    strokes = zip(first.strokes, second.strokes, strict=False)
    return (
        about[0] == about[1]
        and moments[0] == moments[1]
        and all(np.array_equal(one, other) for one, other in strokes)
    )


def random_strokes(rng: np.random.Generator) -> list[list[list[int]]]:
    counts = rng.integers(1, 30, size=rng.integers(1, 9))
    return [rng.integers(0, 256, (2, count)).tolist() for count in counts]


def test_random_drawings_are_the_same_in_both_formats(tmp_path):
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 2**64, 50, dtype=np.uint64).tolist()
    written = [(key, int(rng.integers(2)), random_strokes(rng)) for key in keys]
    binary = tmp_path / "cat.bin"
    binary.write_bytes(
        b"".join(packed(strokes, key, flag) for key, flag, strokes in written)
    )
    lines = [
        json.dumps(
            {
                "word": "cat",
                "countrycode": "FI",
                "timestamp": "2017-03-08 21:12:07.5 UTC",
                "recognized": bool(flag),
                "key_id": str(key),
                "drawing": strokes,
            }
        )
        for key, flag, strokes in written
    ]
    text = tmp_path / "cat.ndjson"
    text.write_text("\n".join(lines) + "\n")
    pairs = list(zip(read_ndjson(text), read_binary(binary), strict=True))
    assert all(same(*pair) for pair in pairs)
    for (drawing, _), (key, flag, strokes) in zip(pairs, written, strict=True):
        assert (drawing.key_id, drawing.recognised) == (key, bool(flag))
        assert [one.T.tolist() for one in drawing.strokes] == strokes
    assert not same(*pairs[0][:1], pairs[1][1])


@pytest.mark.parametrize("word", ["airplane", "bicycle", "cat"])
def test_official_layouts_agree(shared, word):
    folder = shared / "data/raw/quickdraw"
    text = read_ndjson(folder / f"simplified/{word}.ndjson")
    binary = read_binary(folder / f"binary_derived/full_binary_{word}.bin")
    pairs = list(zip(text, binary, strict=True))
    assert len(pairs) == 25 and all(same(*pair) for pair in pairs)


# bitmaps


def write_bitmaps(folder: Path, rows: np.ndarray) -> Path:
    path = folder / "cat.npy"
    np.save(path, rows)
    return path


def test_bitmaps_become_black_on_white(tmp_path):
    rows = np.zeros((3, 784), dtype=np.uint8)
    rows[1, 28 * 5 + 9] = 255  # row 5, column 9
    rows[2] = 55
    bitmaps = QuickDrawBitmaps(write_bitmaps(tmp_path, rows))
    batch = bitmaps[torch.tensor([2, 1, 1])]
    assert batch.shape == (3, 3, 28, 28) and batch.dtype == torch.uint8
    assert (batch[0] == 200).all()
    assert batch[1, :, 5, 9].tolist() == [0, 0, 0]
    assert int(batch[1].long().sum()) == 3 * 255 * 783
    assert bitmaps[torch.tensor([], dtype=torch.int64)].shape == (0, 3, 28, 28)
    assert repr(bitmaps) == "QuickDrawBitmaps('cat.npy': 3 images, 28 px)"


def test_bitmaps_are_an_image_source(tmp_path):
    path = write_bitmaps(tmp_path, np.zeros((5, 784), dtype=np.uint8))
    images = QuickDrawBitmaps(path, first=3)
    sketches = ImageSet(images, torch.tensor([0, 0, 1]), SKETCH)
    assert sketches.subset(torch.tensor([2])).images[torch.tensor([0])].min() == 255
    assert len(QuickDrawBitmaps(path, first=9)) == 5


def test_bitmaps_stay_on_disk(tmp_path):
    path = write_bitmaps(tmp_path, np.zeros((1, 784), dtype=np.uint8))
    assert isinstance(QuickDrawBitmaps(path)._rows, np.memmap)
    path.chmod(0o444)
    with warnings.catch_warnings():  # torch warns of memory it must not write to
        warnings.simplefilter("error")
        QuickDrawBitmaps(path)[torch.tensor([0])][0, 0].add_(-1)
    assert np.load(path).max() == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            np.zeros((2, 784), np.float32),
            r"holds float32 of shape \(2, 784\), expected",
        ),
        (np.zeros((2, 28, 28), np.uint8), r"holds uint8 of shape \(2, 28, 28\)"),
        (np.zeros((2, 783), np.uint8), r"expected uint8 \(N, 784\): a file of Quick"),
        (np.array([{}, []], dtype=object), "is no whole .npy file .*fetch it again"),
    ],
)
def test_other_arrays_are_refused(tmp_path, rows, message):
    with pytest.raises(ValueError, match=message):
        QuickDrawBitmaps(write_bitmaps(tmp_path, rows))


@pytest.mark.parametrize("kept", [0, 5, 60, 1000])
def test_cut_bitmap_file(tmp_path, kept):
    path = write_bitmaps(tmp_path, np.zeros((4, 784), np.uint8))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match="cat.npy is no whole .npy file") as caught:
        QuickDrawBitmaps(path)
    assert "\n" not in str(caught.value)


def test_bitmap_arguments(tmp_path):
    bitmaps = QuickDrawBitmaps(write_bitmaps(tmp_path, np.zeros((2, 784), np.uint8)))
    for wrong in (torch.tensor([2]), torch.tensor([-1])):
        with pytest.raises(IndexError, match="but there are 2 images"):
            bitmaps[wrong]
    with pytest.raises(ValueError, match=r"indices have shape \(\) and type"):
        bitmaps[torch.tensor(1)]
    with pytest.raises(ValueError, match="cannot read the first -1 images"):
        QuickDrawBitmaps(bitmaps.path, first=-1)
    with pytest.raises(FileNotFoundError, match="no file .*dog.npy"):
        QuickDrawBitmaps(tmp_path / "dog.npy")


def test_official_bitmaps_are_what_the_renderer_draws(shared):
    """The first rows are the first drawings, drawn with a pen of 16 of 304 units."""
    folder = shared / "data/raw/quickdraw"
    for word in ("apple", "bicycle", "cat"):
        bitmaps = QuickDrawBitmaps(folder / f"numpy_bitmap/{word}.npy")
        assert len(bitmaps) == 3000
        official = bitmaps[torch.arange(25)][:, 0].numpy().astype(float)
        drawings = read_ndjson(folder / f"simplified/{word}.ndjson")
        ours = [
            render_drawing(one, 28, width=16 / 304, padding=16.5 / 304, smoothing=0)
            for one in drawings
        ]
        errors = np.abs(np.stack(ours) - official).mean(axis=(1, 2))
        assert errors.mean() < 4 and errors.max() < 10  # of 255
