"""One trained network in every cell of a table: protocols times representations.

Taught in: notebook 07.
"""

from zssbir_lib.data import ImageSet, ZeroShotData
from zssbir_lib.evaluation import (
    LabelledEmbeddings,
    RetrievalSets,
    generalised_with_seen_gallery,
    generalised_with_seen_sample,
    score_representations,
    zero_shot,
)
from zssbir_lib.evaluation.representations import BITS, REPRESENTATIONS
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.embedding import embed_with_mirror

PROTOCOLS = ("zero_shot", "seen_gallery", "seen_sample")
CELLS = tuple(f"{p}/{r}" for p in PROTOCOLS for r in REPRESENTATIONS)
CELL_METRICS = (
    "map@all",
    "map@all/voc",
    "map@200/min",
    "map@200/voc",
    "map@200/hits",
    "p@100",
    "p@200",
)

Pair = tuple[LabelledEmbeddings, LabelledEmbeddings]  # plain, and with mirror images


def score_cells(
    net: EmbeddingNet, parts: ZeroShotData, feature: str = "embedding"
) -> dict[str, dict[str, float]]:
    """Score a network in every protocol and every representation.

    Every image is shown to the network twice, as it is and mirrored; everything else
    follows from these embeddings.

    Args:
        net: the network.
        parts: seen and unseen classes of a split.
        feature: see `embed`.

    Returns:
        The metrics of `CELL_METRICS` for each cell PROTOCOL/REPRESENTATION: the
        protocols are "zero_shot", "seen_gallery" (unseen queries, all photos) and
        "seen_sample" (a fifth more queries and photos of seen classes), the
        representations those of `score_representations`.

    Raises:
        ValueError: the split has too few unseen photos, or the feature too few
            numbers, for codes of 64 bits.

    Source: SEM-PCYC's evaluation for "seen_sample".

    Taught in: notebook 07.
    """
    check_gallery_size(parts)
    offset = len(parts.unseen.class_names)  # seen labels follow the unseen ones
    query = embed_pair(net, parts.unseen.sketches, feature)
    gallery = embed_pair(net, parts.unseen.photos, feature)
    seen_query = embed_pair(net, parts.seen.sketches, feature, offset)
    seen_gallery = embed_pair(net, parts.seen.photos, feature, offset)
    plain, mirrored = (
        protocol_sets(*sets)
        for sets in zip(query, gallery, seen_query, seen_gallery, strict=True)
    )
    scores = {}
    for protocol in PROTOCOLS:
        found = score_representations(plain[protocol], mirrored[protocol])
        for name, metrics in found.items():
            chosen = {metric: metrics[metric] for metric in CELL_METRICS}
            scores[f"{protocol}/{name}"] = chosen
    return scores


def check_gallery_size(parts: ZeroShotData) -> None:
    """Raise unless there are enough unseen photos to learn codes from.

    Args:
        parts: seen and unseen classes of a split.

    Raises:
        ValueError: the message says how many there must be.

    Taught in: notebook 07.
    """
    photos = len(parts.unseen.photos)
    if photos <= BITS:
        raise ValueError(
            f"{photos} photos of unseen classes are too few for codes of {BITS} bits: "
            f"choose data or a split with {BITS + 1} or more"
        )


def embed_pair(
    net: EmbeddingNet, images: ImageSet, feature: str, first_label: int = 0
) -> Pair:
    """Embed images, plain and averaged with their mirror images, with their labels.

    Args:
        net: the network.
        images: N images of one modality.
        feature: see `embed`.
        first_label: what the labels are counted from.

    Returns:
        Both, (N, D) each.

    Taught in: notebook 07.
    """
    labels = images.labels + first_label
    plain, mirrored = embed_with_mirror(net, images, feature)
    return LabelledEmbeddings(plain, labels), LabelledEmbeddings(mirrored, labels)


def protocol_sets(
    query: LabelledEmbeddings,
    gallery: LabelledEmbeddings,
    seen_query: LabelledEmbeddings,
    seen_gallery: LabelledEmbeddings,
) -> dict[str, RetrievalSets]:
    """Return queries and gallery of every protocol.

    Args:
        query: sketches of unseen classes.
        gallery: photos of unseen classes.
        seen_query: sketches of seen classes.
        seen_gallery: photos of seen classes.

    Returns:
        By name, in the order of `PROTOCOLS`.

    Taught in: notebook 07.
    """
    return {
        "zero_shot": zero_shot(query, gallery),
        "seen_gallery": generalised_with_seen_gallery(query, gallery, seen_gallery),
        "seen_sample": generalised_with_seen_sample(
            query, gallery, seen_query, seen_gallery
        ),
    }
