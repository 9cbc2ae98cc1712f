"""The drawn world in its store: the same pixels as ever, drawn once, kept by key."""

import hashlib
import json
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import PIL
import pytest
import torch

from zssbir_lib import store
from zssbir_lib.data import load_split, load_world_data
from zssbir_lib.files import cache_folder
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.world import (
    PhotoOptions,
    SketchOptions,
    difficulty,
    load_world,
    render_class,
    rendering,
)
from zssbir_lib.world.rendering import Series

PIXELS = json.loads(
    (Path(__file__).parent / "goldens" / "world_pixels.json").read_text()
)
NAMES = ("mug", "cat", "tree")
SMALL = {"photos": 3, "sketches": 2, "size": 16}


def load(folder: Path, names=NAMES, **changes):
    return load_world(names, **{**SMALL, "workers": 1, **changes}, cache_folder=folder)


@pytest.fixture
def drawn(monkeypatch) -> list:
    """Record what is really drawn."""
    record = []

    def recorded(work):
        record.append((work[0], work[1].modality))
        return original(work)

    original = rendering._render
    monkeypatch.setattr(rendering, "_render", recorded)
    return record


def assert_same(first, second) -> None:
    for one, two in (
        (first.photos, second.photos),
        (first.sketches, second.sketches),
    ):
        assert list(one) == list(two)
        for name in one:
            np.testing.assert_array_equal(one[name], two[name])


# --- pixels --------------------------------------------------------------------------


def digest_of(images) -> str:
    digest = hashlib.blake2b(images.labels.numpy().tobytes(), digest_size=16)
    digest.update(images.images[torch.arange(len(images))].contiguous().numpy())
    return digest.hexdigest()


@pytest.mark.skipif(
    (np.__version__, PIL.__version__) != (PIXELS["numpy"], PIXELS["pillow"]),
    reason="pixels were written down with other versions of NumPy or Pillow",
)
@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize(
    ("split", "level"),
    [
        *(("world-a", level) for level in ("easy", "default", "hard")),
        *((split, "default") for split in ("world-b", "world-c")),
    ],
)
def test_a_seed_gives_the_pixels_it_always_gave(
    split, level, size, tmp_path, monkeypatch
):
    """The digests were written by the library as of commit 192533c."""
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path))
    groups, counts = load_split(split), (PIXELS["photos"], PIXELS["sketches"])
    names = groups.seen + groups.validation + groups.unseen
    photo, sketch = difficulty(level)
    data = load_world_data(
        names, size, *counts, photo_options=photo, sketch_options=sketch, workers=1
    )
    for kind, images in (("photos", data.photos), ("sketches", data.sketches)):
        expected = PIXELS["digests"][f"{split} {level} {size} px {kind}"]
        assert digest_of(images) == expected, kind


def test_world_holds_what_render_class_draws(tmp_path):
    world = load(tmp_path, photo_only=("cat",))
    assert list(world.photos) == list(NAMES)
    assert list(world.sketches) == ["mug", "tree"] and len(world.sketches) == 2
    for name in NAMES:
        expected = render_class(name, PHOTO, 3, 16)
        np.testing.assert_array_equal(world.photos[name], expected)
    expected = render_class("tree", SKETCH, 2, 16)
    np.testing.assert_array_equal(world.sketches["tree"], expected)
    alone = load(tmp_path / "photos", photo_only=NAMES)
    assert list(alone.sketches) == [] and len(alone.photos) == 3
    assert len(list((tmp_path / "photos").rglob("key.json"))) == 1


# --- drawn once ----------------------------------------------------------------------


def test_second_load_draws_nothing_and_a_further_class_only_itself(tmp_path, drawn):
    cold = load(tmp_path)
    assert len(drawn) == 6
    assert_same(cold, load(tmp_path))
    assert len(drawn) == 6
    more = load(tmp_path, names=("star", *NAMES))
    assert drawn[6:] == [("star", PHOTO), ("star", SKETCH)]
    assert list(more.photos) == ["star", *NAMES]
    np.testing.assert_array_equal(more.photos["cat"], cold.photos["cat"])
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {"key.json", "images.u8", store.JOURNAL}


