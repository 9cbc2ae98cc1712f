"""Drawings of a word: the first so many whole lines of an official file."""

import json

import pytest
from fetch_server import Served, hurried, left_in, running_server

from zssbir_lib.data.fetching import DownloadError, fetch_drawings, quickdraw_words
from zssbir_lib.data.fetching.drawing_lines import count_drawings
from zssbir_lib.data.fetching.quickdraw_drawings import LINE
from zssbir_lib.data.fetching.quickdraw_words import (
    check_words,
    drawings_address,
    quickdraw_catalogue,
)


def line(number: int, word: str = "cat", points: int = 20) -> bytes:
    """Return a drawing as a line; every fourth was not recognised."""
    drawing = {
        "word": word,
        "recognized": number % 4 != 3,
        "key_id": str(number),
        "drawing": [[list(range(points)), [number % 256] * points]],
    }
    return json.dumps(drawing).encode() + b"\n"


LINES = [line(number, points=20 + 7 * (number % 9)) for number in range(400)]
CATS = b"".join(LINES)
ORIGIN = "cat.ndjson.origin.json"


@pytest.fixture
def server():
    with running_server() as running:
        running.files["/cat.ndjson"] = Served(CATS)
        yield running


def fetch(server, folder, count, word="cat", **options):
    return fetch_drawings(
        word, folder, count, patience=hurried(), address=server.url, **options
    )


@pytest.mark.parametrize("count", [1, 2, 57, 399, 400])
def test_the_first_lines_arrive_and_no_cut_one(server, tmp_path, count):
    path = fetch(server, tmp_path, count)
    assert path.read_bytes() == b"".join(LINES[:count])
    assert left_in(tmp_path) == {"cat.ndjson", ORIGIN}
    origin = json.loads((tmp_path / ORIGIN).read_text())
    assert origin == {
        "url": f"{server.url}/cat.ndjson",
        "etag": '"v1"',
        "modified": None,
        "length": len(CATS),
    }


def test_only_a_beginning_is_asked_for(server, tmp_path):
    fetch(server, tmp_path, 10)
    assert server.ranges() == [f"bytes=0-{10 * LINE - 1}"]


def test_long_drawings_are_asked_for_until_there_are_enough(server, tmp_path):
    long = [line(number, points=2000) for number in range(50)]
    server.files["/cat.ndjson"] = Served(b"".join(long))
    assert fetch(server, tmp_path, 20).read_bytes() == b"".join(long[:20])
    starts = [int(asked[6:].split("-")[0]) for asked in server.ranges()]
    assert starts == sorted(set(starts)) and 2 <= len(starts) <= 6


def test_recognised_drawings_alone_count(server, tmp_path):
    path = fetch(server, tmp_path, 30, recognised_only=True)
    # 0 1 2 (3) 4 5 6 (7) ...: ten groups of three
    assert path.read_bytes() == b"".join(LINES[:39])


def test_a_word_with_fewer_drawings_gives_all(server, tmp_path):
    assert fetch(server, tmp_path, 1000).read_bytes() == CATS
    asked = len(server.requests)
    assert fetch(server, tmp_path, 1000).read_bytes() == CATS
    assert len(server.requests) == asked


def test_a_last_line_without_a_break_is_whole_in_a_whole_file(server, tmp_path):
    server.files["/cat.ndjson"] = Served(CATS[:-1])
    assert fetch(server, tmp_path, 400).read_bytes() == CATS[:-1]


def test_enough_is_not_fetched_again_and_more_is_added(server, tmp_path):
    fetch(server, tmp_path, 100)
    fetch(server, tmp_path, 50)
    assert len(server.requests) == 1
    assert fetch(server, tmp_path, 200).read_bytes() == b"".join(LINES[:200])
    start = len(b"".join(LINES[:100]))
    assert server.ranges()[1].startswith(f"bytes={start}-")
    assert server.requests[1][1]["If-Range"] == '"v1"'
    assert left_in(tmp_path) == {"cat.ndjson", ORIGIN}


def test_more_of_a_changed_file_is_all_new(server, tmp_path):
    fetch(server, tmp_path, 100)
    others = [line(1000 + number) for number in range(400)]
    server.files["/cat.ndjson"] = Served(b"".join(others), etag='"v2"')
    assert fetch(server, tmp_path, 200).read_bytes() == b"".join(others[:200])


@pytest.mark.parametrize("kind", [{"ranges": False}, {"etag": None}])
def test_servers_that_cannot_continue(server, tmp_path, kind):
    long = [line(number, points=1000) for number in range(50)]
    server.files["/cat.ndjson"] = Served(b"".join(long), **kind)
    assert fetch(server, tmp_path, 20).read_bytes() == b"".join(long[:20])


