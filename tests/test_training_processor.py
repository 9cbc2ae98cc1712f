"""Settings of the processor and of memory."""

import platform
import subprocess
import sys

import pytest
import torch

from zssbir_lib.training import use_threads
from zssbir_lib.training.execution import keep_freed_memory, prepare_processor

# Free and ask again for 64 MiB: count how often the system gives a new page.
COUNT_PAGES = """
import resource, sys, torch
from zssbir_lib.training.execution import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
for _ in range(4):  # until the heap has grown
    torch.ones(2**24)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    torch.ones(2**24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def new_pages(word: str) -> int:
    command = [sys.executable, "-c", COUNT_PAGES, word]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc only")
def test_freed_memory_is_used_again():
    assert new_pages("keep") < 0.2 * new_pages("give back")


def test_elsewhere_nothing_is_told(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert keep_freed_memory() is False


def test_what_is_too_small_for_a_processor_is_zero():
    prepare_processor()
    small = torch.full((64,), 1e-30)
    assert (small * 1e-10).eq(0).all()  # 1e-40 otherwise


def test_a_processor_has_a_thread():
    with pytest.raises(ValueError, match="must be 1 or more, got 0"):
        use_threads(0)
