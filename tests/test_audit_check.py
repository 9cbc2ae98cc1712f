"""Whole audits: of a sound data set, of damaged copies, of real images, by command."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from test_audit_faults import double_originals, draw_data

from zssbir_lib.cli import main
from zssbir_lib.data import ZeroShotSplit, public_split
from zssbir_lib.data.audit import check_data, report_text


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def intact(tmp_path_factory) -> Path:
    """Draw all classes of Sketchy: two sketches and two photos each."""
    folder = tmp_path_factory.mktemp("drawn") / "data"
    draw_data(folder, 2, public_split("sketchy-21").split)
    return folder


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """Draw some classes of Sketchy: two sketches and two photos each."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    draw_data(folder, 2)
    return folder


def checks(report) -> set[tuple[str, str]]:
    return {(one.severity, one.check) for one in report.findings}


def test_sound_data_set(intact):
    report = check_data("folder", intact, jobs=1)
    assert checks(report) == {("note", "seen in pretraining")}
    assert report.exit_code() == 0 and report.totals() == (250, 250)
    assert report.counts["zebra"] == (2, 2)
    assert [fit.name for fit in report.fits] == [
        "sketchy-25",
        "sketchy-21",
        "sketchy-25-sempcyc",
    ]
    assert len(report.overlaps["sketchy-21"].seen) == 4


def test_same_data_checked_as_sketchy_is_too_small(intact):
    report = check_data("sketchy", intact, jobs=1)
    assert checks(report) == {
        ("warning", "image count"),
        ("note", "image count of a class"),
        ("note", "seen in pretraining"),
    }
    assert report.exit_code() == 1
    assert [fit.verdict for fit in report.fits] == [
        "off",
        "off",
        "no published counts",
    ]


def test_same_data_checked_as_another_benchmark_lacks_classes(intact):
    report = check_data("quickdraw", intact, jobs=1)
    found = {one.check: one for one in report.findings}
    here = {name.replace("_", " ") for name in report.counts}
    split = public_split("quickdraw-30").split
    wanted = {name.replace("_", " ") for name in split.seen + split.unseen}
    assert len(found["missing class"].items) == len(wanted - here)
    assert found["spelling"].items == ("'wine_bottle' is 'wine bottle' in the split",)
    assert report.fits[0].verdict == "classes missing" and not report.overlaps


def test_doubled_originals_and_extend_only(sample, tmp_path):
    shutil.copytree(sample, tmp_path / "data")
    double_originals(tmp_path / "data")
    every = check_data("folder", tmp_path / "data", jobs=1)
    assert ("warning", "doubled originals") in checks(every)
    assert every.layout == "sketchy" and every.totals() == (24, 48)
    assert not any(check == "duplicate in a class" for _, check in checks(every))
    once = check_data("folder", tmp_path / "data", photos="extend-only", jobs=1)
    assert once.totals() == (24, 24) and once.exit_code() == 0


def test_leak_in_a_split_of_your_own(intact, tmp_path):
    root = tmp_path / "data"
    for modality in ("sketch", "photo"):
        for name in ("axe", "cat", "dog"):
            shutil.copytree(intact / modality / name, root / modality / name)
    split = ZeroShotSplit("mine", ("axe", "cat"), (), ("dog",))
    assert check_data("folder", root, jobs=1, split=split).exit_code() == 0
    shutil.copy(root / "photo" / "axe" / "0.jpg", root / "photo" / "dog" / "9.jpg")
    report = check_data("folder", root, jobs=1, split=split)
    assert ("error", "leak") in checks(report)
    assert ("error", "leak") not in checks(check_data("folder", root, jobs=1))


def test_report_is_short_unless_all_is_asked_for(sample, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(sample, root)
    (root / "photo" / ".DS_Store").write_text("x")
    for number in range(8):
        (root / "photo" / "axe" / f"bad{number}.jpg").write_text(str(number))
    report = check_data("folder", root, jobs=1)
    short, full = report_text(report), report_text(report, items=None)
    assert "... and 3 more" in short and "bad7.jpg" not in short
    assert "... and" not in full and "bad7.jpg" in full
    assert "errors: 1" in short and "-> replace or delete them" in short
    assert short.index("errors: 1") < short.index("notes: 1")
    assert short.splitlines()[-1] == (
        "1 error, 0 warnings, 1 note: findings that need action (exit code 1)"
    )


# the command


def test_command(intact, tmp_path, capsys):
    file = tmp_path / "report.json"
    assert main(["data", "check", "folder", str(intact), "--json", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "layout: class folders (sketches in sketch, photos in photo)" in printed
    assert "0 errors, 0 warnings, 3 notes: nothing wrong (exit code 0)" in printed
    content = json.loads(file.read_text())
    assert content["counts"]["axe"] == {"sketches": 2, "photos": 2}
    assert content["numbers"] == {"error": 0, "warning": 0, "note": 3}
    assert content["fits"][1]["totals"]["unseen photos, each once"] == [42, 10453]
    assert str(intact) not in file.read_text()
    assert main(["data", "check", "sketchy", str(intact)]) == 1


def test_command_checks_a_list(intact, tmp_path, capsys):
    lists = tmp_path / "elsewhere"
    lists.mkdir()
    (lists / "photos.txt").write_text("photo/axe/0.jpg 7\n")
    (lists / "classes.txt").write_text("axe 0\n")
    pair = [str(lists / "photos.txt"), str(lists / "classes.txt")]
    assert main(["data", "check", "folder", str(intact), "--list", *pair]) == 1
    assert "[mislabelled list]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["folder", "nowhere"], "no folder nowhere; expected one with sketch/"),
        (["folder", "."], "has no folder 'sketch'"),
    ],
)
def test_command_that_cannot_run(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["data", "check", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_unknown_name(intact):
    with pytest.raises(
        ValueError, match="no data set 'sketcy' .did you mean 'sketchy'"
    ):
        check_data("sketcy", intact)


# real images


def test_sketchy_mini_is_sound_but_small(shared):
    report = check_data("sketchy", shared / "data" / "sketchy-mini")
    assert report.totals() == (3125, 3125)
    assert checks(report) == {
        ("warning", "image count"),
        ("note", "image count of a class"),
        ("note", "seen in pretraining"),
    }


def test_real_sketches_and_photos_are_told_apart(shared, tmp_path):
    source = shared / "data" / "sketchy-mini"
    for modality, other in (("sketch", "photo"), ("photo", "sketch")):
        for name in ("axe", "bear"):
            shutil.copytree(source / other / name, tmp_path / modality / name)
    report = check_data("folder", tmp_path, jobs=1)
    found = {one.check: one for one in report.findings}
    dark = len(found["inverted sketch"].items)
    assert 5 < dark <= 50  # of 50 photos where sketches should be
    assert Image.open(next((tmp_path / "photo" / "axe").iterdir())).mode == "L"
