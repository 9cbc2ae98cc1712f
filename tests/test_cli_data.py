"""The commands on data write their choices out; they are the library's."""

import inspect
import subprocess
import sys
from pathlib import Path

from zssbir_lib.cli import data as commands
from zssbir_lib.data.audit import AUDIT_NAMES
from zssbir_lib.data.fetching import BY_HAND, PHOTOS_OF_A_LABEL
from zssbir_lib.data.layouts import PHOTO_CHOICES
from zssbir_lib.data.quickdraw import drawings_to_folder


def test_choices_are_the_librarys():
    assert commands.PHOTO_CHOICES == PHOTO_CHOICES
    assert commands.AUDIT_NAMES == AUDIT_NAMES
    assert commands.BY_HAND == tuple(BY_HAND)
    assert commands.COUNTS["cifar100"] == PHOTOS_OF_A_LABEL


def test_defaults_are_the_librarys():
    arguments = inspect.signature(drawings_to_folder).parameters
    for name, (default, _) in commands.SHARES.items():
        assert arguments[name].default == default


def test_the_commands_are_there_at_once():
    code = (
        "import runpy, sys\n"
        f"runpy.run_path({str(Path(commands.__file__))!r})\n"
        "print(*{'torch', 'numpy', 'PIL', 'tqdm', 'joblib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "\n", done.stdout + done.stderr


def test_importing_data_starts_nothing_and_calls_no_git():
    code = (
        "import subprocess, sys, torchvision\n"  # whose own import does much
        "def refuse(*words, **options): raise AssertionError(words)\n"
        "subprocess.Popen = subprocess.run = refuse\n"
        "import zssbir_lib.data, zssbir_lib.data.audit, zssbir_lib.data.prepared\n"
        "import zssbir_lib.world\n"
        "print('joblib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
