"""The command line: arguments in, the library's functions called, messages out."""

from zssbir_lib.cli.main import main

__all__ = ["main"]
