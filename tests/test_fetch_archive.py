"""Archives: extracted whole into a new folder, or refused with nothing written."""

import io
import os
import stat
import tarfile
import zipfile

import pytest
from fetch_server import left_in

from zssbir_lib.data.fetching import archive as archive_module
from zssbir_lib.data.fetching import extract
from zssbir_lib.data.fetching.archive import name_fault

FILES = {"a/1.png": b"one", "a/b/2.png": b"two" * 1000, "3.png": b""}


def tar_of(path, members=FILES, kind=tarfile.REGTYPE, link="", mode="w:gz"):
    """Write a tar of files (or links) and return its path."""
    with tarfile.open(path, mode) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(content))
    return path


def zip_of(path, members=FILES, attributes=0, compression=zipfile.ZIP_DEFLATED):
    """Write a zip of files and return its path."""
    with zipfile.ZipFile(path, "w", compression) as pack:
        for name, content in members.items():
            info = zipfile.ZipInfo("placeholder")
            info.filename = name  # the constructor would make it harmless
            info.external_attr, info.compress_type = attributes, compression
            pack.writestr(info, content)
    return path


KINDS = {"tar": tar_of, "zip": zip_of}


@pytest.fixture(params=KINDS)
def pack(request, tmp_path):
    """Return a function that packs members into an archive of a kind."""
    return lambda members=FILES: KINDS[request.param](tmp_path / "pack", members)


def refusal(archive, tmp_path, **limits) -> str:
    """Return the message for an archive; nothing may be left, inside or outside."""
    before = left_in(tmp_path)
    with pytest.raises(ValueError) as caught:
        extract(archive, tmp_path / "here" / "out", **limits)
    assert left_in(tmp_path) == before
    assert list((tmp_path / "here").iterdir()) == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_files_arrive_whole(pack, tmp_path):
    folder = extract(pack(), tmp_path / "deep" / "out")
    assert left_in(folder) == set(FILES)
    assert all((folder / name).read_bytes() == FILES[name] for name in FILES)
    assert left_in(tmp_path / "deep") == {f"out/{name}" for name in FILES}


@pytest.mark.parametrize("mode", ["w", "w:bz2", "w:xz"])
def test_tars_of_every_compression(tmp_path, mode):
    folder = extract(tar_of(tmp_path / "pack", mode=mode), tmp_path / "out")
    assert left_in(folder) == set(FILES)


def test_empty_folders_and_read_only_files(tmp_path):
    with tarfile.open(tmp_path / "pack", "w") as tar:
        info = tarfile.TarInfo("empty")
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
        info = tarfile.TarInfo("a")
        info.mode, info.uid, info.gid = 0o400, 12345, 12345
        tar.addfile(info, io.BytesIO())
    folder = extract(tmp_path / "pack", tmp_path / "out")
    assert (folder / "empty").is_dir()
    assert (folder / "a").stat().st_uid == os.getuid()
    assert (folder / "a").stat().st_mode & stat.S_IWUSR


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "..\\evil", "a\\..\\..\\evil", ".."],
)
def test_names_that_lead_out(pack, tmp_path, name):
    message = refusal(pack({"good": b"1", name: b"2"}), tmp_path)
    assert "leads out of the folder: nothing was extracted" in message


@pytest.mark.parametrize(
    "name", ["/evil", "\\evil", "C:\\evil", "c:evil", "//host/a/b"]
)
def test_absolute_names(pack, tmp_path, name):
    message = refusal(pack({"good": b"1", name: b"2"}), tmp_path)
    assert f"{name!r}, which is an absolute path" in message


@pytest.mark.parametrize("name", ["a", "a/b.png", "a..b", "...", "a b/c", "./a", "é/ü"])
def test_harmless_names(name):
    assert name_fault(name) == ""


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
    ],
)
def test_links_and_devices_in_a_tar(tmp_path, kind):
    archive = tar_of(tmp_path / "pack", {"a": b""}, kind=kind, link="/etc/hostname")
    assert "'a', which is a link or a device" in refusal(archive, tmp_path)


