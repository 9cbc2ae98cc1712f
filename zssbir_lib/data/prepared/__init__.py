"""Prepared stores: images decoded and resized once, mapped by every process."""

from zssbir_lib.data.prepared.manifest import Manifest, PreparedSet
from zssbir_lib.data.prepared.manifest_file import read_manifest
from zssbir_lib.data.prepared.preparing import prepare_store
from zssbir_lib.data.prepared.reading import PreparedImages, is_store, open_store
from zssbir_lib.data.prepared.verifying import StoredChunk, verify_store

__all__ = [
    "Manifest",
    "PreparedImages",
    "PreparedSet",
    "StoredChunk",
    "is_store",
    "open_store",
    "prepare_store",
    "read_manifest",
    "verify_store",
]
