"""`python -m zssbir_lib`, the same as `zssbir`: the command line."""

import sys

from zssbir_lib.cli import main

if __name__ == "__main__":
    sys.exit(main())
