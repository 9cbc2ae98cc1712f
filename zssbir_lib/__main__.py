"""`python -m zssbir_lib`: the command line."""

import sys

from zssbir_lib.cli import main

if __name__ == "__main__":
    sys.exit(main())
