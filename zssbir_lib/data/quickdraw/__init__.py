"""QuickDraw: its four file formats read, its strokes cut, smoothed and rendered."""

from zssbir_lib.data.quickdraw.binary import read_binary
from zssbir_lib.data.quickdraw.bitmaps import QuickDrawBitmaps
from zssbir_lib.data.quickdraw.drawing import Drawing
from zssbir_lib.data.quickdraw.folder_names import folder_name
from zssbir_lib.data.quickdraw.lines import read_ndjson
from zssbir_lib.data.quickdraw.malformed import MalformedDrawing
from zssbir_lib.data.quickdraw.partial import partial_drawing
from zssbir_lib.data.quickdraw.reading import read_drawings
from zssbir_lib.data.quickdraw.rendering import render_drawing
from zssbir_lib.data.quickdraw.sketch_files import SketchFiles, drawings_to_folder
from zssbir_lib.data.quickdraw.smoothing import smooth_drawing

__all__ = [
    "Drawing",
    "MalformedDrawing",
    "QuickDrawBitmaps",
    "SketchFiles",
    "drawings_to_folder",
    "folder_name",
    "partial_drawing",
    "read_binary",
    "read_drawings",
    "read_ndjson",
    "render_drawing",
    "smooth_drawing",
]
