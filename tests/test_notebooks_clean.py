"""The form of the notebooks: executed, quiet, portable, small and complete."""

import ast
import re
from statistics import median

import pytest
from notebooks_on_disk import (
    FOLDER,
    NOTEBOOKS,
    code_cells,
    load,
    markdown_of,
    tags_of,
    text_of,
)

REQUIRED = {"00", "01", "02", "03", "04", "05", "06", "07", "08"}
ABSOLUTE_PATH = re.compile(r"(?:^|[\s\"'`(=])(?:/[A-Za-z]\w*/|[A-Z]:\\+Users)", re.M)
CHECKS = {"check_close", "check_true", "assert_close"}
IMAGE_LINK = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<target>[^)\s]+)\)")
FORBIDDEN_PICTURES = {"image/svg+xml", "application/pdf", "image/jpeg"}
SECTIONS = [
    "You will",
    "Before you start",
    "Time",
    "What could go wrong",
    "Exercises",
    "You can now",
    "Further reading",
]

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def outputs_of(cell):
    return cell.get("outputs", [])


def shown_text(output):
    """Return the text that an output shows, printed or as a value."""
    parts = [output.get("text", []), output.get("data", {}).get("text/plain", [])]
    return "\n".join("".join(part) for part in parts)


def test_the_notebooks_of_the_course_are_there():
    missing = REQUIRED - {path.name[:2] for path in NOTEBOOKS}
    assert not missing, f"{FOLDER.name}/ lacks notebooks {sorted(missing)}"


@pytest.mark.parametrize(
    ("line", "is_absolute"),
    [
        ("saved to /home/anna/zssbir", True),
        ("Path('/tmp/x')", True),
        (r"C:\Users\anna", True),
        ("../figures/f02.png and root/sketch/cat", False),
        ("https://example.com/a/b and map@200/min", False),
        ("</details> a / b", False),
    ],
)
def test_absolute_paths_are_recognised(line, is_absolute):
    assert bool(ABSOLUTE_PATH.search(line)) is is_absolute


# --- as it was run -------------------------------------------------------------------


@every_notebook
def test_executed_from_top_to_bottom(path):
    cells = code_cells(load(path))
    counts = [cell["execution_count"] for cell in cells]
    assert cells and counts == list(range(1, len(cells) + 1)), (
        f"run tools/run_notebooks.py --only {path.name[:2]}"
    )


@every_notebook
def test_no_error_and_no_warning_is_stored(path):
    for cell in code_cells(load(path)):
        for output in outputs_of(cell):
            if "raises-exception" not in tags_of(cell):
                assert output["output_type"] != "error", text_of(cell)
            assert output.get("name") != "stderr", shown_text(output)


@every_notebook
def test_pictures_are_png(path):
    for cell in code_cells(load(path)):
        for output in outputs_of(cell):
            kinds = FORBIDDEN_PICTURES & set(output.get("data", {}))
            assert not kinds, f"{sorted(kinds)} shown by:\n{text_of(cell)}"


@every_notebook
def test_no_absolute_path(path):
    notebook = load(path)
    texts = [text_of(cell) for cell in notebook["cells"]]
    for cell in code_cells(notebook):
        texts += [shown_text(output) for output in outputs_of(cell)]
    found = [text for text in texts if ABSOLUTE_PATH.search(text)]
    assert not found, f"a path of one machine stands in:\n{found[0]}"


@every_notebook
def test_metadata_is_portable(path):
    metadata = load(path)["metadata"]
    assert "widgets" not in metadata, "widget state is stored"
    kernel = metadata.get("kernelspec", {}).get("name")
    assert kernel == "python3", f"the kernel is {kernel!r}"


# --- size and content ----------------------------------------------------------------


@every_notebook
def test_size(path):
    lengths = [len(text_of(cell).splitlines()) for cell in code_cells(load(path))]
    assert max(lengths) <= 30, f"a cell has {max(lengths)} lines"
    assert median(lengths) <= 6, f"the median cell has {median(lengths)} lines"
    kilobytes = path.stat().st_size / 1000
    assert kilobytes <= 700, f"{kilobytes:.0f} KB"


@every_notebook
@pytest.mark.parametrize("section", SECTIONS)
def test_sections(path, section):
    pattern = rf"^(?:#+ |\*\*)[^\n]*{section}"
    assert re.search(pattern, markdown_of(load(path)), re.M | re.I), (
        f"no heading (# or bold) with {section!r}"
    )


@every_notebook
def test_objectives_and_recap_have_bullets(path):
    prose = markdown_of(load(path))
    for section in ("You will", "You can now"):
        start = re.search(rf"^(?:#+ |\*\*)[^\n]*{section}[^\n]*\n", prose, re.M | re.I)
        bullets = re.match(r"\n*((?:[-*] .+\n?(?: +.+\n?)*)+)", prose[start.end() :])
        count = len(re.findall(r"^[-*] ", bullets[1], re.M)) if bullets else 0
        assert count >= 3, f"{section!r} has {count} bullets, expected at least 3"


def count_checks(source):
    """Count assert statements and calls of the checking functions in a cell."""
    lines = [line for line in source.splitlines() if not line.startswith(("%", "!"))]
    nodes = list(ast.walk(ast.parse("\n".join(lines))))
    called = [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]
    return sum(name.split(".")[-1] in CHECKS for name in called) + sum(
        isinstance(node, ast.Assert) for node in nodes
    )


def test_checks_are_counted_but_not_their_import():
    source = "%matplotlib inline\nfrom zssbir_lib.lessons import check_close\n"
    assert count_checks(source) == 0
    calls = "check_close(1, 1, 'one')\ntorch.testing.assert_close(a, b)\nassert a, 'b'"
    assert count_checks(source + calls) == 3


@every_notebook
def test_at_least_six_checks(path):
    checks = sum(count_checks(text_of(cell)) for cell in code_cells(load(path)))
    assert checks >= 6, f"{checks} checks: add check_close or check_true after steps"


@every_notebook
def test_each_exercise_is_followed_by_its_solution(path):
    kinds = [
        kind
        for cell in code_cells(load(path))
        for kind in ("exercise", "solution")
        if kind in tags_of(cell)
    ]
    assert kinds, "no cell is tagged `exercise`"
    assert kinds == ["exercise", "solution"] * (len(kinds) // 2), kinds


@every_notebook
def test_solutions_are_collapsed_and_right(path):
    for cell in code_cells(load(path)):
        shown = "\n".join(shown_text(output) for output in outputs_of(cell))
        if "solution" in tags_of(cell):
            assert cell["metadata"].get("jupyter", {}).get("source_hidden") is True
            if "check_exercise" in text_of(cell):
                assert ": correct" in shown, shown
        elif "exercise" in tags_of(cell) and "check_exercise" in text_of(cell):
            assert ": not attempted" in shown, shown


@every_notebook
def test_linked_pictures_exist_and_have_alt_text(path):
    for link in IMAGE_LINK.finditer(markdown_of(load(path))):
        assert link["alt"].strip(), f"no alt text for {link['target']}"
        assert (path.parent / link["target"]).is_file(), link["target"]
