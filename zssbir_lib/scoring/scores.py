"""A network's scores: which queries, which gallery, and no class it was trained on."""

from functools import cache

from zssbir_lib.data import ImageSet, SketchPhotoData, ZeroShotData
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
from zssbir_lib.scoring.embedding import FEATURES, PooledImages

Metrics = dict[str, float | int]

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


def score_retrieval(
    net: EmbeddingNet,
    data: SketchPhotoData,
    feature: str = "embedding",
    allow_seen: bool = False,
) -> Metrics:
    """Retrieve photos with sketches, over all classes of a data set.

    Args:
        net: the network.
        data: its sketches are the queries, its photos the gallery.
        feature: see `embed`.
        allow_seen: score classes that the network was trained on, too.

    Returns:
        The metrics of `evaluate_retrieval`, averaged over queries.

    Raises:
        ValueError: the network was trained on a class, and nobody allowed that.
    """
    return embed_zero_shot(net, data, feature, allow_seen).evaluate()


def embed_zero_shot(
    net: EmbeddingNet,
    data: SketchPhotoData,
    feature: str = "embedding",
    allow_seen: bool = False,
) -> RetrievalSets:
    """Embed a data set's sketches as queries and its photos as gallery.

    Args:
        net: the network.
        data: the classes to retrieve.
        feature: see `embed`.
        allow_seen: see `score_retrieval`.

    Returns:
        Queries and gallery, ready to be evaluated.

    Raises:
        ValueError: the network was trained on a class, and nobody allowed that.
    """
    if not allow_seen:
        check_unseen(net, data.class_names, data.name)
    return zero_shot(*(labelled(PooledImages(net, s), feature) for s in both(data)))


def check_unseen(net: EmbeddingNet, class_names: tuple[str, ...], name: str) -> None:
    """Raise if a network was trained on a class that is to be new to it.

    Args:
        net: a network; `trained_on` names the classes it was trained on.
        class_names: the classes it is to be scored on.
        name: of the data or split, for the message.

    Raises:
        ValueError: naming how many classes, and one of them.
    """
    leaked = sorted(set(net.trained_on) & set(class_names))
    if leaked:
        raise ValueError(
            f"the network was trained on {len(leaked)} classes that are to be unseen "
            f"in {name!r} (for example {leaked[0]!r}): a zero-shot score would be wrong"
        )


def both(data: SketchPhotoData) -> tuple[ImageSet, ImageSet]:
    """Return sketches and photos."""
    return data.sketches, data.photos


def labelled(
    pooled: PooledImages, feature: str, mirrored: bool = False, first_label: int = 0
) -> LabelledEmbeddings:
    """Return a feature of images with their labels, counted from `first_label`."""
    labels = pooled.images.labels + first_label
    return LabelledEmbeddings(pooled.feature(feature, mirrored), labels)


