"""QuickDraw: drawings read from its files; strokes cut, smoothed and rendered."""

from zssbir_lib.data.quickdraw.drawing import (
    Drawing,
    partial_drawing,
    smooth_drawing,
)
from zssbir_lib.data.quickdraw.reading import (
    MalformedDrawing,
    read_binary,
    read_drawings,
    read_ndjson,
)
from zssbir_lib.data.quickdraw.rendering import (
    SketchFiles,
    drawings_to_folder,
    folder_name,
    render_drawing,
)

__all__ = [
    "Drawing",
    "MalformedDrawing",
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
