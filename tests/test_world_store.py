"""The drawn world on disk: caching, resuming, repairing, and its error messages."""

import json
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest

from zssbir_lib import jobs
from zssbir_lib.files import cache_folder
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.world import (
    PhotoOptions,
    SketchOptions,
    load_world,
    render_class,
    rendering,
    store,
)
from zssbir_lib.world import cache as cache_module
from zssbir_lib.world.cache import (
    cache_key,
    key_folder,
    read_shard,
    write_shard,
)
from zssbir_lib.world.rendering import draw_shards

NAMES = ("mug", "cat", "tree")
SMALL = {"photos": 3, "sketches": 2, "size": 16}


def load(folder: Path, names=NAMES, **changes):
    return load_world(names, **{**SMALL, "workers": 1, **changes}, cache_folder=folder)


def shards(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.npz"))


@pytest.fixture
def drawn(monkeypatch) -> list:
    """Record the shards that are really drawn."""
    record = []
    original = rendering.draw_shard

    def recorded(shard) -> None:
        record.append((shard.class_name, shard.modality))
        original(shard)

    monkeypatch.setattr(rendering, "draw_shard", recorded)
    return record


def assert_same(first, second) -> None:
    for one, two in (
        (first.photos, second.photos),
        (first.sketches, second.sketches),
    ):
        assert list(one) == list(two)
        for name in one:
            np.testing.assert_array_equal(one[name], two[name])


# ------------------------------------------------------------------ cold and warm


def test_world_holds_what_render_class_draws(tmp_path):
    world = load(tmp_path, photo_only=("cat",))
    assert list(world.photos) == list(NAMES)
    assert list(world.sketches) == ["mug", "tree"]
    for name in NAMES:
        assert world.photos[name].shape == (3, 3, 16, 16)
        expected = render_class(name, PHOTO, 3, 16)
        np.testing.assert_array_equal(world.photos[name], expected)
    expected = render_class("tree", SKETCH, 2, 16)
    np.testing.assert_array_equal(world.sketches["tree"], expected)


def test_second_load_draws_nothing_and_is_equal(tmp_path, drawn):
    cold = load(tmp_path)
    assert len(drawn) == 6 and len(shards(tmp_path)) == 6
    warm = load(tmp_path)
    assert len(drawn) == 6
    assert_same(cold, warm)


def test_a_further_class_draws_only_itself(tmp_path, drawn):
    load(tmp_path)
    drawn.clear()
    load(tmp_path, names=(*NAMES, "star"))
    assert drawn == [("star", PHOTO), ("star", SKETCH)]


def test_two_workers_draw_what_one_draws(tmp_path):
    assert_same(load(tmp_path / "one"), load(tmp_path / "two", workers=2))


def test_nothing_but_shards_and_keys_is_left(tmp_path):
    load(tmp_path)
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"key.json", "mug.npz", "cat.npz", "tree.npz"}


# -------------------------------------------------------------- damage and resuming


def flip_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def wrong_shape(path: Path) -> None:
    write_shard(path, np.zeros((3, 3, 8, 8), np.uint8))


def wrong_type(path: Path) -> None:
    write_shard(path, np.zeros((3, 3, 16, 16), np.float32))


def wrong_name(path: Path) -> None:
    np.savez(path, pictures=np.zeros(3))


@pytest.mark.parametrize(
    "damage", [flip_byte, truncate, empty, wrong_shape, wrong_type, wrong_name]
)
def test_a_damaged_shard_is_announced_and_drawn_again(tmp_path, drawn, damage):
    cold = load(tmp_path)
    path = next(
        p for p in shards(tmp_path) if p.name == "cat.npz" and "photo" in str(p)
    )
    damage(path)
    drawn.clear()
    with pytest.warns(UserWarning, match=r"cat\.npz is damaged .*drawing it again"):
        repaired = load(tmp_path)
    assert drawn == [("cat", PHOTO)]
    assert_same(cold, repaired)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(cold, load(tmp_path))


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    original, finished = rendering.draw_shard, []

    def interrupted(shard) -> None:
        if len(finished) == 4:
            raise KeyboardInterrupt
        original(shard)
        finished.append((shard.class_name, shard.modality))

    monkeypatch.setattr(rendering, "draw_shard", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in shards(tmp_path)}
    assert len(before) == 4
    finished.clear()
    world = load(tmp_path)
    assert len(finished) == 2
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    monkeypatch.setattr(rendering, "draw_shard", original)
    assert_same(world, load(tmp_path / "elsewhere"))


