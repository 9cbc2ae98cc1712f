"""Measure how fast images come to a training, before and after `data prepare`.

    python benchmarks/loader_speed.py --data FOLDER --out results/loader_speed.json

FOLDER holds sketch/<class> and photo/<class>; 10,000 of its files, linked into a
temporary folder (again from the first where there are fewer), are the data set. Batches
of half sketches, half photos are drawn at random and arrive as uint8 tensors: from the
folder, decoded each time and nothing kept, and from the prepared store; read by the
process itself or by processes of a loader. A round times every contestant once; the
table shows the best round, for other programs only ever take time away, and beside it
the processor time of all processes together, which they disturb less. Files are in the
system's memory: the disk is not measured. "256 px, upscaled" stands for the
originals of Sketchy: the same images enlarged to 256 pixels, sketches as PNG, photos as
JPEG of quality 90. With --device cuda, the forward and backward pass that the loader
must feed is timed too: ResNet-50 in bfloat16 on one batch that stays on the GPU.
"""

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

import torch
from loader_contestants import Speed, bare_step, cpu_seconds, nothing_kept, speed_of
from PIL import Image
from tqdm import tqdm

from zssbir_lib.data import load_data
from zssbir_lib.files import write_json
from zssbir_lib.training import provenance

FILES = 10_000
ENLARGED = 256  # pixels, the side of Sketchy's originals
ORIGINALS = ("as they are", f"{ENLARGED} px, upscaled")
PROCESSES = (0, 1, 2)


def link_files(source: Path, target: Path, total: int) -> None:
    """Link some files of every class, as many sketches as photos, `total` in all."""
    for modality in ("sketch", "photo"):
        classes = sorted(path for path in (source / modality).iterdir())
        for folder in classes:
            files = itertools.cycle(sorted(folder.iterdir()))
            (target / modality / folder.name).mkdir(parents=True)
            for number in range(total // 2 // len(classes)):
                file = next(files)
                place = target / modality / folder.name / f"{number:04}{file.suffix}"
                link_or_copy(file, place)


def link_or_copy(file: Path, place: Path) -> None:
    """Link a file, or copy it to where no link can be made."""
    try:
        os.link(file, place)
    except OSError:
        shutil.copyfile(file, place)


def enlarge_files(source: Path, target: Path, a_class: int) -> None:
    """Write the first files of every class at 256 pixels."""
    kinds = {"sketch": (".png", "L", {}), "photo": (".jpg", "RGB", {"quality": 90})}
    folders = [path for kind in kinds for path in sorted((source / kind).iterdir())]
    for folder in tqdm(folders, "enlarging", unit="class"):
        suffix, mode, options = kinds[folder.parent.name]
        place = target / folder.parent.name / folder.name
        place.mkdir(parents=True)
        for file in sorted(folder.iterdir())[:a_class]:
            image = Image.open(file).convert(mode).resize((ENLARGED, ENLARGED))
            image.save(place / f"{file.stem}{suffix}", **options)


def time_preparing(
    folder: Path, store: Path, options: argparse.Namespace
) -> dict[str, Any]:
    """Run the command and return how long it takes, its start included."""
    words = [sys.executable, "-m", "zssbir_lib", "data", "prepare"]
    words += [str(folder), str(store), "--size", str(options.size)]
    words += ["--jobs", str(options.jobs)]
    started, cpu = time.perf_counter(), cpu_seconds()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    held = sum(file.stat().st_size for file in store.iterdir())
    return {
        "files": files,
        "processes": options.jobs,
        "seconds_per_10000": round(seconds / files * 10_000, 1),
        "cpu_seconds_per_10000": round(cpu / files * 10_000, 1),
        "store_mib": round(held / 2**20),
    }


def measure_loaders(
    folder: Path, store: Path, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Return one line a source and number of processes, best of some rounds."""
    data = {
        "folder": nothing_kept(load_data(folder, options.size)),
        "store": load_data(store, options.size),
    }
    counts = {"folder": options.batches, "store": 20 * options.batches}
    found: dict[tuple[str, int], list[Speed]] = {}
    rounds = [(s, p) for _ in range(options.rounds) for s in data for p in PROCESSES]
    for source, processes in tqdm(rounds, "loading", unit="run"):
        speed = speed_of(data[source], options.batch, counts[source], processes)
        found.setdefault((source, processes), []).append(speed)
    return [
        {
            "source": source,
            "loader_processes": processes,
            "images_per_second": round(max(s.images_per_second for s in speeds), 1),
            "cpu_ms_per_image": round(min(s.cpu_ms for s in speeds), 4),
        }
        for (source, processes), speeds in found.items()
    ]


def measure(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Return the lines of loaders and of preparing, for both kinds of originals."""
    enlarge_files(options.data, scratch / "enlarged", options.enlarged_a_class)
    loaders, preparing = [], []
    sources = (options.data, scratch / "enlarged")
    for number, (kind, source) in enumerate(zip(ORIGINALS, sources, strict=True)):
        folder, store = scratch / f"files-{number}", scratch / f"store-{number}"
        link_files(source, folder, options.files)
        row = time_preparing(folder, store, options)
        preparing.append({"originals": kind} | row)
        rows = measure_loaders(folder, store, options)
        loaders += [{"originals": kind} | row for row in rows]
    return {"loader": loaders, "prepare": preparing}


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--size", type=int, default=224, help="pixels")
    parser.add_argument("--batch", type=int, default=64, help="images in a batch")
    parser.add_argument("--batches", type=int, default=20, help="timed in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--enlarged-a-class", type=int, default=8, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, help="processes that prepare")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def print_rows(rows: dict[str, Any]) -> None:
    """Print the table."""
    for row in rows["loader"]:
        print(
            f"{row['originals']:<16} {row['source']:<7} "
            f"{row['loader_processes']} loader processes "
            f"{row['images_per_second']:>9.1f} images/s "
            f"{row['cpu_ms_per_image']:>8.3f} ms of a processor an image"
        )
    for row in rows["prepare"]:
        print(
            f"{row['originals']:<16} prepare, {row['processes']} processes: "
            f"{row['seconds_per_10000']:.1f} s per 10,000 "
            f"({row['cpu_seconds_per_10000']:.1f} s of a processor), "
            f"{row['store_mib']} MiB"
        )
    print(f"ResNet-50, forward and backward, bfloat16, images/s: {rows['gpu_step']}")


def main() -> None:
    """Measure, print the table, write it."""
    options = read_options()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        rows = measure(options, Path(scratch))
    rows["gpu_step"] = bare_step(options.device, options.batch, options.size)
    print_rows(rows)
    if options.out:
        settings = ("size", "batch", "batches", "rounds")
        content = {name: getattr(options, name) for name in settings} | rows
        content["data"] = options.data.name
        content |= provenance(options.device)
        content["command"] = (
            f"python benchmarks/loader_speed.py --data {options.data.name} --size "
            f"{options.size} --batch {options.batch} --batches {options.batches} "
            f"--rounds {options.rounds} --files {options.files} --jobs {options.jobs} "
            f"--device {options.device}"
        )
        write_json(content, options.out)


if __name__ == "__main__":
    main()
