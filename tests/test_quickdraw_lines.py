"""QuickDraw's text files: what is read, and what happens to malformed lines."""

import json
import warnings
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from zssbir_lib.data.quickdraw import (
    Drawing,
    MalformedDrawing,
    read_drawings,
    read_ndjson,
)
from zssbir_lib.data.quickdraw import lines as lines_module

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
    assert drawing.strokes[0].dtype == np.float32 and drawing.times is None
    assert repr(drawing) == "Drawing('cat': 2 strokes, 4 points)"


def test_raw_line(tmp_path):
    (drawing,) = read_ndjson(write(tmp_path, RAW))
    assert drawing.strokes[0].tolist() == [[-3.5, 0], [1200, 20.25]]
    assert drawing.times[0].tolist() == [0, 17]
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
    "time of nothing": (
        LINE | {"drawing": [[[1], [0], [float("nan")]]]},
        "stroke 1 holds a time that is not finite",
    ),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_line_names_file_line_reason_and_remedy(tmp_path, kind):
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


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_line_is_skipped_on_request(tmp_path, kind):
    line, reason = MALFORMED[kind]
    path = write(tmp_path, LINE, line, LINE)
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
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 300)
    path = write(tmp_path, LINE, " " * 2000 + "{}", LINE)
    with pytest.raises(MalformedDrawing, match="line 2: is longer than 300 bytes"):
        list(read_ndjson(path))
    with pytest.warns(UserWarning, match="1 malformed record, the first is line 2"):
        assert len(list(read_ndjson(path, on_malformed="skip"))) == 2


def test_form_can_be_demanded(tmp_path):
    path = write(tmp_path, RAW)
    assert len(list(read_ndjson(path, form="raw"))) == 1
    with pytest.raises(MalformedDrawing, match="stroke 1 is no list of 2 rows"):
        list(read_ndjson(path, form="simplified"))
    with pytest.raises(MalformedDrawing, match="stroke 1 is no list of 3 rows"):
        list(read_ndjson(write(tmp_path, LINE), form="raw"))


def test_arguments_are_checked_before_reading(tmp_path):
    path = write(tmp_path, LINE)
    for options, message in (
        ({"form": "binary"}, "form is 'binary', expected one of auto, simplified, raw"),
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
        ({"times": ()}, "1 strokes but times of 0"),
        ({"times": (np.zeros(3),)}, r"2 points but times of shape \(3,\)"),
        ({"times": (np.array([0, np.inf]),)}, "stroke 1 holds a time that is not fin"),
        ({"key_id": -1}, "key_id is -1, expected 0 to 18446744073709551615"),
    ],
)
def test_drawing_says_what_is_wrong(fields, message):
    good = {"word": "line", "strokes": (points((0, 0), (1, 1)),)}
    with pytest.raises(ValueError, match=message):
        Drawing(**(good | fields))


# official files


def test_official_simplified_files(shared):
    files = sorted((shared / "data/raw/quickdraw/simplified").glob("*.ndjson"))
    assert len(files) == 20
    for path in files:
        drawings = list(read_ndjson(path, form="simplified"))
        assert len(drawings) == 25
        assert len({one.key_id for one in drawings}) == 25
        for one in drawings:
            assert one.word == path.stem and one.times is None
            every = np.concatenate(one.strokes)
            assert every.min() <= 4 and 250 <= every.max() <= 255
            assert one.timestamp.year == 2017 and len(one.country) == 2


def test_official_raw_files(shared):
    files = sorted((shared / "data/raw/quickdraw/raw").glob("*.ndjson"))
    drawings = {path.stem: list(read_ndjson(path, form="raw")) for path in files}
    counts = {word: len(found) for word, found in drawings.items()}
    assert counts == {
        **{"airplane": 23, "alarm clock": 22, "apple": 37},
        **{"banana": 36, "bicycle": 26, "cat": 25},
    }
    for word, found in drawings.items():
        assert {one.word for one in found} == {word}
        for one in found:
            moments = np.concatenate(one.times)
            assert moments[0] < 100 and (np.diff(moments) >= 0).all()


def test_a_file_cut_anywhere_gives_the_drawings_before(shared, tmp_path):
    whole = (shared / "data/raw/quickdraw/simplified/cat.ndjson").read_bytes()
    path = tmp_path / "cat.ndjson"
    lengths = [len(line) for line in whole.splitlines(keepends=True)]
    for size in (10, 800, 5000, len(whole) - 2):
        path.write_bytes(whole[:size])
        with pytest.warns(UserWarning, match="ends in the middle of line"):
            count = len(list(read_ndjson(path)))
        assert count == int(np.searchsorted(np.cumsum(lengths), size))
