"""Scoring a network: embed queries and gallery, then evaluate the retrieval."""

from zssbir_lib.data import ImageSet, SketchPhotoData
from zssbir_lib.evaluation import (
    LabelledEmbeddings,
    RetrievalSets,
    generalised_with_seen_gallery,
    generalised_with_seen_sample,
    zero_shot,
)
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.embedding import embed

Metrics = dict[str, float | int]


def score_retrieval(
    net: EmbeddingNet, data: SketchPhotoData, feature: str = "embedding"
) -> Metrics:
    """Retrieve photos with sketches, over all classes of a data set.

    Args:
        net: the network.
        data: its sketches are the queries, its photos the gallery.
        feature: see `embed`.

    Returns:
        The metrics of `evaluate_retrieval`, averaged over queries.

    Taught in: notebook 02.
    """
    return embed_zero_shot(net, data, feature).evaluate()


def embed_zero_shot(
    net: EmbeddingNet, data: SketchPhotoData, feature: str = "embedding"
) -> RetrievalSets:
    """Embed a data set's sketches as queries and its photos as gallery.

    Args:
        net: the network.
        data: the classes to retrieve.
        feature: see `embed`.

    Returns:
        Queries and gallery, ready to be evaluated.

    Taught in: notebook 02.
    """
    return zero_shot(
        embed_labelled(net, data.sketches, feature),
        embed_labelled(net, data.photos, feature),
    )


def embed_labelled(
    net: EmbeddingNet, images: ImageSet, feature: str, first_label: int = 0
) -> LabelledEmbeddings:
    """Embed images and keep their labels, counted from `first_label`.

    Taught in: notebook 02.
    """
    return LabelledEmbeddings(embed(net, images, feature), images.labels + first_label)


def score_generalised(
    net: EmbeddingNet,
    seen: SketchPhotoData,
    unseen: SketchPhotoData,
    feature: str = "embedding",
) -> dict[str, Metrics]:
    """Score both generalised protocols, in which seen classes are searched as well.

    Args:
        net: the network.
        seen: the training classes.
        unseen: the unseen classes.
        feature: see `embed`.

    Returns:
        Metrics by protocol: "seen_gallery" (unseen queries, all photos) and
        "seen_sample" (a fifth more queries and photos of seen classes).

    Source: SEM-PCYC's evaluation for the second; later work for the first.

    Taught in: notebook 02.
    """
    sets = embed_zero_shot(net, unseen, feature)
    offset = len(unseen.class_names)  # seen labels follow the unseen ones
    sketches = embed_labelled(net, seen.sketches, feature, offset)
    photos = embed_labelled(net, seen.photos, feature, offset)
    return {
        "seen_gallery": generalised_with_seen_gallery(
            sets.query, sets.gallery, photos
        ).evaluate(),
        "seen_sample": generalised_with_seen_sample(
            sets.query, sets.gallery, sketches, photos
        ).evaluate(),
    }
