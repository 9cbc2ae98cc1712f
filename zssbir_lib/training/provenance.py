"""Where a number comes from: versions, device, commit, command."""

import platform
import shlex
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("torch", "torchvision", "numpy", "pillow")
SCRIPTS = ("studies", "benchmarks")  # folders beside the library


def provenance(device: str = "cpu") -> dict[str, Any]:
    """Return versions, name of the device, commit and command, free of local paths."""
    on_gpu = device.startswith("cuda")
    return {
        "versions": versions(),
        "device": torch.cuda.get_device_name(device) if on_gpu else "cpu",
        "commit": commit(),
        "command": command_line(sys.argv),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide a number."""
    found = {"python": platform.python_version()}
    return found | {name: metadata.version(name) for name in PACKAGES}


@cache
def commit() -> str:
    """Return the commit of the checkout, "-dirty" after it if the library differs.

    It is read once a process, before anything is trained: what changes later is not
    what runs. Outside a checkout it is "unknown".
    """
    head = git("rev-parse", "--short=10", "HEAD")
    if head is None:
        return "unknown"
    return f"{head}-dirty" if git("status", "--porcelain", ".") else head


def git(*words: str) -> str | None:
    """Return what git prints in the library's folder, or None if it fails."""
    command = ["git", *words]
    folder = Path(__file__).resolve().parents[1]
    try:
        run = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.strip()


def command_line(arguments: list[str]) -> str:
    """Return a command to repeat the run, with folders cut to their last name."""
    script = Path(arguments[0]).resolve()
    words = [Path(word).name if "/" in word else word for word in arguments[1:]]
    if script.parent.name in SCRIPTS:
        return shlex.join(["python", f"{script.parent.name}/{script.name}", *words])
    return shlex.join(["python", "-m", "zssbir_lib", *words])
