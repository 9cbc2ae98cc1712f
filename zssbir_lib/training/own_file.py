"""A class in a file of one's own, named as FILE.py:Name."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def class_in_file(place: str, kind: type) -> type:
    """Return the class of FILE.py:Name; the file is executed, once.

    Raises:
        ValueError: the file stops with an error, or defines no such subclass of `kind`.
        FileNotFoundError: there is no such file.
    """
    file, _, name = place.rpartition(":")
    if not Path(file).is_file():
        raise FileNotFoundError(f"no file {file}: name a file that defines a method")
    path = Path(file).resolve()
    found = getattr(load_module(path), name, None)
    if not (isinstance(found, type) and issubclass(found, kind)):
        raise ValueError(
            f"{file} defines no method (a `{kind.__name__}`) called {name}"
        )
    found.file = f"{path}:{name}"
    return found


def load_module(path: Path) -> ModuleType:
    """Execute a file of Python and return it as a module, the same one every time."""
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
