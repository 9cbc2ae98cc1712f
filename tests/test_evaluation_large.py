"""Large galleries: nothing makes the whole table, whatever holds the embeddings."""

import argparse
import importlib
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.functional import normalize
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from zssbir_lib.evaluation import (
    LabelledEmbeddings,
    evaluate_retrieval,
    expand_queries,
    generalised_with_seen_gallery,
    generalised_with_seen_sample,
    neighbourhood,
    pack_codes,
    per_query_metrics,
    rank_gallery,
    ranking,
    smooth_gallery,
)
from zssbir_lib.evaluation.ranking import GalleryKeys, class_columns

REPOSITORY = Path(__file__).resolve().parents[1]
QUERIES, PHOTOS, CLASSES, DIMENSIONS = 700, 1600, 12, 16
WHOLE_TABLE = QUERIES * PHOTOS * 4  # bytes
BUFFER_ELEMENTS = 2**15  # 128 KiB, so that the whole table is 34 times as large


class LiveMemory(TorchDispatchMode):
    """Adds up the bytes of tensors that are made and not yet freed, small ones not."""

    def __init__(self, given=()):
        super().__init__()
        self.given = {one.untyped_storage().data_ptr() for one in given}
        self.live, self.total, self.peak = {}, 0, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for one in tree_leaves(result):
            if isinstance(one, torch.Tensor) and one.untyped_storage().nbytes() >= 1024:
                self.add(one.untyped_storage())
        return result

    def add(self, storage):
        known = self.live.get(storage.data_ptr())
        if storage.data_ptr() in self.given or (known and not known[0].expired()):
            return
        self.live[storage.data_ptr()] = StorageWeakRef(storage), storage.nbytes()
        self.total += storage.nbytes()
        if self.total > self.peak:  # count again, without what was freed
            self.live = {k: v for k, v in self.live.items() if not v[0].expired()}
            self.total = sum(size for _, size in self.live.values())
            self.peak = max(self.peak, self.total)


def peak_bytes(function, *arguments, **options):
    given = [one for one in arguments if isinstance(one, torch.Tensor)]
    with LiveMemory(given) as memory:
        function(*arguments, **options)
    return memory.peak


def draw(queries=QUERIES, photos=PHOTOS, dimensions=DIMENSIONS, seed=0):
    """Return unit embeddings around class centres and labels, in no order."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(CLASSES, dimensions, generator=generator)
    labels = torch.randint(CLASSES, (queries + photos,), generator=generator)
    noise = torch.randn(queries + photos, dimensions, generator=generator)
    points = normalize(0.6 * centres[labels] + noise, dim=1)
    return points[:queries], points[queries:], labels[:queries], labels[queries:]


@pytest.fixture(autouse=True)
def one_thread():
    """Many small operations: a second thread would only wait for the first."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def small_buffers(monkeypatch):
    for module in (ranking, neighbourhood):
        monkeypatch.setattr(module, "BUFFER_ELEMENTS", BUFFER_ELEMENTS)


def test_the_watch_sees_a_whole_table_and_what_is_kept_of_it():
    query, gallery, *_ = draw()
    assert peak_bytes(lambda: query @ gallery.T) >= WHOLE_TABLE
    parts = query.split(50)

    def keep_slices_of_sorted_parts():
        return [(part @ gallery.T).sort().indices[:, :5] for part in parts]

    assert peak_bytes(keep_slices_of_sorted_parts) >= 2 * WHOLE_TABLE
    freed = peak_bytes(lambda: [float((part @ gallery.T).sum()) for part in parts])
    assert freed < WHOLE_TABLE / 5


WAYS = {
    "euclidean": lambda q, g, *labels: evaluate_retrieval(q, g, *labels),
    "cosine": lambda q, g, *labels: evaluate_retrieval(q, g, *labels, "cosine"),
    "hamming": lambda q, g, *labels: evaluate_retrieval(
        pack_codes(q > 0), pack_codes(g > 0), *labels, "hamming"
    ),
    "optimistic": lambda *all_four: evaluate_retrieval(*all_four, ties="optimistic"),
    "each query": lambda *all_four: per_query_metrics(*all_four),
    "rank_gallery": lambda q, g, *_: rank_gallery(q, g, k=10),
    "rank_gallery, hamming": lambda q, g, *_: rank_gallery(q > 0, g > 0, 10, "hamming"),
    "expand_queries": lambda q, g, *_: expand_queries(q, g, 10),
    "smooth_gallery": lambda q, g, *_: smooth_gallery(torch.cat([q, g]), 10),
    "seen gallery": lambda *all_four: generalised(*all_four, "gallery").evaluate(),
    "seen sample": lambda *all_four: generalised(*all_four, "sample").evaluate(),
}