def test_writing_through_a_link_to_outside(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    with tarfile.open(tmp_path / "pack", "w") as tar:
        link = tarfile.TarInfo("door")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        tar.addfile(link)
        tar.addfile(tarfile.TarInfo("door/evil"), io.BytesIO())
    refusal(tmp_path / "pack", tmp_path)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip(tmp_path, kind):
    attributes = (kind | 0o777) << 16
    archive = zip_of(tmp_path / "pack", {"a": b"/etc/hostname"}, attributes)
    assert "'a', which is a link or a device" in refusal(archive, tmp_path)


def test_a_zip_with_a_password(tmp_path):
    archive = zip_of(tmp_path / "pack", {"a": b"1"})
    content = bytearray(archive.read_bytes())
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + place] |= 1
    archive.write_bytes(content)
    assert "'a', which needs a password" in refusal(archive, tmp_path)


def test_too_many_bytes_and_files(pack, tmp_path):
    archive = pack({"a": b"0" * 600, "b": b"0" * 600})
    message = refusal(archive, tmp_path, max_bytes=1199)
    assert (
        "holds more than 1199 bytes or 2000000 files: nothing was extracted" in message
    )
    assert "or 1 files" in refusal(archive, tmp_path, max_files=1)
    folder = extract(archive, tmp_path / "out", max_bytes=1200, max_files=2)
    assert left_in(folder) == {"a", "b"}


def test_a_zip_that_announces_less_than_it_holds(tmp_path):
    archive = zip_of(tmp_path / "pack", {"a": b"0" * 100_000})
    content = archive.read_bytes()
    true, false = (100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    archive.write_bytes(content.replace(true, false))
    assert "is damaged (Bad CRC-32" in refusal(archive, tmp_path)


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_an_archive_that_is_cut_short(tmp_path, kept):
    content = {"a": os.urandom(5000), "b": os.urandom(5000)}
    for number, archive in enumerate(
        (
            tar_of(tmp_path / "gz", content),
            tar_of(tmp_path / "tar", content, mode="w"),
            zip_of(tmp_path / "zip", content),
        )
    ):
        whole = archive.read_bytes()
        archive.write_bytes(whole[: int(kept * 11_000)])
        message = refusal(archive, tmp_path)
        expected = ("is damaged", "is damaged", "or is cut short")[number]
        assert expected in message and "download it again" in message


def test_damaged_bytes(tmp_path):
    archive = zip_of(tmp_path / "pack", compression=zipfile.ZIP_STORED)
    archive.write_bytes(archive.read_bytes().replace(b"twotwo", b"twoone", 1))
    assert "is damaged (Bad CRC-32" in refusal(archive, tmp_path)


def test_no_archive_at_all(tmp_path):
    (tmp_path / "page.zip").write_text("<html>please log in</html>")
    message = refusal(tmp_path / "page.zip", tmp_path)
    assert "neither a tar nor a zip archive" in message and ".7z" in message
    with pytest.raises(FileNotFoundError, match="no archive .*nowhere; download it"):
        extract(tmp_path / "nowhere", tmp_path / "out")


def test_a_folder_that_exists_is_left_alone(pack, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError, match="out exists; remove it or choose"):
        extract(pack(), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_killed_process_left_is_removed(pack, tmp_path):
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "half").write_text("half")
    extract(pack(), tmp_path / "out")
    assert left_in(tmp_path) == {"pack", *(f"out/{name}" for name in FILES)}


def test_nothing_is_left_when_the_disk_is_full(pack, tmp_path, monkeypatch):
    def refuse(folder, *_):
        (folder / "half").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive_module, "_extract_into", refuse)
    with pytest.raises(OSError, match="cannot write .*out .No space.*free some space"):
        extract(pack(), tmp_path / "here" / "out")
    assert list((tmp_path / "here").iterdir()) == []


def test_ctrl_c_leaves_nothing(pack, tmp_path, monkeypatch):
    def stop(folder, *_):
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(archive_module, "_extract_into", stop)
    with pytest.raises(KeyboardInterrupt):
        extract(pack(), tmp_path / "here" / "out")
    assert list((tmp_path / "here").iterdir()) == []
