"""QuickDraw's text and binary files: what is read, and what is malformed."""

import json
import struct
import tracemalloc
import warnings
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from zssbir_lib.data.quickdraw import (
    Drawing,
    MalformedDrawing,
    read_binary,
    read_drawings,
    read_ndjson,
    reading,
)
from zssbir_lib.data.quickdraw.drawing import MOST_POINTS

LINE = {
    "word": "cat",
    "countrycode": "VE",
    "timestamp": "2017-03-02 23:25:10.07453 UTC",
    "recognized": True,
    "key_id": "5201136883597312",
    "drawing": [[[0, 255, 7], [1, 2, 3]], [[9], [8]]],
}
RAW = LINE | {"drawing": [[[-3.5, 1200], [0, 20.25], [0, 17]]]}


def write(folder: Path, *lines: object, end: str = "\n") -> Path:
    """Write objects as JSON and texts as they are, one a line."""
    path = folder / "cat.ndjson"
    texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    path.write_text("\n".join(texts) + end, encoding="utf-8")
    return path


def test_simplified_line(tmp_path):
    (drawing,) = read_ndjson(write(tmp_path, LINE))
    assert drawing.word == "cat" and drawing.country == "VE"
    assert drawing.recognised is True and drawing.key_id == 5201136883597312
    assert drawing.timestamp == datetime(2017, 3, 2, 23, 25, 10, 74530, tzinfo=UTC)
    assert [one.tolist() for one in drawing.strokes] == [
        [[0, 1], [255, 2], [7, 3]],
        [[9, 8]],
    ]
    assert drawing.strokes[0].dtype == np.float32
    assert repr(drawing) == "Drawing('cat': 2 strokes, 4 points)"


def test_raw_line(tmp_path):
    (drawing,) = read_ndjson(write(tmp_path, RAW))
    assert drawing.strokes[0].tolist() == [[-3.5, 0], [1200, 20.25]]
    assert repr(drawing) == "Drawing('cat': 1 stroke, 2 points)"


def test_keys_beside_word_and_drawing_may_be_missing(tmp_path):
    bare = {"word": "cat", "drawing": LINE["drawing"]}
    (drawing,) = read_ndjson(write(tmp_path, bare))
    known = (drawing.recognised, drawing.key_id, drawing.country, drawing.timestamp)
    assert known == (None, None, None, None)
    with pytest.raises(ValueError, match="'cat' does not say whether it was recog"):
        list(read_ndjson(tmp_path / "cat.ndjson", recognised_only=True))


def test_first_and_recognised_only(tmp_path):
    flags = (True, False, True, True)
    rows = [
        LINE | {"key_id": str(key), "recognized": flag}
        for key, flag in enumerate(flags)
    ]
    path = write(tmp_path, *rows)

    def keys(**options) -> list[int | None]:
        return [one.key_id for one in read_ndjson(path, **options)]

    assert keys() == [0, 1, 2, 3]
    assert keys(first=2) == [0, 1] and keys(first=0) == [] and keys(first=9) == keys()
    assert keys(recognised_only=True) == [0, 2, 3]
    assert keys(first=2, recognised_only=True) == [0, 2]


def test_lines_beyond_the_first_are_not_touched(tmp_path):
    path = write(tmp_path, LINE, "no drawing")
    assert len(list(read_ndjson(path, first=1))) == 1


def test_line_breaks_and_empty_lines(tmp_path):
    text = json.dumps(LINE)
    path = tmp_path / "cat.ndjson"
    path.write_bytes(f"\ufeff{text}\r\n\r\n  \n{text}".encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(read_ndjson(path))) == 2
        path.write_bytes(b"")
        assert list(read_ndjson(path)) == []


def test_word_in_any_script(tmp_path):
    (drawing,) = read_ndjson(write(tmp_path, LINE | {"word": "猫"}))
    assert drawing.word == "猫"


# malformed lines


def stroke(*rows: list) -> dict:
    return LINE | {"drawing": [[[1], [1]], list(rows)]}


