"""Data: from any source to (image, label, modality), with splits and samplers."""

from zssbir_lib.data.decoding import UnreadableImage
from zssbir_lib.data.folders import read_class_folders
from zssbir_lib.data.images import ImageSet, SketchPhotoData, fingerprint
from zssbir_lib.data.load import load_data, load_pretraining_photos, load_world_data
from zssbir_lib.data.samplers import (
    ClassBatchSampler,
    QuadrupletSampler,
    TripletSampler,
)
from zssbir_lib.data.sources import ImageFiles, ImageSource
from zssbir_lib.data.splits import (
    ZeroShotData,
    ZeroShotSplit,
    compare_splits,
    hold_out_sketches,
    load_split,
    public_split,
    public_split_names,
    split_names,
)
from zssbir_lib.data.transforms import (
    Augmentation,
    Variation,
    edge_drawing,
    normalise,
    prepare_images,
    to_float,
    vary,
)

__all__ = [
    "Augmentation",
    "ClassBatchSampler",
    "ImageFiles",
    "ImageSet",
    "ImageSource",
    "QuadrupletSampler",
    "SketchPhotoData",
    "TripletSampler",
    "UnreadableImage",
    "Variation",
    "ZeroShotData",
    "ZeroShotSplit",
    "compare_splits",
    "edge_drawing",
    "fingerprint",
    "hold_out_sketches",
    "load_data",
    "load_pretraining_photos",
    "load_split",
    "load_world_data",
    "normalise",
    "prepare_images",
    "public_split",
    "public_split_names",
    "read_class_folders",
    "split_names",
    "to_float",
    "vary",
]
