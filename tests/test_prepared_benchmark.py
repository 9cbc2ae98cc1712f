"""The benchmark of loaders: what it reads, and that its parts run."""

import importlib
from pathlib import Path

import pytest
import torch
from PIL import Image
from prepared_folder import pixels_of, prepare, write_images

from zssbir_lib.data import read_class_folders
from zssbir_lib.data.prepared import open_store

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return importlib.import_module


@pytest.fixture
def root(tmp_path):
    return write_images(tmp_path / "mini")


def test_batches_are_half_sketches_half_photos_and_repeat(benchmark, root):
    data = read_class_folders(root, 8)
    batches = benchmark("loader_contestants").Batches(data, 6, 3)
    again = benchmark("loader_contestants").Batches(data, 6, 3)
    assert len(batches) == 3
    for number in range(3):
        batch, (sketches, photos) = batches[number], batches.indices[number]
        assert batch.shape == (6, 3, 8, 8) and batch.dtype == torch.uint8
        assert torch.equal(batch[:3], data.sketches.images[sketches])
        assert torch.equal(batch[3:], data.photos.images[photos])
        assert torch.equal(batch, again[number])


def test_nothing_is_kept_of_the_folder(benchmark, root):
    data = benchmark("loader_contestants").nothing_kept(read_class_folders(root, 8))
    before = pixels_of(data)
    assert before == pixels_of(read_class_folders(root, 8))
    Image.new("RGB", (9, 9), "red").save(root / "photo" / "ant" / "0.jpg")
    assert pixels_of(data) != before


@pytest.mark.parametrize("processes", [0, 1])
def test_a_loader_is_timed(benchmark, root, tmp_path, processes):
    prepare(root, tmp_path / "out")
    speed = benchmark("loader_contestants").speed_of(
        open_store(tmp_path / "out"), batch=4, count=3, processes=processes
    )
    assert speed.images_per_second > 0 and 0 <= speed.cpu_ms < 1e4


def test_without_a_gpu_no_number_is_made_up(benchmark):
    step = benchmark("loader_contestants").bare_step
    assert step("cpu", batch=2, size=32) == "not yet run on a GPU"


def test_files_are_linked_again_from_the_first(benchmark, root, tmp_path):
    benchmark("loader_speed").link_files(root, tmp_path / "many", total=60)
    data = read_class_folders(tmp_path / "many", 8)
    assert torch.bincount(data.sketches.labels).tolist() == [10, 10, 10]
    assert torch.bincount(data.photos.labels).tolist() == [10, 10, 10]
    sketches = data.sketches.images[torch.arange(10)]
    assert torch.equal(sketches[:5], sketches[5:])


def test_enlarged_files_have_the_side_of_sketchy(benchmark, root, tmp_path):
    benchmark("loader_speed").enlarge_files(root, tmp_path / "large", a_class=2)
    files = sorted(path for path in (tmp_path / "large").rglob("*") if path.is_file())
    assert len(files) == 2 * 3 * 2
    for path in files:
        with Image.open(path) as image:
            kind = ("JPEG", "RGB") if "photo" in path.parts else ("PNG", "L")
            assert image.size == (256, 256) and (image.format, image.mode) == kind