class SplitScorer:
    """All scores of a network on a split; every image passes the backbone once.

    Args:
        net: the network.
        parts: seen, validation and unseen classes.

    Raises:
        ValueError: the network was trained on an unseen class.
    """

    def __init__(self, net: EmbeddingNet, parts: ZeroShotData) -> None:
        check_unseen(net, parts.unseen.class_names, parts.unseen.name)
        self.net, self.parts = net, parts
        self._pooled = cache(
            lambda group, kind: PooledImages(net, self._set(group, kind))
        )

    def _set(self, group: str, kind: str) -> ImageSet:
        """Return the sketches or photos of seen, validation or unseen classes."""
        return getattr(getattr(self.parts, group), kind)

    def _labelled(
        self, group: str, kind: str, feature: str, mirrored: bool
    ) -> LabelledEmbeddings:
        """Return a feature of some images; seen labels follow the unseen ones."""
        offset = len(self.parts.unseen.class_names) if group == "seen" else 0
        return labelled(self._pooled(group, kind), feature, mirrored, offset)

    def zero_shot(
        self,
        feature: str = "embedding",
        mirrored: bool = False,
        group: str = "unseen",
    ) -> RetrievalSets:
        """Return queries and gallery of the unseen (or the validation) classes."""
        kinds = ("sketches", "photos")
        return zero_shot(*(self._labelled(group, k, feature, mirrored) for k in kinds))

    def protocols(
        self, feature: str = "embedding", mirrored: bool = False
    ) -> dict[str, RetrievalSets]:
        """Return queries and gallery of every protocol.

        Returns:
            "zero_shot"; "seen_gallery" (unseen queries, all photos); "seen_sample" (a
            fifth more queries and photos of seen classes).

        Source: SEM-PCYC's evaluation for "seen_sample"; later work for "seen_gallery".
        """
        alone = self.zero_shot(feature, mirrored)
        sketches = self._labelled("seen", "sketches", feature, mirrored)
        photos = self._labelled("seen", "photos", feature, mirrored)
        unseen = alone.query, alone.gallery
        return {
            "zero_shot": alone,
            "seen_gallery": generalised_with_seen_gallery(*unseen, photos),
            "seen_sample": generalised_with_seen_sample(*unseen, sketches, photos),
        }

    def scores(self, feature: str, generalised: bool = False) -> dict[str, Metrics]:
        """Return the metrics of a result file.

        Args:
            feature: what retrieval compares.
            generalised: whether seen classes are searched as well.

        Returns:
            "metrics" (zero-shot), "metrics_by_feature", "metrics_macro", "validation"
            where there are such classes, and "generalised" by protocol.

        Raises:
            ValueError: the feature is unknown, or the network does not have it.
        """
        macro = self.zero_shot(feature).evaluate(average="macro")
        known = [f for f in FEATURES if f != "centred" or self.net.centring is not None]
        by_feature = {name: self.zero_shot(name).evaluate() for name in known}
        result = {"metrics": by_feature[feature], "metrics_by_feature": by_feature}
        result["metrics_macro"] = macro
        if self.parts.validation is not None:
            watched = self.zero_shot(feature, group="validation")
            result["validation"] = watched.evaluate()
        if generalised:
            sets = self.protocols(feature)
            result["generalised"] = {n: sets[n].evaluate() for n in PROTOCOLS[1:]}
        return result

    def representations(self, feature: str = "embedding") -> dict[str, Metrics]:
        """Score real numbers and codes, as embedded and after the test-time steps.

        Returns:
            Zero-shot metrics by representation, see `score_representations`.

        Raises:
            ValueError: there are too few photos, or numbers, for codes of 64 bits.
        """
        check_gallery_size(self.parts)
        both_ways = (self.zero_shot(feature, mirrored) for mirrored in (False, True))
        return score_representations(*both_ways)

    def cells(self, feature: str = "embedding") -> dict[str, dict[str, float]]:
        """Score every protocol in every representation.

        Args:
            feature: see `embed`.

        Returns:
            The metrics of `CELL_METRICS` for each of `CELLS`, PROTOCOL/REPRESENTATION.

        Raises:
            ValueError: there are too few photos, or numbers, for codes of 64 bits.
        """
        check_gallery_size(self.parts)
        plain, mirrored = (self.protocols(feature, both) for both in (False, True))
        scores = {}
        for protocol in PROTOCOLS:
            found = score_representations(plain[protocol], mirrored[protocol])
            for name, metrics in found.items():
                chosen = {metric: metrics[metric] for metric in CELL_METRICS}
                scores[f"{protocol}/{name}"] = chosen
        return scores


def check_gallery_size(parts: ZeroShotData) -> None:
    """Raise unless there are enough unseen photos to learn codes from."""
    photos = len(parts.unseen.photos)
    if photos <= BITS:
        raise ValueError(
            f"{photos} photos of unseen classes are too few for codes of {BITS} bits: "
            f"choose data or a split with {BITS + 1} or more"
        )
