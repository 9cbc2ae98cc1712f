"""Layouts: where the sketches and photos of the public data sets lie on a disk."""

from zssbir_lib.data.layouts.file_lists import (
    FileList,
    label_conflicts,
    read_class_file,
    read_file_list,
)
from zssbir_lib.data.layouts.find import FoundLayout, find_layout
from zssbir_lib.data.layouts.layout import LAYOUTS, PHOTO_CHOICES, Layout
from zssbir_lib.data.layouts.listing import FolderListing, list_class_folders
from zssbir_lib.data.layouts.spelling import Pairing, name_key, pair_names

__all__ = [
    "LAYOUTS",
    "PHOTO_CHOICES",
    "FileList",
    "FolderListing",
    "FoundLayout",
    "Layout",
    "Pairing",
    "find_layout",
    "label_conflicts",
    "list_class_folders",
    "name_key",
    "pair_names",
    "read_class_file",
    "read_file_list",
]
