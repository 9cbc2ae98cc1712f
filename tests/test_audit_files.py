"""The audit examines single files, remembers them, and judges them."""

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_audit_findings import found

from zssbir_lib.data.audit import facts as examine
from zssbir_lib.data.audit.facts import (
    FileFacts,
    Journal,
    ListedFile,
    examine_file,
    examine_files,
)
from zssbir_lib.modality import PHOTO, SKETCH


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path_factory.mktemp("cache")))


def noise(size: int = 32) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def facts_of(path: Path) -> FileFacts:
    return examine_file(path.parent, path.name)


def test_a_sound_photo(tmp_path):
    noise().save(tmp_path / "a.jpg")
    facts = facts_of(tmp_path / "a.jpg")
    assert (facts.path, facts.kind, facts.problem) == ("a.jpg", "JPEG", "")
    assert facts.size == (tmp_path / "a.jpg").stat().st_size
    assert len(facts.digest) == 32 and not (facts.blank or facts.huge or facts.dark)


def test_digest_is_of_the_bytes(tmp_path):
    for name in ("a.png", "b.png"):
        noise().save(tmp_path / name)
    noise(31).save(tmp_path / "c.png")
    digests = [facts_of(tmp_path / name).digest for name in ("a.png", "b.png", "c.png")]
    assert digests[0] == digests[1] != digests[2]


