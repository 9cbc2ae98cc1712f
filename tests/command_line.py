"""How tests call the command line and read what it says."""

from zssbir_lib.cli import main


def run_failing(capsys, *words) -> str:
    """Run the command line, expecting failure; return its one line of error.

    Warnings may stand before it.
    """
    try:
        code = main([str(word) for word in words])
    except SystemExit as stop:
        code = stop.code
    *before, error = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert error.startswith("zssbir") and ": error: " in error, error
    assert all(line.startswith("zssbir: warning: ") for line in before), before
    return error
