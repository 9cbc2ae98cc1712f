"""pyproject.toml and environment.yml agree; nothing committed names a registry."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
ENVIRONMENT = (REPOSITORY / "environment.yml").read_text(encoding="utf-8")

DECLARED = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]

# written in two halves, so that this file does not name them itself
REGISTRY_HOSTS = [
    "py" + "pi.org",
    "pytho" + "nhosted",
    "anacon" + "da.org",
    "registry.np" + "mjs",
    "deb.deb" + "ian",
    "download.py" + "torch",
]


def split_requirement(line: str) -> tuple[str, str]:
    """Split `torch>=2.11` into `torch` and `>=2.11`."""
    name, bound = re.fullmatch(r"([\w.-]+?)\s*((?:[<>=!~].*)?)", line).groups()
    return name.lower(), bound


def dependency_lines() -> list[tuple[str, str]]:
    """Return (entry, comment) of every list item below `dependencies:`."""
    _, _, block = ENVIRONMENT.partition("\ndependencies:\n")
    items = re.findall(r"^ *- (\S+?)(?: +# (.+))?$", block, flags=re.MULTILINE)
    return [(entry, comment) for entry, comment in items if entry != "pip:"]


def environment_versions() -> dict[str, str]:
    return dict(split_requirement(entry) for entry, _ in dependency_lines())


def constraints() -> dict[str, str]:
    lines = PROJECT["tool"]["uv"]["constraint-dependencies"]
    return dict(split_requirement(line) for line in lines)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def test_the_parser_reads_what_it_should():
    assert split_requirement("Torch>=2.11") == ("torch", ">=2.11")
    assert split_requirement("pip") == ("pip", "")
    assert split_requirement("scikit-learn==1.9.1") == ("scikit-learn", "==1.9.1")
    assert len(dependency_lines()) == len(DECLARED) + 2  # and python and pip


@pytest.mark.parametrize("requirement", DECLARED)
def test_each_dependency_has_one_tested_version_in_both_files(requirement):
    name, bound = split_requirement(requirement)
    assert name in constraints(), f"{name}: add it under [tool.uv] in pyproject.toml"
    tested = constraints()[name]
    assert tested.startswith("=="), f"{name}: {tested} is not an exact version"
    assert environment_versions().get(name) == tested, f"{name} in environment.yml"
    kind, floor = bound[:2], bound[2:]
    assert kind in (">=", "=="), f"{name}{bound}: give a floor or an exact version"
    if kind == ">=":
        assert numbers(tested[2:]) >= numbers(floor)
    else:
        assert tested == bound


def test_environment_lists_nothing_undeclared():
    declared = {split_requirement(line)[0] for line in DECLARED}
    assert set(environment_versions()) == declared | {"python", "pip"}
    assert set(constraints()) == declared


def test_python_has_the_same_floor_in_both_files():
    floor = environment_versions()["python"].split(",")[0]
    assert floor == PROJECT["project"]["requires-python"]


def test_every_dependency_says_who_uses_it():
    silent = [entry for entry, comment in dependency_lines() if not comment]
    assert not silent, f"no comment in environment.yml: {silent}"


def test_conda_users_are_told_how_to_install_the_project():
    assert "pip install -e ." in ENVIRONMENT
    assert "conda env create --file environment.yml" in ENVIRONMENT


def committed_files() -> list[Path]:
    """List the files that git tracks or would add; skip outside a git clone."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git clone: nothing says which files are committed")
    paths = [REPOSITORY / name for name in listing.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_committed_file_names_a_registry_host():
    pattern = "|".join(map(re.escape, REGISTRY_HOSTS)).encode()
    named = [
        path.name for path in committed_files() if re.search(pattern, path.read_bytes())
    ]
    assert not named, f"a registry host stands in: {named}"


def test_no_lock_file_is_committed():
    locks = [path.name for path in committed_files() if path.name == "uv.lock"]
    assert not locks, "uv.lock names registry hosts: ignore it in .gitignore"


def test_citation_names_the_three_papers():
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    for paper in ("2102.04016", "2112.07966", "2412.00120"):
        assert f"arXiv:{paper}" in citation
    assert f"version: {PROJECT['project']['version']}" in citation
