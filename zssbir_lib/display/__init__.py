"""Display: figures from tensors, arrays and lists, all in one style."""

from zssbir_lib.display.ablation import ablation_plot
from zssbir_lib.display.abstraction import abstraction_plot
from zssbir_lib.display.class_counts import class_counts_plot
from zssbir_lib.display.code_corners import code_corners
from zssbir_lib.display.convention_curves import convention_curves
from zssbir_lib.display.curves import interval_plot, training_curves
from zssbir_lib.display.differences import difference_plot
from zssbir_lib.display.embedding_map import embedding_map, principal_plane
from zssbir_lib.display.lookalikes import lookalike_figure
from zssbir_lib.display.margin_map import margin_map
from zssbir_lib.display.memory_panels import memory_panels
from zssbir_lib.display.mining_curves import mining_curves
from zssbir_lib.display.panels import image_grid, retrieval_panel
from zssbir_lib.display.plane import point_planes
from zssbir_lib.display.protocol_panels import RetrievedPhotos, protocol_panels
from zssbir_lib.display.published import published_plot
from zssbir_lib.display.row_intervals import row_intervals
from zssbir_lib.display.save import save_figure
from zssbir_lib.display.seed_noise import seed_noise_plot
from zssbir_lib.display.stages import drawing_stages
from zssbir_lib.display.style import (
    CORRECT_COLOUR,
    CORRECT_MARK,
    PHOTO_COLOUR,
    PHOTO_MARKER,
    SKETCH_COLOUR,
    SKETCH_MARKER,
    WRONG_COLOUR,
    WRONG_MARK,
    use_house_style,
)
from zssbir_lib.display.triplet_kinds import triplet_kinds
from zssbir_lib.display.tsne import tsne_panels, tsne_plane

__all__ = [
    "CORRECT_COLOUR",
    "CORRECT_MARK",
    "PHOTO_COLOUR",
    "PHOTO_MARKER",
    "RetrievedPhotos",
    "SKETCH_COLOUR",
    "SKETCH_MARKER",
    "WRONG_COLOUR",
    "WRONG_MARK",
    "ablation_plot",
    "abstraction_plot",
    "class_counts_plot",
    "code_corners",
    "convention_curves",
    "difference_plot",
    "drawing_stages",
    "embedding_map",
    "image_grid",
    "interval_plot",
    "lookalike_figure",
    "margin_map",
    "memory_panels",
    "mining_curves",
    "point_planes",
    "principal_plane",
    "protocol_panels",
    "published_plot",
    "retrieval_panel",
    "row_intervals",
    "save_figure",
    "seed_noise_plot",
    "training_curves",
    "triplet_kinds",
    "tsne_panels",
    "tsne_plane",
    "use_house_style",
]
