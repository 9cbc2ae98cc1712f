"""QuickDraw's drawings, CIFAR-100, the mini benchmark, and the command `data fetch`."""

import argparse
import hashlib
import io
import json
import pickle
import tarfile

import numpy as np
import pytest
from fetch_server import Served, running_server
from PIL import Image
from test_fetch_download import left_in
from torchvision.datasets import CIFAR100

from zssbir_lib.cli import data as data_commands
from zssbir_lib.cli import main
from zssbir_lib.data import downloading, fetching, load_data, load_split
from zssbir_lib.data import mini_benchmark as mini_module
from zssbir_lib.data.fetching import (
    BY_HAND,
    DownloadError,
    fetch_cifar100,
    fetch_drawings,
    instructions,
    quickdraw_words,
    write_photos,
)
from zssbir_lib.data.mini_benchmark import (
    LABELS_OF_WORDS,
    UNSEEN_WORDS,
    build_mini_benchmark,
    mini_photo_classes,
    mini_split,
)
from zssbir_lib.data.quickdraw import folder_name

TRAIN, TEST = 3, 2  # photos of each label in the small archive


def pixels_of(label: int, number: int) -> np.ndarray:
    """Return the photo of a label: all pixels of one colour that names it."""
    return np.full((3, 32, 32), [[[label]], [[number]], [[7]]], dtype=np.uint8)