def test_an_interrupted_write_leaves_no_shard(tmp_path, monkeypatch):
    def broken(*args, **kwargs) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cache_module.np, "savez", broken)
    with pytest.raises(KeyboardInterrupt):
        write_shard(tmp_path / "mug.npz", np.zeros(3, np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_a_shard_that_cannot_be_read_back_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "draw_shards", lambda missing, workers: None)
    with pytest.raises(RuntimeError, match="was just drawn but cannot be read back"):
        load(tmp_path)


# ---------------------------------------------------------------------------- key


def test_key_is_readable_and_names_everything(tmp_path):
    load(tmp_path)
    keys = {}
    for path in tmp_path.rglob("key.json"):
        key = json.loads(path.read_text())
        keys[key["modality"]] = key
        assert key_folder(tmp_path, key) == path.parent
    assert keys["photo"]["images_per_class"] == 3
    assert keys["sketch"]["images_per_class"] == 2
    assert keys["photo"]["options"]["clutter"] == 1.0
    assert keys["photo"]["numpy"] == np.__version__
    assert {"generator_version", "source", "pillow", "size", "seed"} <= keys[
        "photo"
    ].keys()


def folder_of(modality=PHOTO, count=3, size=16, seed=0, options=None) -> Path:
    options = options or (PhotoOptions() if modality == PHOTO else SketchOptions())
    return key_folder(Path("cache"), cache_key(modality, count, size, seed, options))


@pytest.mark.parametrize(
    "changes",
    [
        {"modality": SKETCH},
        {"count": 4},
        {"size": 17},
        {"seed": 1},
        {"options": PhotoOptions(clutter=0.9)},
        {"options": PhotoOptions(occlusion=0.2)},
        {"options": PhotoOptions(realism=0.9)},
        {"options": PhotoOptions(pose=0.9)},
        {"options": PhotoOptions(scale=(0.6, 0.9))},
    ],
)
def test_every_setting_changes_the_photo_folder(changes):
    assert folder_of() == folder_of()
    assert folder_of(**changes) != folder_of()


@pytest.mark.parametrize(
    "options",
    [
        SketchOptions(abstraction=0.6),
        SketchOptions(pose=0.6),
        SketchOptions(pen=(1.2, 2.0)),
        SketchOptions(scale=(0.7, 0.95)),
    ],
)
def test_every_setting_changes_the_sketch_folder(options):
    assert folder_of(SKETCH, options=options) != folder_of(SKETCH)


@pytest.mark.parametrize("module", ["PIL", "np"])
def test_other_versions_of_the_libraries_change_the_folder(monkeypatch, module):
    before = folder_of()
    monkeypatch.setattr(getattr(cache_module, module), "__version__", "0.0.0")
    assert folder_of() != before


def test_generator_version_and_edited_source_change_the_folder(monkeypatch):
    before = folder_of()
    monkeypatch.setattr(cache_module, "GENERATOR_VERSION", -1)
    changed = folder_of()
    monkeypatch.setattr(cache_module, "source_digest", lambda: "0" * 16)
    assert len({before, changed, folder_of()}) == 3


def test_options_of_one_modality_leave_the_other_in_place(tmp_path, drawn):
    load(tmp_path)
    drawn.clear()
    load(tmp_path, sketch_options=SketchOptions(abstraction=0.9))
    assert {modality for _, modality in drawn} == {SKETCH}


# ------------------------------------------------------------------------- folders


def test_cache_folder_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    load_world(["mug"], photos=1, sketches=1, size=16, workers=1)
    assert len(shards(tmp_path / "mine")) == 2
    monkeypatch.delenv("ZSSBIR_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "zssbir"


def test_an_unwritable_folder_is_named_with_its_remedy(tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing folder is no damage
        with pytest.raises(OSError, match=r"blocked.*choose another.*ZSSBIR_CACHE"):
            load(blocked)


def test_missing_shard_is_no_damage(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_shard(tmp_path / "nothing.npz", (1,)) is None


# ------------------------------------------------------------------- bad arguments


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": ["mugg"]}, "no class 'mugg'; did you mean mug"),
        ({"names": ["mug", "cat", "mug"]}, "class 'mug' is named twice"),
        ({"names": "mug"}, "must be a list of names, not the text 'mug'"),
        ({"photo_only": ["lion"]}, "no class 'lion'"),
        ({"photos": 0}, "count is 0; expected a whole number"),
        ({"sketches": 2.5}, "count is 2.5; expected a whole number"),
        ({"size": 1000}, "size is 1000; .* from 16 to 512"),
        ({"workers": 0}, "workers is 0; expected 1 or more"),
    ],
)
def test_bad_arguments_are_named(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        load(tmp_path, **changes)


def test_workers_are_as_many_as_the_work_deserves(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(jobs, "available_cores", lambda: 8)
    monkeypatch.setattr(
        rendering, "run_jobs", lambda *call: asked.append(call[2]) or ()
    )
    make = rendering.Shard
    few = [make("mug", PHOTO, 100, 16, 0, PhotoOptions(), tmp_path / "x.npz")]
    draw_shards(few)
    draw_shards(few * 10)
    draw_shards(few * 100)
    draw_shards(few * 2, workers=5)
    assert asked == [1, 3, 8, 2]


def test_a_script_needs_no_guard(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(
        textwrap.dedent(f"""
        from zssbir_lib.world import load_world
        load_world(["mug", "cat"], 2, 2, 16, workers=2, cache_folder={str(tmp_path)!r})
        """)
    )
    command = [sys.executable, str(script)]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    assert len(shards(tmp_path)) == 4


def test_the_world_does_not_import_torch():
    code = "import sys, zssbir_lib.world; print('torch' in sys.modules)"
    command = [sys.executable, "-c", code]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert outcome.stdout.strip() == "False", outcome.stderr