def test_two_workers_draw_what_one_draws(tmp_path):
    assert_same(load(tmp_path / "one"), load(tmp_path / "two", workers=2))


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    original, finished = rendering._render, []

    def interrupted(work):
        if len(finished) == 4:
            raise KeyboardInterrupt
        finished.append(work[0])
        return original(work)

    monkeypatch.setattr(rendering, "_render", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path)
    finished.clear()
    world = load(tmp_path)
    assert finished == ["cat", "tree"]  # their sketches
    monkeypatch.setattr(rendering, "_render", original)
    assert_same(world, load(tmp_path / "elsewhere"))


def test_one_flipped_bit_is_announced_and_drawn_again(tmp_path, drawn):
    cold = load(tmp_path)
    path = cold.photos.file.path
    content = bytearray(path.read_bytes())
    content[cold.photos.rows["cat"].start * 3 * 16 * 16 + 77] ^= 1
    path.write_bytes(content)
    drawn.clear()
    with pytest.warns(UserWarning, match=r"images.u8 images \d+ to \d+ \(cat\)"):
        repaired = load(tmp_path)
    assert drawn == [("cat", PHOTO)]
    np.testing.assert_array_equal(repaired.photos["cat"], cold.photos["cat"])
    assert_same(repaired, load(tmp_path / "elsewhere"))


# --- key -----------------------------------------------------------------------------


def folder_of(modality=PHOTO, count=3, size=16, seed=0, options=None) -> Path:
    options = options or (PhotoOptions() if modality == PHOTO else SketchOptions())
    return Series(modality, count, size, seed, options).folder(Path("cache"))


def test_key_is_readable_and_names_everything(tmp_path):
    load(tmp_path)
    keys = [json.loads(path.read_text()) for path in tmp_path.rglob("key.json")]
    photo, sketch = sorted(keys, key=lambda key: key["modality"])
    assert photo["images_per_class"] == 3 and sketch["images_per_class"] == 2
    assert photo["options"]["clutter"] == 1.0 and photo["numpy"] == np.__version__
    assert {"generator_version", "source", "pillow", "size", "seed"} <= photo.keys()


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
        {"modality": SKETCH, "options": SketchOptions(abstraction=0.6)},
        {"modality": SKETCH, "options": SketchOptions(pose=0.6)},
        {"modality": SKETCH, "options": SketchOptions(pen=(1.2, 2.0))},
        {"modality": SKETCH, "options": SketchOptions(scale=(0.7, 0.95))},
    ],
)
def test_every_setting_changes_the_folder(changes):
    assert folder_of() == folder_of()
    usual = {folder_of(), folder_of(changes.get("modality", PHOTO))}
    assert folder_of(**changes) not in usual or changes == {"modality": SKETCH}
    assert folder_of() != folder_of(SKETCH)


def test_other_versions_and_edited_source_change_the_folder(monkeypatch):
    folders = [folder_of()]
    for module in (rendering.PIL, rendering.np):
        with monkeypatch.context() as patch:
            patch.setattr(module, "__version__", "0.0.0")
            folders.append(folder_of())
    monkeypatch.setattr(rendering, "GENERATOR_VERSION", -1)
    folders.append(folder_of())
    monkeypatch.setattr(rendering, "source_digest", lambda: "0" * 16)
    folders.append(folder_of())
    assert len(set(folders)) == 5


# --- folders and arguments -----------------------------------------------------------


def test_cache_folder_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    load_world(["mug"], photos=1, sketches=1, size=16, workers=1)
    assert len(list((tmp_path / "mine").rglob("images.u8"))) == 2
    monkeypatch.delenv("ZSSBIR_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "zssbir"


def test_an_unwritable_folder_is_named_with_its_remedy(tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing folder is no damage
        with pytest.raises(OSError, match=r"blocked.*choose another.*ZSSBIR_CACHE"):
            load(blocked)


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
    assert list(tmp_path.iterdir()) == []


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
    assert len(list(tmp_path.rglob("images.u8"))) == 2


def test_an_edited_family_has_another_key(tmp_path, monkeypatch):
    family = tmp_path / "families" / "fruit.py"
    family.parent.mkdir()
    monkeypatch.setattr(rendering, "__file__", str(tmp_path / "rendering.py"))
    digests = []
    for text in ("red = 1", "red = 2", "red = 1"):
        family.write_text(text)
        digests.append(rendering.source_digest.__wrapped__())
    assert digests[0] == digests[2] != digests[1]