def part_of_cifar(count: int, first: int) -> bytes:
    """Return a part as CIFAR-100 stores it; the labels follow each other in turn."""
    labels = list(range(100)) * count
    rows = [pixels_of(label, first + i // 100) for i, label in enumerate(labels)]
    data = np.stack(rows).reshape(len(rows), -1)
    return pickle.dumps({"data": data, "fine_labels": labels}, protocol=2)


def names_of_cifar() -> list[str]:
    """Return 100 labels, those of the mini benchmark among them."""
    used = set(LABELS_OF_WORDS.values())
    return sorted(used | {f"other_{number:02}" for number in range(100 - len(used))})


def pack_cifar() -> tuple[bytes, dict[str, str]]:
    """Return an archive in the layout of CIFAR-100 and the md5 of each file in it."""
    files = {
        "train": part_of_cifar(TRAIN, 0),
        "test": part_of_cifar(TEST, TRAIN),
        "meta": pickle.dumps({"fine_label_names": names_of_cifar()}, protocol=2),
    }
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, body in files.items():
            info = tarfile.TarInfo(f"cifar-100-python/{name}")
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return content.getvalue(), {name: md5_of(body) for name, body in files.items()}


def md5_of(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def serve_cifar(server, monkeypatch, content: bytes, sums: dict[str, str]) -> None:
    """Let torchvision's CIFAR100 be what the server has."""
    server.files["/cifar.tar.gz"] = Served(content)
    changes = {
        "url": f"{server.url}/cifar.tar.gz",
        "tgz_md5": md5_of(content),
        "train_list": [["train", sums["train"]]],
        "test_list": [["test", sums["test"]]],
        "meta": {**CIFAR100.meta, "md5": sums["meta"]},
    }
    for name, value in changes.items():
        monkeypatch.setattr(CIFAR100, name, value)


@pytest.fixture(scope="module")
def small_cifar():
    return pack_cifar()


@pytest.fixture
def server(monkeypatch, small_cifar):
    monkeypatch.setattr(downloading, "PAUSES", (0.0, 0.0))
    with running_server() as running:
        serve_cifar(running, monkeypatch, *small_cifar)
        for word in LABELS_OF_WORDS:
            path = f"/{word.replace(' ', '%20')}.ndjson"
            running.files[path] = Served(drawings_of(word))
        yield running


def drawings_of(word: str) -> bytes:
    """Return five drawings; the second was not recognised."""
    lines = [
        {
            "word": word,
            "countrycode": "GB",
            "timestamp": "2017-03-01 20:41:36.70725 UTC",
            "recognized": number != 1,
            "key_id": str(5_000_000_000_000_000 + number),
            "drawing": [[[0, 255], [0, 50 * number]]],
        }
        for number in range(5)
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


# drawings of a word


def cat(number: int, word: str = "cat", points: int = 20) -> bytes:
    """Return a drawing as a line; every fourth was not recognised."""
    drawing = {
        "word": word,
        "recognized": number % 4 != 3,
        "key_id": str(number),
        "drawing": [[list(range(points)), [number % 256] * points]],
    }
    return json.dumps(drawing).encode() + b"\n"


LINES = [cat(number, points=20 + 7 * (number % 9)) for number in range(400)]
CATS = b"".join(LINES)


def fetch(server, folder, count, word="cat", **options):
    return fetch_drawings(word, folder, count, address=server.url, **options)


@pytest.mark.parametrize("count", [1, 2, 57, 399, 400])
def test_the_first_lines_arrive_and_no_cut_one(server, tmp_path, count):
    server.files["/cat.ndjson"] = Served(CATS)
    path = fetch(server, tmp_path, count)
    assert path.read_bytes() == b"".join(LINES[:count])
    assert left_in(tmp_path) == {"cat.ndjson"} and len(server.requests) == 1


def test_recognised_drawings_alone_count(server, tmp_path):
    server.files["/cat.ndjson"] = Served(CATS)
    path = fetch(server, tmp_path, 30, recognised_only=True)
    # 0 1 2 (3) 4 5 6 (7) ...: ten groups of three
    assert path.read_bytes() == b"".join(LINES[:39])


@pytest.mark.parametrize("end", [CATS, CATS[:-1]])
def test_a_word_with_fewer_drawings_gives_all(server, tmp_path, end):
    server.files["/cat.ndjson"] = Served(end)
    for _ in range(2):
        assert fetch(server, tmp_path, 1000).read_bytes() == end


def test_enough_is_not_fetched_again_and_more_is_added(server, tmp_path):
    server.files["/cat.ndjson"] = Served(CATS)
    fetch(server, tmp_path, 100)
    fetch(server, tmp_path, 50)
    assert len(server.requests) == 1
    assert fetch(server, tmp_path, 200).read_bytes() == b"".join(LINES[:200])


def test_a_file_that_is_not_the_beginning_is_left_alone(server, tmp_path):
    mine = b"".join(cat(1000 + number) for number in range(5))
    server.files["/cat.ndjson"] = Served(CATS)
    for content, message in (
        (mine, "are not the first of .*; remove that file or choose another folder"),
        (b"mine", "is not a file of drawings .a line is no drawing of 'cat': b'mine'"),
        (CATS[:100], "is not a file of drawings"),
    ):
        (tmp_path / "cat.ndjson").write_bytes(content)
        with pytest.raises(FileExistsError, match=message):
            fetch(server, tmp_path, 10)
        assert (tmp_path / "cat.ndjson").read_bytes() == content
        assert left_in(tmp_path) == {"cat.ndjson"}


@pytest.mark.parametrize("kind", [{}, {"chunked": True}])
def test_a_dropped_connection_is_tried_again_or_named(server, tmp_path, kind):
    server.files["/cat.ndjson"] = Served(CATS, drops=[1000, 9000], **kind)
    assert fetch(server, tmp_path, 100).read_bytes() == b"".join(LINES[:100])
    assert len(server.requests) == 3
    server.files["/cat.ndjson"] = Served(CATS, drops=[9000] * 3, **kind)
    with pytest.raises(DownloadError, match="connection .*3 times.*nothing was kept"):
        fetch(server, tmp_path, 200)
    assert (tmp_path / "cat.ndjson").read_bytes() == b"".join(LINES[:100])


@pytest.mark.parametrize(
    "content",
    [
        b"<html>please log in to this network</html>\n" * 50,
        cat(0, word="dog") * 50,
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


def test_words_with_spaces_and_unknown_ones(server, tmp_path):
    server.files["/hot%20dog.ndjson"] = Served(cat(0, word="hot dog"))
    assert fetch(server, tmp_path, 1, word="hot dog").name == "hot dog.ndjson"
    for word, count, message in (
        ("bicicle", 1, r"no word 'bicicle' \(did you mean 'bicycle'"),
        ("../cat", 1, "no word '../cat'"),
        ("cat", 0, "count is 0, expected at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            fetch(server, tmp_path, count, word=word)
    assert len(server.requests) == 1


def test_the_words_are_the_official_ones(shared):
    official = shared / "data" / "raw" / "quickdraw" / "categories.txt"
    assert quickdraw_words() == tuple(official.read_text().splitlines())
    assert len(set(quickdraw_words())) == 345


def test_official_drawings_through_the_server(shared, server, tmp_path):
    folder = shared / "data" / "raw" / "quickdraw" / "simplified"
    content = (folder / "The Eiffel Tower.ndjson").read_bytes()
    server.files["/The%20Eiffel%20Tower.ndjson"] = Served(content)
    path = fetch(server, tmp_path, 7, word="The Eiffel Tower")
    assert path.read_bytes() == b"".join(content.splitlines(keepends=True)[:7])


# CIFAR-100 and the mini benchmark


def test_cifar_is_fetched_checked_and_extracted_once(server, tmp_path):
    root = fetch_cifar100(tmp_path)
    assert left_in(root) == {f"cifar-100-python/{n}" for n in ("train", "test", "meta")}
    fetch_cifar100(tmp_path)
    assert len(server.requests) == 1


def test_cifar_with_wrong_bytes_is_not_extracted(server, tmp_path):
    server.files["/cifar.tar.gz"] = Served(b"something else")
    with pytest.raises(DownloadError, match="sent wrong bytes: checksum md5:"):
        fetch_cifar100(tmp_path)
    assert left_in(tmp_path) == set()


def test_the_official_checksum_is_the_one_that_is_used(shared, monkeypatch, tmp_path):
    tar = shared / "data/raw/cifar100_emulated/cifar-100-python.tar.gz"
    with running_server() as server:
        server.files["/a"] = Served(tar.read_bytes())
        monkeypatch.setattr(CIFAR100, "url", f"{server.url}/a")
        with pytest.raises(
            DownloadError, match="expected md5:eb9058c3a382ffc7106e4002c42a8d85"
        ):
            fetch_cifar100(tmp_path)


def test_photos_come_in_the_order_of_the_files(server, tmp_path):
    root = fetch_cifar100(tmp_path)
    names = names_of_cifar()
    classes = {"cattle": "cow", "apple": "apple"}
    assert write_photos(root, tmp_path, classes, count=4) == 8
    cow = names.index("cattle")
    found = sorted((tmp_path / "photo" / "cow").iterdir())
    assert [path.name for path in found] == [
        f"test_{cow:05d}.png",
        f"train_{cow:05d}.png",
        f"train_{100 + cow:05d}.png",
        f"train_{200 + cow:05d}.png",
    ]
    for path, number in zip(found, (3, 0, 1, 2), strict=True):
        pixels = np.asarray(Image.open(path))
        assert (pixels == pixels_of(cow, number).transpose(1, 2, 0)).all()
    assert len(list((tmp_path / "photo" / "apple").iterdir())) == 4


def test_photos_that_are_there_are_not_written_again(server, tmp_path):
    root = fetch_cifar100(tmp_path)
    classes = {"bus": "bus"}
    assert write_photos(root, tmp_path, classes, count=2) == 2
    first = next((tmp_path / "photo" / "bus").iterdir())
    first.write_text("mine")
    assert write_photos(root, tmp_path, classes, count=600) == TRAIN + TEST - 2
    assert first.read_text() == "mine"


def test_photos_that_cannot_be_had(server, tmp_path):
    root = fetch_cifar100(tmp_path)
    with pytest.raises(ValueError, match=r"CIFAR-100 lacks 1 .*'buss' \(did you mean"):
        write_photos(root, tmp_path, {"buss": "bus"}, count=2)
    for count in (0, 601):
        with pytest.raises(ValueError, match=f"count is {count}, expected 1 to 600"):
            write_photos(root, tmp_path, {"bus": "bus"}, count)
    (root / "cifar-100-python" / "test").write_bytes(b"no pickle")
    with pytest.raises(ValueError, match="is damaged or incomplete; remove that fold"):
        write_photos(root, tmp_path, {"bus": "bus"}, count=2)


def test_photos_of_the_official_layout(shared, monkeypatch, tmp_path):
    tar = shared / "data/raw/cifar100_emulated/cifar-100-python.tar.gz"
    with tarfile.open(tar) as pack:
        sums = {
            name: md5_of(pack.extractfile(f"cifar-100-python/{name}").read())
            for name in ("train", "test", "meta")
        }
    with running_server() as server:
        serve_cifar(server, monkeypatch, tar.read_bytes(), sums)
        root = fetch_cifar100(tmp_path)
    classes = {"mushroom": "mushroom", "table": "table"}
    assert write_photos(root, tmp_path, classes, count=33) == 66
    photos = sorted((tmp_path / "photo" / "mushroom").iterdir())
    assert len(photos) == 33 and Image.open(photos[0]).size == (32, 32)


def test_the_table_of_classes():
    assert set(LABELS_OF_WORDS) <= set(quickdraw_words())
    assert len(set(LABELS_OF_WORDS.values())) == len(LABELS_OF_WORDS) == 47
    assert set(UNSEEN_WORDS) <= set(LABELS_OF_WORDS)


def test_the_labels_are_those_of_cifar(shared):
    tar = shared / "data/raw/cifar100_emulated/cifar-100-python.tar.gz"
    with tarfile.open(tar) as pack:
        meta = pickle.load(pack.extractfile("cifar-100-python/meta"), encoding="latin1")
    assert set(LABELS_OF_WORDS.values()) <= set(meta["fine_label_names"])


def test_no_category_of_imagenet_names_an_unseen_class():
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    categories = [name.lower() for name in _IMAGENET_CATEGORIES]
    for word in UNSEEN_WORDS:
        found = {name for name in categories if word in name.split()}
        assert word in ("house", "palm tree") or not found, found
    houses = {name for name in categories if "house" in name.split()}
    assert houses == {"house finch"}  # a bird


def test_the_split_holds_every_class_once():
    split = mini_split()
    assert len(split["seen"]) == 40 and len(split["unseen"]) == 7
    names = sorted(split["seen"] + split["unseen"])
    assert names == sorted(folder_name(word) for word in LABELS_OF_WORDS)
    assert mini_photo_classes()["cattle"] == "cow"
    assert mini_photo_classes()["pickup_truck"] == "pickup_truck"


@pytest.fixture
def few_words(monkeypatch):
    """Keep four classes of the benchmark, two of them unseen."""
    few = {"cow": "cattle", "palm tree": "palm_tree", "bus": "bus", "pear": "pear"}
    monkeypatch.setattr(mini_module, "LABELS_OF_WORDS", few)
    monkeypatch.setattr(mini_module, "UNSEEN_WORDS", ("palm tree", "pear"))


def test_the_benchmark_is_built_read_and_split(server, tmp_path, few_words):
    folder = build_mini_benchmark(tmp_path / "mini", count=3, address=server.url)
    data = load_data(folder, image_size=32)
    assert set(data.class_names) == {"cow", "palm_tree", "bus", "pear"}
    assert len(data.sketches) == len(data.photos) == 4 * 3
    parts = load_split(folder / "split.json").apply(data)
    assert parts.seen.class_names == ("bus", "cow")
    assert parts.unseen.class_names == ("palm_tree", "pear")
    cows = parts.seen.photos.of_class(1)
    colours = parts.seen.photos.images[cows][:, :, 0, 0].tolist()
    cattle = names_of_cifar().index("cattle")
    assert colours == [[cattle, number, 7] for number in range(3)]
    sketches = sorted(path.name for path in (folder / "sketch" / "pear").glob("*.png"))
    assert sketches == [f"500000000000000{number}.png" for number in (0, 2, 3)]
    assert Image.open(folder / "sketch" / "pear" / sketches[0]).size == (64, 64)


def test_the_benchmark_says_where_it_is_from(server, tmp_path, few_words):
    folder = build_mini_benchmark(tmp_path, count=3, address=server.url)
    text = (folder / "README.txt").read_text()
    for fact in ("CC BY 4.0", "Quick, Draw!", "CIFAR-100", "Krizhevsky", "2 unseen"):
        assert fact in text
    assert "{" not in text and str(tmp_path) not in text


def test_building_again_asks_for_nothing_and_changes_nothing(
    server, tmp_path, few_words
):
    build_mini_benchmark(tmp_path, count=4, address=server.url)
    asked, files = len(server.requests), left_in(tmp_path)
    build_mini_benchmark(tmp_path, count=4, address=server.url)
    assert len(server.requests) == asked and left_in(tmp_path) == files


def test_building_goes_on_where_it_was_stopped(server, tmp_path, few_words):
    server.files["/cow.ndjson"].answers = [404]
    with pytest.raises(DownloadError, match="cow.ndjson answers 404"):
        build_mini_benchmark(tmp_path, count=3, address=server.url)
    assert (tmp_path / "sketch" / "bus").is_dir()
    asked = [path for path, _ in server.requests]
    build_mini_benchmark(tmp_path, count=3, address=server.url)
    later = [path for path, _ in server.requests][len(asked) :]
    assert "/bus.ndjson" not in later and "/cow.ndjson" in later
    assert len(load_data(tmp_path, image_size=32).class_names) == 4


@pytest.mark.parametrize("count", [0, 601])
def test_benchmarks_of_no_size(tmp_path, count):
    with pytest.raises(ValueError, match=f"count is {count}, expected 1 to 600"):
        build_mini_benchmark(tmp_path, count=count)


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    data_commands.add_parser(parser.add_subparsers())
    return parser.parse_args(["data", *words])


def command(*words: str) -> None:
    """Run `data fetch` and let its errors out."""
    options = parsed("fetch", *words)
    options.run(options)


@pytest.mark.parametrize("name", BY_HAND)
def test_what_is_fetched_by_hand(name, capsys):
    command(name)
    said = capsys.readouterr().out
    assert said.strip() == instructions(name)
    for heading in ("Where:", "How:", "Terms:", "Afterwards the folder holds:"):
        assert heading in said
    assert f"zssbir data check {BY_HAND[name]['check']}" in said
    assert "Links to these data sets die" in said
    assert max(map(len, said.splitlines())) <= 160


def test_the_command_fetches_words(server, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(fetching._catalogue(), "files", server.url)
    out = str(tmp_path / "q")
    command("quickdraw", "--words", "bus,palm tree", "--count", "2", "--out", out)
    said = capsys.readouterr().out
    assert "bus.ndjson" in said and "palm tree.ndjson" in said and "CC BY" in said
    lines = (tmp_path / "q" / "bus.ndjson").read_bytes().count(b"\n")
    assert lines == 2


def test_the_command_fetches_photos(server, tmp_path, capsys):
    command("cifar100", "--count", "1", "--out", str(tmp_path))
    assert "written: 100 photos" in capsys.readouterr().out
    assert len(list((tmp_path / "photo").iterdir())) == 100


def test_the_command_builds_the_benchmark(server, tmp_path, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(
        mini_module,
        "build_mini_benchmark",
        lambda *words, **options: asked.append((words, options)),
    )
    command("mini", "--out", str(tmp_path), "--count", "7", "--size", "96")
    command("mini")
    assert asked[0] == ((tmp_path, 7), {"size": 96})
    assert asked[1][0][0].as_posix() == "data/mini" and asked[1][0][1] == 100
    assert "zssbir fit --data data/mini" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("quickdraw",), "--words is needed for quickdraw"),
        (("quickdraw", "--words", "cta"), "QuickDraw has no word 'cta'"),
        (("mini", "--words", "cat"), "--words has no use for mini"),
        (("sketchy", "--count", "5"), "--count has no use for sketchy"),
        (("cifar100", "--size", "5"), "--size has no use for cifar100"),
        (("cifar100", "--count", "0"), "count is 0, expected 1 to 600"),
    ],
)
def test_requests_that_make_no_sense(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        command(*words)
    assert left_in(tmp_path) == set()


def test_exit_codes(server, tmp_path, capsys):
    assert main(["data", "fetch", "sketchy"]) == 0
    server.files["/cifar.tar.gz"] = Served(answers=[404])
    assert main(["data", "fetch", "cifar100", "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "error: http://127.0.0.1" in line
    assert "answers 404 Not Found: it may have moved; nothing was written" in line


def test_the_next_commands_that_are_named_exist(capsys):
    for words in ("check sketchy F --list A B", "check tuberlin F", "draw A F"):
        parsed(*words.split())
    assert {source["check"].split()[0] for source in BY_HAND.values()} == {
        "sketchy",
        "tuberlin",
        "quickdraw",
    }


def test_unknown_names():
    with pytest.raises(SystemExit):
        command("everything")
