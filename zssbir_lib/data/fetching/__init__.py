"""Fetching: what has an open licence and a stable address, brought here and checked."""

from zssbir_lib.data.fetching.archive import extract
from zssbir_lib.data.fetching.by_hand import BY_HAND, instructions
from zssbir_lib.data.fetching.cifar_photos import fetch_cifar100, write_photos
from zssbir_lib.data.fetching.download import download
from zssbir_lib.data.fetching.errors import DownloadError
from zssbir_lib.data.fetching.mini_benchmark import build_mini_benchmark
from zssbir_lib.data.fetching.patience import Patience
from zssbir_lib.data.fetching.quickdraw_drawings import fetch_drawings
from zssbir_lib.data.fetching.quickdraw_words import quickdraw_words

__all__ = [
    "BY_HAND",
    "DownloadError",
    "Patience",
    "build_mini_benchmark",
    "download",
    "extract",
    "fetch_cifar100",
    "fetch_drawings",
    "instructions",
    "quickdraw_words",
    "write_photos",
]
