"""Data: from any source to (image, label, modality), with splits and samplers."""

from zssbir_lib.data.class_batches import ClassBatch, ClassBatchSampler
from zssbir_lib.data.decoding import ImageFiles, UnreadableImage, find_unreadable
from zssbir_lib.data.folders import ImagePaths, find_class_files, read_class_folders
from zssbir_lib.data.images import ImageSet, SketchPhotoData, fingerprint
from zssbir_lib.data.load_split import load_split, split_names
from zssbir_lib.data.public_splits import (
    PublicSplit,
    public_split,
    public_split_names,
)
from zssbir_lib.data.quadruplets import QuadrupletIndices, QuadrupletSampler
from zssbir_lib.data.samplers import TripletIndices, TripletSampler
from zssbir_lib.data.source import (
    load_data,
    load_pretraining_photos,
    load_world_data,
)
from zssbir_lib.data.sources import ImageSource, ImageView, StoredImages
from zssbir_lib.data.splits import (
    SplitComparison,
    ZeroShotData,
    ZeroShotSplit,
    compare_splits,
    hold_out_sketches,
)
from zssbir_lib.data.transforms import (
    NO_AUGMENTATION,
    Augmentation,
    Variation,
    edge_drawing,
    normalise,
    prepare_images,
    to_float,
    vary,
)

__all__ = [
    "NO_AUGMENTATION",
    "Augmentation",
    "ClassBatch",
    "ClassBatchSampler",
    "ImageFiles",
    "ImagePaths",
    "ImageSet",
    "ImageSource",
    "ImageView",
    "PublicSplit",
    "QuadrupletIndices",
    "QuadrupletSampler",
    "SketchPhotoData",
    "SplitComparison",
    "StoredImages",
    "TripletIndices",
    "TripletSampler",
    "UnreadableImage",
    "Variation",
    "ZeroShotData",
    "ZeroShotSplit",
    "compare_splits",
    "edge_drawing",
    "find_class_files",
    "find_unreadable",
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
