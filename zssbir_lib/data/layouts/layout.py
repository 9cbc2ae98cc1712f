"""The table of known layouts: which folder holds sketches, which holds photos.

A layout is data. To read a download that lies differently, add a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

PHOTO_CHOICES = ("all", "extend-only")
SKETCHY = "Sketchy Extended"
TU_BERLIN = "TU-Berlin Extended"
QUICKDRAW = "QuickDraw Extended"


@dataclass(frozen=True)
class Layout:
    """Say where a data set keeps its class folders.

    Places are paths below the root, with "/" between folders; capitals do not matter.

    Args:
        name: What to call the layout.
        dataset: The published data set it belongs to (`PublicSplit.dataset`); None
            for any.
        sketches: Places of the sketches' class folders, the preferred one first.
        photos: Places of the photos' class folders, the preferred one first.
        extended: Places of photos that were added to those; may stand without them.
        exclusive: Two places of one kind at once are an error, not a preference.
        spellings: Key of a photo folder's name to the key of the class it means,
            where the download itself is misspelt (`name_key`).
    """

    name: str
    dataset: str | None
    sketches: tuple[str, ...]
    photos: tuple[str, ...]
    extended: tuple[str, ...] = ()
    exclusive: bool = False
    spellings: Mapping[str, str] = field(default_factory=dict)


def _below(outer: tuple[str, ...], places: tuple[str, ...]) -> tuple[str, ...]:
    """Join every place to every outer folder ("" for none)."""
    return tuple(f"{one}/{place}".strip("/") for one in outer for place in places)


# "_ready": resized copies, which the file lists of the SAKE family name
_PLAIN_RENDERING = ("tx_000000000000_ready", "tx_000000000000")
_SKETCHY_OUTER = ("", "256x256", "Sketchy", "Sketchy/256x256")
_EXTENDED = ("EXTEND_image_sketchy_ready", "EXTEND_image_sketchy", "extended_photo")

# photo folders of the TU-Berlin Extended download -> the sketch folders they go with
TU_BERLIN_SPELLINGS = {
    "chandeler": "chandelier",
    "diamod": "diamond",
    "griaffe": "giraffe",
    "mouse": "mouseanimal",
    "pipe": "pipeforsmoking",
    "spacesshuttle": "spaceshuttle",
    "spidar": "spider",
    "tromobone": "trombone",
    "wristwatching": "wristwatch",
}

LAYOUTS = (
    Layout(
        "sketchy",
        SKETCHY,
        sketches=_below(_SKETCHY_OUTER, _below(("sketch",), _PLAIN_RENDERING)),
        photos=_below(_SKETCHY_OUTER, _below(("photo",), _PLAIN_RENDERING)),
        extended=_below(_SKETCHY_OUTER, _EXTENDED),
    ),
    Layout(
        "tu-berlin",
        TU_BERLIN,
        sketches=("png_ready", "png"),
        photos=("ImageResized_ready", "ImageResized", "images", "photos", "photo"),
        spellings=TU_BERLIN_SPELLINGS,
    ),
    Layout(
        "tu-berlin, sketches renamed",
        TU_BERLIN,
        sketches=("sketches", "sketch"),
        photos=("ImageResized_ready", "ImageResized"),
        spellings=TU_BERLIN_SPELLINGS,
    ),
    Layout(
        "quickdraw",
        QUICKDRAW,
        sketches=("QuickDraw_sketches_final", "QuickDraw_sketches"),
        photos=("QuickDraw_images_final", "EXTEND_image_quickdraw"),
    ),
    Layout(
        "class folders",
        None,
        sketches=("sketch", "sketches"),
        photos=("photo", "photos"),
        exclusive=True,
    ),
    Layout(
        "class folders, photos as images",
        None,
        sketches=("sketch", "sketches"),
        photos=("images", "image"),
        exclusive=True,
        spellings=TU_BERLIN_SPELLINGS,
    ),
)