def test_damaged_files(tmp_path):
    for ending in ("jpg", "png", "gif", "bmp"):
        noise().save(tmp_path / f"a.{ending}")
        content = (tmp_path / f"a.{ending}").read_bytes()
        (tmp_path / f"cut.{ending}").write_bytes(content[: len(content) // 2])
        assert facts_of(tmp_path / f"cut.{ending}").problem == "truncated", ending
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("this is no picture")
    assert facts_of(tmp_path / "empty.png").problem == "empty"
    text = facts_of(tmp_path / "text.jpg")
    assert text.problem == "unreadable"
    assert text.reason == "cannot identify image file 'text.jpg'"
    assert facts_of(tmp_path / "missing.jpg").problem == "closed"


def test_large_files(tmp_path, monkeypatch):
    noise(32).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 600)  # 1024 is above, not twice
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        facts = facts_of(tmp_path / "a.png")
    assert facts.huge and facts.problem == ""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    assert facts_of(tmp_path / "a.png").problem == "too large"


@pytest.mark.parametrize(
    ("ink", "paper", "dark", "blank"),
    [(0, 255, False, False), (255, 0, True, False), (255, 254, False, True)],
)
def test_looks(tmp_path, ink, paper, dark, blank):
    sketch = Image.new("L", (10, 10), paper)
    sketch.paste(ink, (0, 0, 10, 3))  # 30 of 100 pixels
    sketch.save(tmp_path / "a.png")
    facts = facts_of(tmp_path / "a.png")
    assert (facts.dark, facts.blank) == (dark, blank)


def test_transparent_paper_is_white(tmp_path):
    sketch = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    sketch.paste((0, 0, 0, 255), (0, 0, 10, 2))
    sketch.save(tmp_path / "a.png")
    assert not facts_of(tmp_path / "a.png").dark


# findings of files


def findings(*facts: FileFacts, modality: int = PHOTO) -> dict[str, tuple[str, ...]]:
    return found([ListedFile(modality, "ant", one) for one in facts])


def test_sound_files_give_no_finding():
    assert findings(FileFacts("a.jpg", 9, 0, "x", "JPEG")) == {}
    assert findings(FileFacts("a.JPEG", 9, 0, "x", "MPO")) == {}


def test_dark_photos_are_fine_dark_sketches_are_not():
    dark = FileFacts("a.png", 9, 0, "x", "PNG", dark=True)
    assert findings(dark) == {}
    assert findings(dark, modality=SKETCH) == {"inverted sketch": ("a.png",)}


@pytest.mark.parametrize(
    ("changes", "check", "item"),
    [
        ({"kind": "PNG"}, "wrong ending", "a.jpg: PNG"),
        ({"blank": True}, "blank image", "a.jpg"),
        ({"huge": True}, "huge image", "a.jpg"),
        ({"problem": "empty", "reason": "0 bytes"}, "empty file", "a.jpg: 0 bytes"),
        ({"problem": "closed", "reason": "no"}, "closed file", "a.jpg: no"),
        ({"problem": "truncated", "reason": "cut"}, "truncated file", "a.jpg: cut"),
        ({"problem": "unreadable", "reason": "?"}, "unreadable file", "a.jpg: ?"),
        ({"problem": "too large", "reason": "!"}, "too large file", "a.jpg: !"),
    ],
)
def test_findings_name_the_file(changes, check, item):
    facts = {"path": "a.jpg", "size": 9, "modified": 0, "kind": "JPEG"} | changes
    assert findings(FileFacts(**facts)) == {check: (item,)}


# many files


def many(root: Path, count: int) -> list[str]:
    for number in range(count):
        Image.new("L", (4, 4), number).save(root / f"{number}.bmp")
    (root / "7.bmp").write_bytes(b"")
    return [f"{number}.bmp" for number in range(count)]


@pytest.mark.parametrize("jobs", [1, 3, None])
def test_processes_find_the_same(tmp_path, monkeypatch, jobs):
    monkeypatch.setattr(examine, "CHUNK", 5)
    paths = many(tmp_path, 43)
    facts = examine_files(tmp_path, paths, jobs)
    assert list(facts) == paths
    assert facts == {path: examine_file(tmp_path, path) for path in paths}
    assert [path for path in paths if facts[path].problem] == ["7.bmp"]


def test_jobs_below_one(tmp_path):
    with pytest.raises(ValueError, match="jobs is 0, expected 1 process or more"):
        examine_files(tmp_path, [], jobs=0)


def count_calls(monkeypatch) -> list[str]:
    """Note every file that is really examined."""
    seen = []

    def noted(root: Path, path: str) -> FileFacts:
        seen.append(path)
        return examine_file(root, path)

    monkeypatch.setattr(examine, "examine_file", noted)
    return seen


def test_only_new_and_changed_files_are_read_again(tmp_path, monkeypatch):
    paths = many(tmp_path, 9)
    seen = count_calls(monkeypatch)
    first = examine_files(tmp_path, paths[:6], jobs=1)
    Image.new("L", (5, 4), 1).save(tmp_path / "2.bmp")
    os.utime(tmp_path / "3.bmp", ns=(1, 1))
    second = examine_files(tmp_path, paths, jobs=1)
    assert seen == paths[:6] + ["2.bmp", "3.bmp", *paths[6:]]
    assert second["0.bmp"] == first["0.bmp"] != second["2.bmp"] != first["2.bmp"]
    examine_files(tmp_path, paths, jobs=1, fresh=True)
    assert seen[-9:] == paths


def test_interrupted_audit_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(examine, "CHUNK", 2)
    paths = many(tmp_path, 9)
    seen = count_calls(monkeypatch)
    add = Journal.add

    def stop_after_four(journal, facts):
        add(journal, facts)
        if len(seen) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "add", stop_after_four)
    with pytest.raises(KeyboardInterrupt):
        examine_files(tmp_path, paths, jobs=1)
    facts = examine_files(tmp_path, paths, jobs=1)
    assert seen == paths and len(facts) == 9


def test_journal_cut_short_by_a_kill(tmp_path):
    paths = many(tmp_path, 3)
    examine_files(tmp_path, paths, jobs=1)
    journal = Journal(tmp_path)
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[:-20])
    assert list(Journal(tmp_path).remembered()) == paths[:2]
    examine_files(tmp_path, paths, jobs=1)
    assert list(Journal(tmp_path).remembered()) == paths
    assert json.loads(journal.path.read_text().splitlines()[0])["path"] == "0.bmp"


def test_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "file"))
    with pytest.raises(OSError, match="cannot write to .*file/audit.*ZSSBIR_CACHE"):
        examine_files(tmp_path, ["file"], jobs=1)
