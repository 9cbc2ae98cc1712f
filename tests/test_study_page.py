"""The page that says which command wrote which result: complete, and it can be run."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from zssbir_lib.cli import study
from zssbir_lib.cli.main import build_parser
from zssbir_lib.training.tables import read_results

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = (REPOSITORY / "studies" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
LINES = [
    line for block in BLOCKS for line in block.replace("\\\n", "").strip().splitlines()
]
STUDIES = [line for line in LINES if line.startswith("zssbir study ")]
SCRIPTS = [line for line in LINES if line.startswith("python studies/")]


def out_of(line):
    """Return the file of results that a line writes, None for another."""
    words = shlex.split(line)
    out = Path(words[words.index("--out") + 1]) if "--out" in words else Path()
    return out.name if out.parent.name == "results" else None


@pytest.fixture(autouse=True)
def at_the_top(monkeypatch):
    monkeypatch.chdir(REPOSITORY)


def test_every_result_is_named_once():
    written = [out_of(line) for line in LINES if out_of(line)]
    stored = {path.stem for path in (REPOSITORY / "results").glob("*.json")}
    tables = {path.name for path in (REPOSITORY / "results").glob("*.csv")}
    assert len(set(written)) == len(written)
    old = set(re.findall(r"`(\w+)\.json`", PAGE))
    stems = {Path(name).stem for name in written}
    assert stems | old == stored and not stems & old
    assert {name for name in written if name.endswith(".csv")} == tables


def test_every_line_is_a_command_of_the_project():
    for line in LINES:
        program, place = line.split()[:2]
        assert program in ("python", "zssbir"), line
        assert place == "study" or (REPOSITORY / place).is_file(), line


@pytest.mark.parametrize("line", STUDIES, ids=out_of)
def test_a_study_has_the_rows_that_are_stored(line):
    options = build_parser().parse_args(shlex.split(line)[1:])
    runs = study.plan(study.read_options(options), options)
    content = read_results(REPOSITORY / "results" / out_of(line))
    stored = {(one["row"], one["split"]) for one in content["rows"]}
    planned = {(run.row, run.split.name) for run in runs}
    renamed = {(row, {"splits_ye21": "sketchy-21"}.get(s, s)) for row, s in stored}
    assert planned == renamed
    seeds = {len(one["seeds"]) for one in content["rows"]}
    assert {run.seed for run in runs} == set(range(max(seeds))) and len(seeds) == 1


@pytest.mark.parametrize("line", SCRIPTS)
def test_a_script_takes_the_options(line, monkeypatch):
    _, place, *words = shlex.split(line)
    script, taken = importlib.import_module(Path(place).stem), []

    def run_script(parser, run, arguments):
        taken.append(parser.parse_args(arguments))

    monkeypatch.setattr(script, "run_script", run_script)
    script.main(words)
    assert taken[0].runs.parent.name == "runs"
    used = [one for one in STUDIES if f"--runs {taken[0].runs} " in f"{one} "]
    assert len(used) == 1, "no study leaves its networks there"


def test_figures_are_drawn_into_files_that_are_there():
    drawn = re.findall(r"--figure (\S+)", "\n".join(LINES))
    assert len(drawn) == 3 and all((REPOSITORY / one).is_file() for one in drawn)


def test_a_study_without_its_lines_is_an_error(tmp_path):
    name = "table_world.json"
    (tmp_path / name).write_text((REPOSITORY / "results" / name).read_text())
    with pytest.raises(FileNotFoundError, match="no table at"):
        read_results(tmp_path / name)
