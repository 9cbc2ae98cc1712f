"""Render a file of drawings to image files, one folder a class."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from zssbir_lib.data.quickdraw.drawing import Drawing
from zssbir_lib.data.quickdraw.folder_names import folder_name
from zssbir_lib.data.quickdraw.reading import read_drawings
from zssbir_lib.data.quickdraw.rendering import (
    PADDING,
    WIDTH,
    check_rendering,
    render_drawing,
)
from zssbir_lib.data.quickdraw.smoothing import SMOOTHING
from zssbir_lib.files import write_shared

SETTINGS = ".rendering.json"  # hidden: readers of class folders pass over it


@dataclass(frozen=True)
class SketchFiles:
    """Say what a call of `drawings_to_folder` did.

    Attributes:
        folders: The class folders of the sketches, in the order of the file.
        written: Sketches rendered now.
        present: Sketches that were there already.
    """

    folders: tuple[Path, ...]
    written: int
    present: int


def drawings_to_folder(
    path: str | Path,
    folder: str | Path,
    limit: int | None = None,
    recognised_only: bool = True,
    on_malformed: str = "raise",
    size: int = 224,
    width: float = WIDTH,
    padding: float = PADDING,
    smoothing: float = SMOOTHING,
    share: float = 1.0,
) -> SketchFiles:
    """Render drawings to FOLDER/sketch/<class>/<key>.png, black on white.

    A sketch that is there already is not rendered again, so the same call goes on
    where it was stopped, and a larger limit adds to what there is. The settings are
    written beside the classes; a call with others is refused, for it would mix two
    kinds of sketches. The class folder is `folder_name` of the word; a drawing without
    a key is named by its place among those rendered (000000.png).

    Args:
        path: A file of drawings, .ndjson or .bin.
        folder: The data set; made if need be.
        limit: Render no more than the first so many drawings; None for all.
        recognised_only: Leave out drawings that the game did not recognise; `limit`
            counts those that are left.
        on_malformed: "raise" or "skip", for records that are no drawings.
        size: The side in pixels; width, padding, smoothing and share as in
            `render_drawing`.
        width: Width of the pen, a share of the side.
        padding: Empty paper on each side, a share of the side.
        smoothing: How far curves may leave the straight line.
        share: How much of each drawing is drawn.

    Returns:
        What was done.

    Raises:
        FileNotFoundError: If there is no such file of drawings.
        MalformedDrawing: If a record is no drawing and such are not skipped.
        ValueError: If an argument is out of range, or the folder holds sketches that
            were rendered with other settings.
        OSError: If the folder cannot be written to.
    """
    settings = {
        "size": size,
        "width": width,
        "padding": padding,
        "smoothing": smoothing,
        "share": share,
    }
    check_rendering(**settings)
    drawings = read_drawings(path, limit, recognised_only, on_malformed)
    sketches = Path(folder) / "sketch"
    _keep_settings(sketches, settings)
    written, present, folders = 0, 0, {}
    bar = tqdm(drawings, f"drawing {Path(path).name}", limit, unit="sketch")
    for number, drawing in enumerate(bar):
        target = _sketch_path(sketches, drawing, number)
        folders[target.parent] = True
        if target.exists():
            present += 1
        else:
            _write_sketch(target, render_drawing(drawing, **settings))
            written += 1
    return SketchFiles(tuple(folders), written, present)


def _sketch_path(sketches: Path, drawing: Drawing, number: int) -> Path:
    """Return where a drawing's image goes."""
    name = f"{number:06d}" if drawing.key_id is None else str(drawing.key_id)
    return sketches / folder_name(drawing.word) / f"{name}.png"


def _write_sketch(target: Path, pixels: np.ndarray) -> None:
    """Write an image whole or not at all."""
    try:
        target.parent.mkdir(exist_ok=True)
        write_shared(target, lambda file: Image.fromarray(pixels).save(file, "PNG"))
    except OSError as error:
        raise OSError(
            f"cannot write {target} ({error.strerror or error}); the sketches before "
            "it are whole, and the same call goes on from there"
        ) from error


def _keep_settings(sketches: Path, settings: dict[str, Any]) -> None:
    """Write the settings down, or check that they are the ones written down."""
    path = sketches / SETTINGS
    if not path.exists():
        try:
            sketches.mkdir(parents=True, exist_ok=True)
            text = json.dumps(settings, indent=2) + "\n"
            write_shared(path, lambda file: file.write(text.encode()))
        except OSError as error:
            raise OSError(
                f"cannot write to {sketches} ({error.strerror or error}); choose a "
                "folder that can be written to"
            ) from error
        return
    before = _read_settings(path)
    for name, value in settings.items():
        if before.get(name) != value:
            raise ValueError(
                f"{sketches} holds sketches rendered with {name} {before.get(name)}, "
                f"not {value}; use the same settings or another folder"
            )


def _read_settings(path: Path) -> dict[str, Any]:
    """Read what an earlier call wrote down."""
    try:
        settings = json.loads(path.read_bytes())
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise ValueError(
            f"{path} is damaged, so the settings of the sketches beside it are not "
            "known; render into another folder, or delete the folder of this file"
        )
    return settings
