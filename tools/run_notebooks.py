"""Run the notebooks in place and clean them, ready to be committed.

    python tools/run_notebooks.py              # all notebooks
    python tools/run_notebooks.py --only 02    # those whose name starts with 02

A notebook is written only if all its cells pass. Widget state, timings and whatever
else would change from run to run without meaning anything are left out.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

REPOSITORY = Path(__file__).resolve().parents[1]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT_CELL_METADATA = ("tags", "jupyter", "slideshow")


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen notebooks; return the number that failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="start of the file name, such as 02")
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "notebooks")
    parser.add_argument("--timeout", type=int, default=600, help="seconds for a cell")
    options = parser.parse_args(arguments)
    paths = sorted(options.folder.glob(f"{options.only}*.ipynb"))
    if not paths:
        parser.error(f"no notebook {options.only}*.ipynb in {options.folder}")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # results repeat bit for bit
    os.environ.setdefault("TQDM_DISABLE", "1")
    return sum(not run_in_place(path, options.timeout) for path in paths)


def run_in_place(path: Path, timeout: int) -> bool:
    """Run one notebook and write it if all its cells pass; tell whether they did."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.kernelspec = dict(KERNEL)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=True,  # sliders need it while running; clean drops it
    )
    started = time.perf_counter()
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"{path.name}: FAILED, left as it was\n{error}", file=sys.stderr)
        return False
    clean(notebook)
    unfinished = path.with_suffix(".part")
    nbformat.write(notebook, unfinished)
    os.replace(unfinished, path)
    print(f"{path.name}: all cells passed in {time.perf_counter() - started:.1f} s")
    return True


def clean(notebook: NotebookNode) -> None:
    """Drop volatile metadata and join outputs that were split by chance, in place."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {
                key: cell.metadata[key]
                for key in KEPT_CELL_METADATA
                if key in cell.metadata
            }
        )
        if cell.cell_type == "code":
            cell.outputs = join_streams(cell.outputs)
            for output in cell.outputs:
                if "metadata" in output:
                    output.metadata = {}


def join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of one printed stream; where they break is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        is_stream = output.output_type == "stream"
        if last and is_stream and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


if __name__ == "__main__":
    sys.exit(main())
