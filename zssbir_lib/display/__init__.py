"""Display: figures from tensors, arrays and lists, all in one style."""

from zssbir_lib.display.curves import (
    abstraction_plot,
    convention_curves,
    mining_curves,
    seed_noise_plot,
    training_curves,
)
from zssbir_lib.display.intervals import (
    ablation_plot,
    difference_plot,
    interval_plot,
    row_intervals,
)
from zssbir_lib.display.maps import embedding_map, principal_plane
from zssbir_lib.display.margins import margin_map, memory_panels
from zssbir_lib.display.panels import drawing_stages, image_grid, retrieval_panel
from zssbir_lib.display.planes import code_corners, point_planes, triplet_kinds
from zssbir_lib.display.published import published_plot
from zssbir_lib.display.style import (
    CORRECT_COLOUR,
    PHOTO_COLOUR,
    SKETCH_COLOUR,
    WRONG_COLOUR,
    save_figure,
    use_house_style,
)

__all__ = [
    "CORRECT_COLOUR",
    "PHOTO_COLOUR",
    "SKETCH_COLOUR",
    "WRONG_COLOUR",
    "ablation_plot",
    "abstraction_plot",
    "code_corners",
    "convention_curves",
    "difference_plot",
    "drawing_stages",
    "embedding_map",
    "image_grid",
    "interval_plot",
    "margin_map",
    "memory_panels",
    "mining_curves",
    "point_planes",
    "principal_plane",
    "published_plot",
    "retrieval_panel",
    "row_intervals",
    "save_figure",
    "seed_noise_plot",
    "training_curves",
    "triplet_kinds",
    "use_house_style",
]