MALFORMED = {
    "not JSON": ("nonsense", "is not JSON .Expecting value at character 1"),
    "cut in the middle": (
        '{"word": "ca',
        "is not JSON .Invalid control character at ch",
    ),
    "deep": ("[" * 100_000, "is not JSON .maximum recursion depth"),
    "not an object": ([1, 2], "holds a list, expected an object"),
    "null": ("null", "holds null, expected an object"),
    "no word": ({"drawing": LINE["drawing"]}, "lacks 'word'"),
    "no drawing": ({"key_id": "1"}, "lacks 'word' and 'drawing'"),
    "word": (LINE | {"word": 3}, "'word' is a number, expected a text"),
    "flag": (LINE | {"recognized": "True"}, "'recognized' is a text, expected true"),
    "key": (LINE | {"key_id": "12x"}, "'key_id' is '12x', expected at most 20 digits"),
    "key length": (LINE | {"key_id": "1" * 21}, "expected at most 20 digits"),
    "key flag": (LINE | {"key_id": True}, "'key_id' is a truth value, expected a num"),
    "key range": (LINE | {"key_id": 2**64}, "key_id is 18446744073709551616, expected"),
    "key sign": (LINE | {"key_id": -1}, "key_id is -1, expected 0 to"),
    "country": (LINE | {"countrycode": None}, "'countrycode' is null, expected a text"),
    "time": (LINE | {"timestamp": "soon"}, "'timestamp' is 'soon', expected the like"),
    "text": (LINE | {"drawing": "[]"}, "'drawing' is a text, expected a list of str"),
    "empty": (LINE | {"drawing": []}, "the drawing has no strokes"),
    "no rows": (stroke(), "stroke 2 is no list of 2 or 3 rows"),
    "four rows": (stroke([1], [1], [1], [1]), "stroke 2 is no list of 2 or 3 rows"),
    "flat": (LINE | {"drawing": [[1, 2]]}, "stroke 1 is no list of 2 or 3 rows"),
    "empty stroke": (stroke([], []), "stroke 2 has no points"),
    "unequal": (stroke([1, 2], [1]), r"stroke 2 has rows of unequal lengths \[2, 1\]"),
    "unequal times": (stroke([1], [1], [0, 9]), r"unequal lengths \[1, 1, 2\]"),
    "mixed": (stroke([1], [1], [0]), "some strokes have times and others have none"),
    "points": (
        LINE | {"drawing": [[[1] * 50_001, [1] * 50_001]] * 2},
        "the drawing has 100002 points, expected <= 100000",
    ),
    "text point": (stroke(["1"], [2]), "stroke 2 holds something that is no number"),
    "null point": (stroke([None], [2]), "stroke 2 holds something that is no number"),
    "true point": (stroke([True], [True]), "stroke 2 holds something that is no num"),
    "deep point": (stroke([[1]], [2]), "stroke 2 holds something that is no number"),
    "giant": (stroke([10**40], [2]), "stroke 2 holds .* far too large"),
    "too large": (stroke([256], [0]), "coordinates from 0 to 256, expected 0 to 255"),
    "negative": (stroke([-1], [0]), "coordinates from -1 to 0, expected 0 to 255"),
    "NaN": (stroke([float("nan")], [0]), "coordinates from nan to nan, expected 0"),
    "raw infinity": (
        LINE | {"drawing": [[[float("inf")], [0], [0]]]},
        "from 0 to inf, expected -100000 to 100000 in the raw format",
    ),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_line_is_named_or_left_out(tmp_path, kind):
    line, reason = MALFORMED[kind]
    path = write(tmp_path, LINE, line, LINE)
    reader = read_ndjson(path)
    assert next(reader).word == "cat"
    with pytest.raises(MalformedDrawing, match=reason) as caught:
        next(reader)
    message = str(caught.value)
    assert message.startswith(f"{path}, line 2: ") and "\n" not in message
    assert "fetch the file again" in message and 'on_malformed="skip"' in message
    assert caught.value.place == "line 2" and isinstance(caught.value, ValueError)
    with pytest.warns(UserWarning, match=f"left out 1 malformed record.*{reason}"):
        assert len(list(read_ndjson(path, on_malformed="skip"))) == 2


def test_not_text_at_all(tmp_path):
    path = tmp_path / "cat.ndjson"
    path.write_bytes(b'{"word": "\xff\xfe"}\n')
    with pytest.raises(MalformedDrawing, match="line 1: is not JSON .*decode"):
        list(read_ndjson(path))


def test_one_warning_for_all(tmp_path):
    path = write(tmp_path, LINE, "a", "b", LINE, '{"word', end="")
    with pytest.warns(UserWarning) as caught:
        assert len(list(read_ndjson(path, on_malformed="skip"))) == 2
    (warning,) = caught
    text = str(warning.message)
    assert text.startswith(f"{path}: left out 2 malformed records, the first is line 2")
    assert text.endswith("the file ends in the middle of line 5, which is left out")
    assert warning.filename == __file__


def test_warning_also_comes_after_the_first_so_many(tmp_path):
    path = write(tmp_path, "a", LINE, LINE)
    with pytest.warns(UserWarning, match="left out 1 malformed record, the first"):
        assert len(list(read_ndjson(path, first=1, on_malformed="skip"))) == 1


@pytest.mark.parametrize("kept", [1, 12, 150])
def test_cut_last_line_is_left_out_with_a_warning(tmp_path, kept):
    text = json.dumps(LINE)
    assert kept < len(text)
    path = write(tmp_path, LINE, LINE, text[:kept], end="")
    with pytest.warns(UserWarning, match="ends in the middle of line 3, which is left"):
        assert len(list(read_ndjson(path))) == 2


def test_whole_last_line_needs_no_line_break(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(read_ndjson(write(tmp_path, LINE, LINE, end="")))) == 2


def test_last_line_that_is_whole_but_no_drawing_is_an_error(tmp_path):
    with pytest.raises(MalformedDrawing, match="line 2: lacks 'word'"):
        list(read_ndjson(write(tmp_path, LINE, "{}", end="")))


def test_endless_line_is_passed_over_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_LINE", 300)
    path = write(tmp_path, LINE, " " * 2000 + "{}", LINE)
    with pytest.raises(MalformedDrawing, match="line 2: is longer than 300 bytes"):
        list(read_ndjson(path))
    with pytest.warns(UserWarning, match="1 malformed record, the first is line 2"):
        assert len(list(read_ndjson(path, on_malformed="skip"))) == 2


def test_arguments_are_checked_before_reading(tmp_path):
    path = write(tmp_path, LINE)
    for options, message in (
        ({"first": -1}, "cannot read the first -1 drawings, expected 0 or more"),
        ({"on_malformed": "ignore"}, "on_malformed is 'ignore', expected one of"),
    ):
        with pytest.raises(ValueError, match=message):
            read_ndjson(path, **options)
    for place in (tmp_path / "dog.ndjson", tmp_path):
        with pytest.raises(FileNotFoundError, match=f"no file {place}; expected a fi"):
            read_ndjson(place)


def test_reader_by_ending(tmp_path):
    assert next(read_drawings(write(tmp_path, LINE))).key_id == 5201136883597312
    with pytest.raises(ValueError, match="cat.npy ends in '.npy', expected .ndjson"):
        read_drawings(tmp_path / "cat.npy")


# binary


def packed(strokes: list[list[list[int]]], key: int = 7, flag: int = 1) -> bytes:
    """Write one record field by field: no field of the layout is padded."""
    parts = [struct.pack("<Q", key), b"FI", struct.pack("<b", flag)]
    parts += [struct.pack("<I", 1489007527), struct.pack("<H", len(strokes))]
    for x, y in strokes:
        parts += [struct.pack("<H", len(x)), bytes(x), bytes(y)]
    return b"".join(parts)


BINARY = packed([[[0, 255, 7], [1, 2, 3]], [[9], [8]]])


def write_binary(folder: Path, *records: bytes) -> Path:
    path = folder / "full_binary_palm tree.bin"
    path.write_bytes(b"".join(records))
    return path


def test_a_binary_record(tmp_path):
    assert len(BINARY) == 17 + 2 + 6 + 2 + 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (drawing,) = read_binary(write_binary(tmp_path, BINARY))
    assert (drawing.word, drawing.key_id, drawing.country) == ("palm tree", 7, "FI")
    assert drawing.recognised is True
    assert drawing.timestamp == datetime(2017, 3, 8, 21, 12, 7, tzinfo=UTC)
    assert [one.tolist() for one in drawing.strokes] == [
        [[0, 1], [255, 2], [7, 3]],
        [[9, 8]],
    ]


def test_word_of_the_file_name_or_given(tmp_path):
    path = tmp_path / "cat.bin"
    path.write_bytes(BINARY)
    assert next(read_drawings(path)).word == "cat"
    assert next(read_binary(path, word="dog")).word == "dog"


def test_first_and_recognised_only_of_a_binary_file(tmp_path):
    flags = (0, 1, 1, 0, 1)
    path = write_binary(
        tmp_path, *(packed([[[1], [1]]], key, flag) for key, flag in enumerate(flags))
    )
    assert [one.key_id for one in read_binary(path, first=2)] == [0, 1]
    found = read_drawings(path, first=2, recognised_only=True)
    assert [one.key_id for one in found] == [1, 2]
    path.write_bytes(b"")
    assert list(read_binary(path)) == []


@pytest.mark.parametrize("size", range(1, len(BINARY)))
def test_cut_last_record_is_left_out_with_a_warning(tmp_path, size):
    path = write_binary(tmp_path, BINARY, BINARY, BINARY[:size])
    with pytest.warns(UserWarning, match=r"in the middle of record 3 \(byte 58\), wh"):
        assert len(list(read_binary(path))) == 2


WRONG = {
    "no strokes": (packed([]), "the drawing has no strokes"),
    "no points": (packed([[[1], [1]], [[], []]]), "stroke 2 has no points"),
    "flag": (packed([[[1], [1]]], flag=2), "the recognised flag is 2, expected 0 or 1"),
    "sign": (packed([[[1], [1]]], flag=-1), "the recognised flag is -1, expected 0"),
    "country": (BINARY.replace(b"FI", b"\xff\xfe"), "the country is .*two letters"),
    "points": (
        packed([[[0] * 65535] * 2] * 2),
        f"strokes 1 to 2 of 2 have 131070 points, expected at most {MOST_POINTS}",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_malformed_record_is_named_or_ends_the_reading(tmp_path, kind):
    record, reason = WRONG[kind]
    path = write_binary(tmp_path, BINARY, record, BINARY)
    reader = read_binary(path)
    next(reader)
    with pytest.raises(MalformedDrawing, match=reason) as caught:
        next(reader)
    message = str(caught.value)
    assert message.startswith(f"{path}, record 2 (byte 29): ")
    assert "nothing from there on can be read; fetch the file again" in message
    with pytest.warns(UserWarning, match=f"1 malformed record.*{reason}"):
        assert len(list(read_binary(path, on_malformed="skip"))) == 1


def test_hostile_counts_cost_no_memory(tmp_path):
    """65535 strokes of 65535 points are promised; the file holds none of them."""
    path = write_binary(tmp_path, BINARY[:15] + b"\xff\xff" + b"\xff\xff")
    tracemalloc.start()
    with pytest.warns(UserWarning, match=r"in the middle of record 1 \(byte 0\)"):
        assert list(read_binary(path)) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


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


# drawings made by hand


def points(*pairs: tuple[float, float]) -> np.ndarray:
    return np.array(pairs, dtype=np.float32).reshape(-1, 2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"strokes": ()}, "the drawing has no strokes, expected at least one"),
        ({"strokes": (points(),)}, "stroke 1 has no points, expected at least one"),
        (
            {"strokes": (points((1, 1)), points((1, np.nan)))},
            "stroke 2 holds a number that is not finite",
        ),
        ({"strokes": (np.zeros((2, 2)),)}, "stroke 1 is float64, expected an array of"),
        ({"strokes": ([[1, 2]],)}, "stroke 1 is list, expected an array of float32"),
        (
            {"strokes": (np.zeros((2, 3), np.float32),)},
            r"stroke 1 has shape \(2, 3\), expected \(N, 2\)",
        ),
        ({"key_id": -1}, "key_id is -1, expected 0 to 18446744073709551615"),
    ],
)
def test_drawing_says_what_is_wrong(fields, message):
    good = {"word": "line", "strokes": (points((0, 0), (1, 1)),)}
    with pytest.raises(ValueError, match=message):
        Drawing(**(good | fields))


# official files


@pytest.mark.parametrize(("form", "words"), [("simplified", 20), ("raw", 6)])
def test_official_text_files(shared, form, words):
    files = sorted((shared / "data/raw/quickdraw" / form).glob("*.ndjson"))
    assert len(files) == words
    for path in files:
        drawings = list(read_ndjson(path))
        assert len({one.key_id for one in drawings}) == len(drawings) >= 22
        for one in drawings:
            assert one.word == path.stem
            assert one.timestamp.year == 2017 and len(one.country) == 2
            every = np.concatenate(one.strokes)
            if form == "simplified":
                assert every.min() <= 4 and 250 <= every.max() <= 255


def test_a_file_cut_anywhere_gives_the_drawings_before(shared, tmp_path):
    whole = (shared / "data/raw/quickdraw/simplified/cat.ndjson").read_bytes()
    path = tmp_path / "cat.ndjson"
    lengths = [len(line) for line in whole.splitlines(keepends=True)]
    for size in (10, 800, 5000, len(whole) - 2):
        path.write_bytes(whole[:size])
        with pytest.warns(UserWarning, match="ends in the middle of line"):
            count = len(list(read_ndjson(path)))
        assert count == int(np.searchsorted(np.cumsum(lengths), size))
