"""What the evaluation benchmarks score: random embeddings of the size of real data."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

DIMENSIONS = 512
BITS = 64


@dataclass(frozen=True)
class Size:
    """How many sketches search how many photos.

    Attributes:
        queries: sketches of unseen classes.
        photos: photos of unseen classes.
        classes: unseen classes.
        seen_photos: photos of seen classes that are searched as well.
        seen_classes: seen classes.
    """

    queries: int
    photos: int
    classes: int
    seen_photos: int = 0
    seen_classes: int = 0

    @property
    def gallery(self) -> int:
        """Return the number of all photos that are searched."""
        return self.photos + self.seen_photos


SIZES = {
    "small": Size(500, 2_000, 20),
    "sketchy": Size(12_694, 12_553, 21),
    "tuberlin": Size(2_400, 27_989, 30),
    "quickdraw": Size(92_291, 54_151, 30),
    # all photos as the gallery, seen and unseen; QuickDraw's number is not exact
    "tuberlin-generalised": Size(2_400, 27_989, 30, 176_500, 220),
    "quickdraw-generalised": Size(92_291, 54_151, 30, 150_000, 80),
}


@dataclass(frozen=True)
class Problem:
    """Queries and a gallery, as real numbers or as packed codes, with their labels."""

    query: Tensor
    gallery: Tensor
    query_labels: Tensor
    gallery_labels: Tensor

    def first(self, count: int) -> "Problem":
        """Return the problem with fewer queries."""
        return Problem(
            self.query[:count],
            self.gallery,
            self.query_labels[:count],
            self.gallery_labels,
        )

    def to(self, device: str) -> "Problem":
        """Return the problem on a device."""
        return Problem(*(getattr(self, field).to(device) for field in vars(self)))


def make_problem(size: str, seed: int) -> Problem:
    """Draw unit features around class centres, of imbalanced classes."""
    asked = SIZES[size]
    generator = torch.Generator().manual_seed(seed)
    every_class = asked.classes + asked.seen_classes
    centres = torch.randn(every_class, DIMENSIONS, generator=generator)
    shares = torch.rand(every_class, generator=generator) + 0.5

    def draw(count: int, first: int, last: int) -> Tensor:
        chosen = shares[first:last].multinomial(
            count, replacement=True, generator=generator
        )
        return chosen + first

    unseen = asked.classes
    query_labels = draw(asked.queries, 0, unseen)
    gallery_labels = draw(asked.photos, 0, unseen)
    if asked.seen_photos:
        seen = draw(asked.seen_photos, unseen, every_class)
        gallery_labels = torch.cat([gallery_labels, seen])
    query, gallery = (
        features(labels, centres, generator)
        for labels in (query_labels, gallery_labels)
    )
    return Problem(query, gallery, query_labels, gallery_labels)


def features(labels: Tensor, centres: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a unit vector around the centre of each label's class, (N,) -> (N, D)."""
    drawn = torch.empty(len(labels), centres.shape[1])
    for part, place in zip(labels.split(1024), drawn.split(1024), strict=True):
        noise = torch.randn(place.shape, generator=generator)  # no large temporary
        place.copy_(functional.normalize(noise + 0.15 * centres[part]))
    return drawn


def coded(problem: Problem, seed: int) -> Problem:
    """Return the problem in packed codes: the sides of 64 random planes.

    Learned codes retrieve better; ranking them is the same work.
    """
    generator = torch.Generator().manual_seed(seed)
    planes = torch.randn(problem.query.shape[1], BITS, generator=generator)
    planes = planes.to(problem.query.device)
    weights = 2 ** torch.arange(7, -1, -1, device=planes.device)

    def encode(embeddings: Tensor) -> Tensor:
        bits = (embeddings @ planes > 0).unflatten(1, (-1, 8))  # (N, bytes, 8)
        return (bits * weights).sum(dim=2).to(torch.uint8)

    sets = encode(problem.query), encode(problem.gallery)
    return Problem(*sets, problem.query_labels, problem.gallery_labels)
