"""Methods by name: the one place where a name becomes an object.

A new method is one file and one line here; a method of one's own need not be here, its
file is named instead: `find_method("path/to/file.py:Name")`.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from zssbir_lib.records import meant
from zssbir_lib.training.method import Method
from zssbir_lib.training.methods.mathm import MATHM, Classification, Combined
from zssbir_lib.training.methods.ramln import RAMLN, BidQua, BidTri
from zssbir_lib.training.methods.sbtknet import SBTKNet
from zssbir_lib.training.methods.triplet import Triplet, Untrained

METHODS: dict[str, type[Method]] = {
    "untrained": Untrained,
    "triplet": Triplet,
    "classification": Classification,
    "sbtknet": SBTKNet,
    "mathm": MATHM,
    "bid-tri": BidTri,
    "bid-qua": BidQua,
    "ramln": RAMLN,
    "combined": Combined,
}


def find_method(name: str) -> type[Method]:
    """Return the method of a name in `METHODS`, or of FILE.py:Name, which is executed.

    Raises:
        ValueError: there is no such method, or the file is no good Python.
        FileNotFoundError: there is no such file.
    """
    path, colon, attribute = name.rpartition(":")
    if colon and path.endswith(".py"):
        found = getattr(load_module(Path(path)), attribute, None)
        if not (isinstance(found, type) and issubclass(found, Method)):
            raise ValueError(
                f"{path} defines no method (a `Method`) called {attribute}"
            )
        found.file = f"{Path(path).resolve()}:{attribute}"
        return found
    if name not in METHODS:
        raise ValueError(
            f"no method is called {name!r}{meant(name, METHODS)}; choose one of "
            f"{', '.join(METHODS)}, or FILE.py:Name for one of your own"
        )
    return METHODS[name]


def load_module(path: Path) -> ModuleType:
    """Execute a file of Python and return it as a module, the same one every time."""
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}: name a file that defines a method")
    path = path.resolve()
    name = "zssbir_method_" + "".join(c if c.isalnum() else "_" for c in str(path))
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[name])
        except Exception as error:
            del sys.modules[name]  # so that a mended file is read again
            raise ValueError(
                f"{path} stops with {type(error).__name__}: {error}"
            ) from error
    return sys.modules[name]


def named_method(
    name: str, backbone: str = "small", profile: str = "quick", **changes: Any
) -> Method:
    """Return `find_method(name)` with its settings, see `Method.named`."""
    return find_method(name).named(backbone, profile, **changes)
