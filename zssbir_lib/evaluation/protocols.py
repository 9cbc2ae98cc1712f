"""Say which sketches are queries and which photos form the gallery.

Zero-shot: both are of unseen classes. Generalised zero-shot: seen classes are
searched as well, which is harder; notebook 07 measures how much of that is due to
their being seen, and how much to there being more photos. The published numbers use
two different generalised protocols, so each has its own function here.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from zssbir_lib.evaluation.retrieval import evaluate_retrieval


@dataclass(frozen=True)
class LabelledEmbeddings:
    """Embeddings (N, D) of images with their class labels (N,), whole numbers."""

    embeddings: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        if len(self.embeddings) != len(self.labels):
            raise ValueError(
                f"{len(self.embeddings)} embeddings with {len(self.labels)} labels: "
                "give one label an embedding"
            )

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def __add__(self, other: "LabelledEmbeddings") -> "LabelledEmbeddings":
        """Return both sets, one after the other."""
        return LabelledEmbeddings(
            torch.cat([self.embeddings, other.embeddings]),
            torch.cat([self.labels, other.labels]),
        )

    def sample(self, count: int, generator: torch.Generator) -> "LabelledEmbeddings":
        """Draw some of the images without replacement, by a generator on the CPU."""
        if count > len(self):
            raise ValueError(
                f"cannot draw {count} of {len(self)} seen images: embed more of "
                "them or choose a smaller fraction"
            )
        chosen = torch.randperm(len(self), generator=generator)[:count]
        chosen = chosen.to(self.labels.device)
        return LabelledEmbeddings(self.embeddings[chosen], self.labels[chosen])


@dataclass(frozen=True)
class RetrievalSets:
    """The queries and the gallery of a protocol."""

    query: LabelledEmbeddings
    gallery: LabelledEmbeddings

    def evaluate(self, **options: object) -> dict[str, float | int]:
        """Return every metric; options as for ``evaluate_retrieval``."""
        return evaluate_retrieval(
            self.query.embeddings,
            self.gallery.embeddings,
            self.query.labels,
            self.gallery.labels,
            **options,
        )


def zero_shot(
    unseen_sketches: LabelledEmbeddings, unseen_photos: LabelledEmbeddings
) -> RetrievalSets:
    """Search unseen photos, the gallery, with unseen sketches, the queries."""
    return RetrievalSets(unseen_sketches, unseen_photos)


def generalised_with_seen_sample(
    unseen_sketches: LabelledEmbeddings,
    unseen_photos: LabelledEmbeddings,
    seen_sketches: LabelledEmbeddings,
    seen_photos: LabelledEmbeddings,
    fraction: float = 0.2,
    seed: int = 0,
) -> RetrievalSets:
    """Add a random sample of seen classes to both the queries and the gallery.

    Sampled sketches whose class was not drawn among the photos have no relevant photo
    and are reported as such.

    Args:
        unseen_sketches: all of them are queries.
        unseen_photos: all of them are in the gallery.
        seen_sketches: to draw from.
        seen_photos: to draw from.
        fraction: size of a sample, above 0, of that of the *unseen* set (rounded down).
        seed: decides the samples; the same on every device.

    Source: the evaluation code of SEM-PCYC (Dutta and Akata, CVPR 2019): 0.2.
    """
    _check_disjoint((unseen_sketches, unseen_photos), (seen_sketches, seen_photos))
    if not fraction > 0:
        raise ValueError(f"fraction is {fraction}: expected a number above 0")
    generator = torch.Generator().manual_seed(seed)
    sketches = seen_sketches.sample(int(fraction * len(unseen_sketches)), generator)
    photos = seen_photos.sample(int(fraction * len(unseen_photos)), generator)
    return RetrievalSets(unseen_sketches + sketches, unseen_photos + photos)


def generalised_with_seen_gallery(
    unseen_sketches: LabelledEmbeddings,
    unseen_photos: LabelledEmbeddings,
    seen_photos: LabelledEmbeddings,
) -> RetrievalSets:
    """Search all photos, seen and unseen, with sketches of unseen classes.

    Arguments as for `generalised_with_seen_sample`; all of `seen_photos` are searched.
    """
    _check_disjoint((unseen_sketches, unseen_photos), (seen_photos,))
    return RetrievalSets(unseen_sketches, unseen_photos + seen_photos)


def _check_disjoint(
    unseen: tuple[LabelledEmbeddings, ...], seen: tuple[LabelledEmbeddings, ...]
) -> None:
    """Refuse labels that mean an unseen class in one set and a seen one in another."""
    numbers = (
        {int(label) for one in sets for label in one.labels.unique()}
        for sets in (unseen, seen)
    )
    both = sorted(set.intersection(*numbers))
    if both:
        raise ValueError(
            f"label {both[0]} stands for an unseen and for a seen class "
            f"({len(both)} such labels): number the seen classes after the unseen "
            "ones, for example seen_labels + number_of_unseen_classes"
        )
