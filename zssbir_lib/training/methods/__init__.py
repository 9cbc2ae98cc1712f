"""Methods by name: the one place where a name becomes an object.

A new method is one file and one line here; a method of one's own need not be here, its
file is named instead: `find_method("path/to/file.py:Name")`.
"""

from typing import Any

from zssbir_lib.records import meant
from zssbir_lib.training.method import Method
from zssbir_lib.training.methods.mathm import MATHM, Classification, Combined
from zssbir_lib.training.methods.ramln import RAMLN, BidQua, BidTri
from zssbir_lib.training.methods.sbtknet import SBTKNet
from zssbir_lib.training.methods.triplet import Triplet, Untrained
from zssbir_lib.training.own_file import class_in_file

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
    if name.rpartition(":")[0].endswith(".py"):
        return class_in_file(name, Method)
    if name not in METHODS:
        raise ValueError(
            f"no method is called {name!r}{meant(name, METHODS)}; choose one of "
            f"{', '.join(METHODS)}, or FILE.py:Name for one of your own"
        )
    return METHODS[name]


def named_method(
    name: str, backbone: str = "small", profile: str = "quick", **changes: Any
) -> Method:
    """Return `find_method(name)` with its settings, see `Method.named`."""
    return find_method(name).named(backbone, profile, **changes)
