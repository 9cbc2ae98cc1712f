"""Settings of every test run; the notebooks' kernels inherit the environment.

One thread makes training repeat bit for bit, and silent progress bars keep the
notebooks' outputs comparable. A variable that is already set stays as it is. The
matplotlib backend is left alone: a kernel needs its own to show figures.
"""

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

# Keep compiled modules: without them every notebook kernel compiles torch anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
