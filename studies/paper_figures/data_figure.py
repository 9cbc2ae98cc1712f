"""f07_data: how many images every class has, and the public data sets."""

from paper_figures.material import Material
from paper_figures.words import Drawn, and_list
from zssbir_lib.data import SketchPhotoData, ZeroShotData, public_split
from zssbir_lib.display import class_counts_plot

PUBLISHED = ("sketchy-21", "tuberlin-30", "quickdraw-30")
LISTED_SIZE = 32  # no image is looked at
Counts = dict[str, tuple[int, int]]  # class -> sketches, photos


def draw_data(material: Material) -> Drawn:
    """Count the images of the split's classes and draw the counts."""
    known = material.options.runs is not None
    size = material.ours.recipe.image_size if known else LISTED_SIZE
    groups = count_groups(material.parts(size))
    published = {f"{public_split(n).dataset}\n({n})": totals(n) for n in PUBLISHED}
    alt = (
        "Numbers of sketches and photos of every class, seen, validation and unseen; "
        "below, bars for the totals of three public data sets"
    )
    figure = class_counts_plot(groups, published, finding(groups))
    return Drawn(figure, alt, describe(material, groups))


def count_groups(parts: ZeroShotData) -> dict[str, Counts]:
    """Return sketches and photos of every class, by group of classes."""
    names = ("seen", "validation", "unseen")
    groups = {name: getattr(parts, name) for name in names}
    return {name: count_images(one) for name, one in groups.items() if one is not None}


def count_images(data: SketchPhotoData) -> Counts:
    """Return the numbers of sketches and of photos of every class."""
    size = len(data.class_names)
    sets = (data.sketches, data.photos)
    counts = (images.labels.bincount(minlength=size).tolist() for images in sets)
    return dict(zip(data.class_names, zip(*counts, strict=True), strict=True))


def totals(name: str) -> dict[str, tuple[int, bool]]:
    """Return the images of a published split by group, and whether they were counted.

    Where the public lists do not allow counting, the library's estimate stands.
    """
    public = public_split(name)
    counts = {}
    for group in ("seen sketches", "unseen sketches", "seen photos", "unseen photos"):
        counted = public.counts[group]
        known = counted is not None
        counts[group] = (counted if known else public.estimates[group], known)
    return counts


def finding(groups: dict[str, Counts]) -> str:
    """Say in one sentence how evenly images are spread over classes."""
    counts = [one for group in groups.values() for one in group.values()]
    sketches, photos = (spread(numbers) for numbers in zip(*counts, strict=True))
    return f"Every class has {sketches} sketches and {photos} photos"


def spread(numbers: tuple[int, ...]) -> str:
    """Return how many images classes have, "60" or "57 to 60"."""
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def describe(material: Material, groups: dict[str, Counts]) -> str:
    """Return the caption."""
    lines = []
    for name, counts in groups.items():
        sketches, photos = map(sum, zip(*counts.values(), strict=True))
        lines.append(
            f"{len(counts)} {name} classes with {sketches:,} sketches and {photos:,} "
            "photos"
        )
    guessed = [
        n for n in PUBLISHED if not all(known for _, known in totals(n).values())
    ]
    about = (
        f" Seen images of {and_list(guessed)} cannot be counted in public lists: those "
        "bars are the papers' totals less what was counted."
        if guessed
        else ""
    )
    is_world = material.source["data"] == "world"
    where = "the embedded world" if is_world else "the data"
    return (
        f"Counted in {where}, split {material.split.name}: {and_list(lines)}. Below, "
        f"the images that public file lists of {and_list(list(PUBLISHED))} name, seen "
        "and unseen; the lists of Sketchy Extended name its 12,500 original photos "
        f"twice.{about}"
    )
