"""The tools for notebooks, tried on small notebooks with a real kernel."""

import importlib.util
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

TOOLS = Path(__file__).resolve().parents[1] / "tools"


def load_tool(name):
    """Import a script of tools/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run_notebooks = load_tool("run_notebooks")
student_copies = load_tool("student_copies")


def write_notebook(path, *sources, **tags):
    cells = [new_code_cell(source) for source in sources]
    for name, positions in tags.items():
        for position in positions:
            cells[position].metadata.tags = [name.replace("_", "-")]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Title"), *cells]), path)
    return path


def run(folder, *arguments):
    return run_notebooks.main(["--folder", str(folder), *arguments])


def test_runs_in_place_and_cleans(tmp_path, capsys):
    path = write_notebook(
        tmp_path / "02_small.ipynb",
        "print('one', flush=True)\nprint('two', flush=True)",
        "from pathlib import Path\nPath.cwd().name",
        "1 / 0",
        raises_exception=[2],
    )
    old = nbformat.read(path, as_version=4)
    old.metadata.widgets = {"state": 1}
    old.cells[1].metadata.execution = {"iopub.execute_input": "2026"}
    nbformat.write(old, path)

    assert run(tmp_path, "--only", "02") == 0
    assert "02_small.ipynb: all cells passed in" in capsys.readouterr().out
    new = nbformat.read(path, as_version=4)
    code = new.cells[1:]
    assert [cell.execution_count for cell in code] == [1, 2, 3]
    assert [output.text for output in code[0].outputs] == ["one\ntwo\n"]
    assert code[1].outputs[0].data["text/plain"] == repr(tmp_path.name)
    assert code[2].outputs[0].ename == "ZeroDivisionError"
    assert set(new.metadata) == {"kernelspec", "language_info"}
    assert new.metadata.kernelspec.name == "python3"
    assert code[0].metadata == {}
    assert code[2].metadata == {"tags": ["raises-exception"]}
    assert [cell.id for cell in new.cells] == [cell.id for cell in old.cells]
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_slider_runs_and_leaves_no_state(tmp_path):
    slider = (
        "from ipywidgets import interact\n"
        "@interact(margin=(0.0, 1.0))\n"
        "def show(margin=0.2):\n"
        "    print(margin)"
    )
    path = write_notebook(tmp_path / "02_slider.ipynb", slider)
    assert run(tmp_path) == 0
    assert "widgets" not in nbformat.read(path, as_version=4).metadata


def test_a_failing_notebook_is_left_as_it_was(tmp_path, capsys):
    path = write_notebook(tmp_path / "00_bad.ipynb", "print('fine')", "1 / 0")
    before = path.read_bytes()
    assert run(tmp_path) == 1
    message = capsys.readouterr().err
    assert "00_bad.ipynb: FAILED, left as it was" in message
    assert "ZeroDivisionError" in message
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_an_unknown_notebook_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        run(tmp_path, "--only", "09")
    assert stop.value.code == 2
    assert "no notebook 09*.ipynb in" in capsys.readouterr().err


def test_streams_are_joined_only_with_their_own_kind():
    pieces = [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]
    outputs = [new_output("stream", name=name, text=text) for name, text in pieces]
    outputs.insert(3, new_output("display_data", data={"text/plain": "x"}))
    joined = run_notebooks.join_streams(outputs)
    assert [one.get("text") for one in joined] == ["ab", "c", None, "d"]


def test_student_copies_lack_only_the_solutions(tmp_path, capsys):
    folder, out = tmp_path / "notebooks", tmp_path / "student"
    folder.mkdir()
    path = write_notebook(
        folder / "01_x.ipynb", "stub", "answer", "next", exercise=[0], solution=[1]
    )
    before = path.read_bytes()
    assert student_copies.main(["--folder", str(folder), "--out", str(out)]) == 0
    assert capsys.readouterr().out == "01_x.ipynb: 1 solution cells left out\n"
    copy = nbformat.read(out / "01_x.ipynb", as_version=4)
    assert [cell.source for cell in copy.cells] == ["# Title", "stub", "next"]
    assert path.read_bytes() == before


def test_student_copies_never_replace_the_notebooks(tmp_path, capsys):
    write_notebook(tmp_path / "01_x.ipynb", "answer", solution=[0])
    with pytest.raises(SystemExit):
        student_copies.main(["--folder", str(tmp_path), "--out", str(tmp_path)])
    assert "choose another --out" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        student_copies.main(["--folder", str(tmp_path / "none")])
    assert "no notebooks in" in capsys.readouterr().err