def test_a_dropped_connection_is_continued(server, tmp_path):
    server.files["/cat.ndjson"] = Served(CATS, drops=[1000, 1000])
    assert fetch(server, tmp_path, 100).read_bytes() == b"".join(LINES[:100])
    assert len(server.requests) == 3


def test_failing_keeps_the_earlier_file(server, tmp_path):
    fetch(server, tmp_path, 100)
    server.files["/cat.ndjson"] = Served(CATS, answers=[404])
    with pytest.raises(DownloadError, match="404 Not Found"):
        fetch(server, tmp_path, 300)
    assert (tmp_path / "cat.ndjson").read_bytes() == b"".join(LINES[:100])
    assert fetch(server, tmp_path, 300).read_bytes() == b"".join(LINES[:300])


@pytest.mark.parametrize(
    "content",
    [
        b"<html>please log in to this network</html>\n" * 50,
        line(0, word="dog") * 50,
        b'{"word": "cat", "recognized": true, "drawing": []}\n' * 50,
        b'{"word": "cat", "drawing": [[[1], [2]]]}\n' * 50,
        b"[1, 2]\n" * 50,
        b"\n" * 50,
        b"\xff\xfe\n" * 50,
    ],
)
def test_what_is_no_drawing_is_not_kept(server, tmp_path, content):
    server.files["/cat.ndjson"] = Served(content)
    with pytest.raises(DownloadError, match="sends no drawings .a line is no drawing"):
        fetch(server, tmp_path, 10)
    assert left_in(tmp_path) == set()


def test_a_file_of_somebody_else_is_left_alone(server, tmp_path):
    path = tmp_path / "cat.ndjson"
    path.write_bytes(b"".join(LINES[:5]))
    assert fetch(server, tmp_path, 5) == path  # enough
    with pytest.raises(FileExistsError, match="holds only 5 drawings, not 6, and was"):
        fetch(server, tmp_path, 6)
    path.write_text("mine\n")
    with pytest.raises(FileExistsError, match="is not a file of drawings .*'mine"):
        fetch(server, tmp_path, 1)
    assert path.read_text() == "mine\n" and server.requests == []


def test_words_with_spaces_are_written_into_the_address(server, tmp_path):
    server.files["/hot%20dog.ndjson"] = Served(line(0, word="hot dog"))
    path = fetch(server, tmp_path, 1, word="hot dog")
    assert path.name == "hot dog.ndjson"
    official = drawings_address("The Eiffel Tower")
    assert official == (
        "https://storage.googleapis.com/quickdraw_dataset/full/simplified/"
        "The%20Eiffel%20Tower.ndjson"
    )


def test_unknown_words_and_counts(server, tmp_path):
    with pytest.raises(ValueError, match=r"no word 'bicicle' \(did you mean 'bicycle'"):
        fetch(server, tmp_path, 1, word="bicicle")
    with pytest.raises(ValueError, match="no word '../cat'"):
        fetch(server, tmp_path, 1, word="../cat")
    with pytest.raises(ValueError, match="count is 0, expected at least 1"):
        fetch(server, tmp_path, 0)
    assert server.requests == []


def test_the_words():
    words = quickdraw_words()
    assert len(words) == len(set(words)) == 345
    assert all("/" not in word and word.strip() == word for word in words)
    assert "CC BY 4.0" in quickdraw_catalogue()["licence"]
    check_words(words)


def test_the_words_are_the_official_ones(shared):
    official = shared / "data" / "raw" / "quickdraw" / "categories.txt"
    assert quickdraw_words() == tuple(official.read_text().splitlines())


def test_official_lines_are_counted_by_hand(shared):
    folder = shared / "data" / "raw" / "quickdraw" / "simplified"
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        for recognised_only in (False, True):
            lines = count_drawings(path, path.stem, 999, recognised_only, whole=False)
            mark = b'"recognized":true' if recognised_only else b"\n"
            assert lines == (content.count(mark), len(content))


def test_official_drawings_through_the_server(shared, server, tmp_path):
    folder = shared / "data" / "raw" / "quickdraw" / "simplified"
    content = (folder / "The Eiffel Tower.ndjson").read_bytes()
    server.files["/The%20Eiffel%20Tower.ndjson"] = Served(content)
    path = fetch(server, tmp_path, 7, word="The Eiffel Tower")
    assert path.read_bytes() == b"".join(content.splitlines(keepends=True)[:7])