def generalised(query, gallery, query_labels, gallery_labels, which):
    """Return a generalised protocol: the first half of the classes is unseen."""

    def part(points, labels, wanted):
        chosen = (labels < CLASSES // 2) == wanted
        return LabelledEmbeddings(points[chosen], labels[chosen])

    sketches, photos = (query, query_labels), (gallery, gallery_labels)
    if which == "gallery":
        return generalised_with_seen_gallery(
            part(*sketches, True), part(*photos, True), part(*photos, False)
        )
    return generalised_with_seen_sample(
        part(*sketches, True),
        part(*photos, True),
        part(*sketches, False),
        part(*photos, False),
    )


@pytest.mark.parametrize("numpy_reads", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_makes_the_whole_table(way, numpy_reads, small_buffers, monkeypatch):
    if not numpy_reads:  # what a GPU does
        monkeypatch.setattr(ranking, "numpy_can_read", lambda tensor: False)
    assert peak_bytes(WAYS[way], *draw()) < WHOLE_TABLE / 5


@pytest.mark.parametrize("way", WAYS)
def test_memory_grows_with_the_queries_only_by_their_results(way, small_buffers):
    few = peak_bytes(WAYS[way], *draw(queries=QUERIES))
    many = peak_bytes(WAYS[way], *draw(queries=3 * QUERIES))
    assert many - few < 2 * QUERIES * 700  # a row of the table has 6,400 bytes


def test_numpy_makes_no_whole_table_either(small_buffers):
    problem = draw()
    tracemalloc.start()
    evaluate_retrieval(*problem)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < WHOLE_TABLE / 5


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_the_gallery_is_used_where_it_lies(distance, small_buffers):
    query, gallery, *labels = draw(queries=60, photos=8000, dimensions=512)
    assert GalleryKeys(gallery, distance).gallery.data_ptr() == gallery.data_ptr()
    peak = peak_bytes(evaluate_retrieval, query, gallery, *labels, distance)
    assert peak < gallery.nbytes / 3


@pytest.mark.parametrize("distance", ["euclidean", "hamming"])
def test_small_buffers_give_the_same_scores(distance, monkeypatch):
    query, gallery, *labels = draw(queries=120, photos=700)
    sets = (query.mul(8).round(), gallery.mul(8).round())  # whole numbers, with ties
    sets = tuple(one > 0 for one in sets) if distance == "hamming" else sets
    expected = per_query_metrics(*sets, *labels, distance, ks=(5, 50))
    monkeypatch.setattr(ranking, "BUFFER_ELEMENTS", 1)  # one query at a time
    values = per_query_metrics(*sets, *labels, distance, ks=(5, 50))
    for name in expected:
        np.testing.assert_allclose(values[name], expected[name], atol=1e-12)


def test_ranks_in_small_parts_give_the_same_scores(monkeypatch):
    problem = draw(queries=90, photos=400)
    expected = per_query_metrics(*problem)
    monkeypatch.setattr(ranking, "RANK_ELEMENTS", 100)  # 2 or 3 queries at a time
    values = per_query_metrics(*problem)
    for name in expected:
        np.testing.assert_allclose(values[name], expected[name], atol=1e-12)


def test_a_gallery_of_one_class_needs_no_more(small_buffers, monkeypatch):
    monkeypatch.setattr(ranking, "RANK_ELEMENTS", 2**12)
    query, gallery, query_labels, gallery_labels = draw()
    labels = torch.zeros_like(query_labels), torch.zeros_like(gallery_labels)
    assert peak_bytes(evaluate_retrieval, query, gallery, *labels) < WHOLE_TABLE / 5


def test_where_classes_stand_in_a_gallery():
    columns = class_columns(torch.tensor([7, 2, 7, 2**40, 2]))
    found = {label: where.tolist() for label, where in columns.items()}
    assert found == {2: [1, 4], 7: [0, 2], 2**40: [3]}


def test_cosine_with_photos_of_very_different_lengths():
    query, gallery, *_ = draw(queries=50, photos=200)
    lengths = 10.0 ** torch.linspace(-9, 9, 200)[:, None]
    expected = normalize(query.double()) @ normalize((gallery * lengths).double()).T
    keys = GalleryKeys(gallery * lengths, "cosine").compare(query)
    torch.testing.assert_close(keys.double(), -expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_half_precision_scores_as_its_float32_copy(dtype, distance):
    query, gallery, *labels = draw(queries=80, photos=300)
    half = query.to(dtype), gallery.to(dtype)
    wide = tuple(one.float() for one in half)
    scores = evaluate_retrieval(*half, *labels, distance)
    assert scores == evaluate_retrieval(*wide, *labels, distance)
    assert torch.equal(rank_gallery(*half, 9), rank_gallery(*wide, 9))
    mixed = evaluate_retrieval(wide[0], half[1], *labels, distance)
    assert mixed == scores


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_neighbours_of_half_precision_are_averaged_in_float32(dtype):
    query, gallery, *_ = draw(queries=40, photos=200)
    half = query.to(dtype), gallery.to(dtype)
    wide = tuple(one.float() for one in half)
    for found, expected in (
        (smooth_gallery(half[1], 7), smooth_gallery(wide[1], 7)),
        (expand_queries(*half, 7), expand_queries(*wide, 7)),
        *zip(
            neighbourhood.centre_modalities(*half),
            neighbourhood.centre_modalities(*wide),
            strict=True,
        ),
    ):
        assert found.dtype == torch.float32 and torch.equal(found, expected)


def mapped(folder, name, array):
    """Write an array and return it as a memory-mapped one that cannot be written to."""
    np.save(folder / name, array)
    return np.load(folder / name, mmap_mode="r")


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_memory_mapped_embeddings_score_the_same_and_stay_as_they_are(tmp_path, dtype):
    query, gallery, *labels = draw(queries=80, photos=300)
    arrays = [one.numpy().astype(dtype) for one in (query, gallery)]
    maps = [mapped(tmp_path, f"{n}.npy", one) for n, one in enumerate(arrays)]
    before = (tmp_path / "1.npy").read_bytes()
    sets = [torch.from_numpy(one) for one in maps]
    copies = [torch.from_numpy(one) for one in arrays]
    assert evaluate_retrieval(*sets, *labels) == evaluate_retrieval(*copies, *labels)
    assert torch.equal(smooth_gallery(sets[1], 5), smooth_gallery(copies[1], 5))
    assert (tmp_path / "1.npy").read_bytes() == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_makes_no_whole_table(small_buffers):
    problem = [one.cuda() for one in draw(queries=9000)]
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    evaluate_retrieval(*problem)
    assert torch.cuda.max_memory_allocated() - before < 10 * WHOLE_TABLE / 5


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return importlib.import_module


@pytest.fixture
def tables(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / "tools"))
    return importlib.import_module("side_tables")


def test_seen_photos_follow_the_unseen_ones(benchmark, monkeypatch):
    module = benchmark("evaluation_problem")
    size = module.Size(30, 50, 3, seen_photos=40, seen_classes=5)
    monkeypatch.setitem(module.SIZES, "small", size)
    problem = module.make_problem("small", seed=0)
    assert problem.query.shape == (30, 512) and problem.gallery.shape == (90, 512)
    assert set(problem.query_labels.tolist()) == {0, 1, 2}
    assert problem.gallery_labels[:50].max() == 2
    assert set(problem.gallery_labels[50:].tolist()) == {3, 4, 5, 6, 7}
    torch.testing.assert_close(problem.gallery.norm(dim=1), torch.ones(90))
    assert torch.equal(problem.first(7).query, problem.query[:7])


def test_codes_of_the_benchmark_are_packed_as_the_library_packs(benchmark):
    module = benchmark("evaluation_problem")
    problem = module.make_problem("small", seed=0)
    codes = module.coded(problem, seed=4)
    planes = torch.randn(512, 64, generator=torch.Generator().manual_seed(4))
    assert torch.equal(codes.query, pack_codes(problem.query @ planes > 0))


def test_the_ways_of_the_benchmark_agree(benchmark):
    module = benchmark("evaluation_contestants")
    problem = benchmark("evaluation_problem").make_problem("small", 0).first(40)
    scores = {}
    for name in module.OURS:
        one = module.CONTESTANTS[name]
        scores[name] = one.run(module.problem_for(one, problem, 0))
    assert np.isnan(scores["floor"])
    assert scores["codes: ours"] == pytest.approx(scores["codes: counted"], abs=1e-9)
    assert 1 / 20 < scores["codes: ours"] < scores["ours"]


def row(benchmark, name, count, alone=None):
    """Return a row of 2,400 queries; the floor takes 1 ms a query, ours 2 ms."""
    seconds = {"floor": 1e-3, "ours": 2e-3, "torchmetrics": 9e-3}
    alone = alone or {"seconds": 7.0, "peak": 100.04}
    make = benchmark("evaluation_rows").Row.measured
    return make("tuberlin", "cpu", name, 60, seconds, 0.25, count, alone)


def test_seconds_are_measured_or_scaled(benchmark):
    whole, part = row(benchmark, "ours", 2400), row(benchmark, "torchmetrics", 60)
    assert (whole.seconds_all_queries, whole.scaled) == (7.0, False)
    assert (part.seconds_all_queries, part.scaled) == (21.6, True)
    assert (part.times_floor, part.times_ours) == (9.0, 4.5)
    assert (whole.milliseconds_a_query, whole.peak_extra_mebibytes) == (2.0, 100.0)


def test_without_a_gpu_rows_say_so(benchmark, monkeypatch):
    speed = benchmark("evaluation_speed")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    rows = speed.measure("tuberlin", "cuda", list(speed.CONTESTANTS), None)
    assert [one.name for one in rows] == ["floor", "ours", "codes: ours"]
    assert {one.note for one in rows} == {"not yet run on a GPU"}
    assert {one.milliseconds_a_query for one in rows} == {None}


def test_the_same_command_on_the_same_commit_goes_on(benchmark, monkeypatch, tmp_path):
    rows = benchmark("evaluation_rows")
    options = argparse.Namespace(out=tmp_path / "x.json", seed=0, rounds=1)
    found = {"versions": {}, "commit": "abc", "device": "cpu", "command": ""}
    monkeypatch.setattr(rows, "provenance", lambda device="cpu": dict(found))
    monkeypatch.setattr("sys.argv", ["evaluation_speed.py", "--out", "a/x.json"])
    assert rows.rows_so_far(options) == []
    done = [row(benchmark, "floor", 2400), row(benchmark, "ours", 2400)]
    content = rows.table_file(done, options)
    assert content["command"].endswith("evaluation_speed.py --out x.json")
    options.out.write_text(json.dumps(content))
    assert rows.rows_so_far(options) == done
    found["commit"] = "abd"
    assert rows.rows_so_far(options) == []
    found["commit"] = "abc-dirty"
    options.out.write_text(json.dumps(content | {"commit": "abc-dirty"}))
    assert rows.rows_so_far(options) == []


def test_a_run_alone_tells_seconds_and_memory(benchmark):
    alone = benchmark("evaluation_alone")
    found = alone.run_here("codes: counted", "small", 20, 0, "cpu")
    assert found["seconds"] > 0 and found["peak"] < 50


def test_a_process_of_its_own_that_fails_says_why(benchmark, monkeypatch):
    alone = benchmark("evaluation_alone")
    failed = subprocess.CompletedProcess([], 3, "", "Traceback\nMemoryError: no room\n")
    monkeypatch.setattr(alone.subprocess, "run", lambda *words, **options: failed)
    with pytest.raises(OSError, match="ours at size small failed with 3: MemoryError"):
        alone.run_alone("ours", "small", 20, 0, "cpu")


ADDS_64_MEBIBYTES = """
import numpy, evaluation_meters
kept = numpy.ones(2**22)  # 32 MiB that are there before
print(evaluation_meters.extra_mebibytes(lambda: numpy.ones(2**23).sum(), "cpu"))
"""


def test_extra_memory_is_what_a_call_adds():
    words = [
        sys.executable,
        "-c",
        ADDS_64_MEBIBYTES,
    ]  # this process has memory to spare
    done = subprocess.run(
        words, cwd=REPOSITORY / "benchmarks", capture_output=True, text=True
    )
    assert 63 < float(done.stdout) < 75, done.stderr


def test_the_table_of_large_galleries(benchmark, tables, monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    assert tables.large_part() == []
    rows = benchmark("evaluation_rows")
    lines = [row(benchmark, "floor", 2400), row(benchmark, "torchmetrics", 60)]
    lines.append(rows.Row.not_run("tuberlin", "cuda", "ours", rows.NOT_RUN))
    content = {"rounds": 3, "rows": [vars(one) for one in lines]}
    (tmp_path / "evaluation_large.json").write_text("")
    monkeypatch.setattr(tables, "read", lambda name: content)
    text = "\n".join(tables.large_part())
    assert "TU-Berlin: 2,400 queries, 27,989 photos:" in text
    assert "| torchmetrics | mAP | 9.000 | 21.6* | 9.00 | 100* |" in text
    assert text.endswith("Device `cuda`: not yet run on a GPU.")
