"""f07_data: how many images every class has, and the public data sets."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch

from paper_figures.material import Material
from paper_figures.words import Drawn, and_list
from zssbir_lib.data import SketchPhotoData, ZeroShotData, public_split
from zssbir_lib.display import style
from zssbir_lib.display.arrays import require
from zssbir_lib.modality import PHOTO, SKETCH

PUBLISHED = ("sketchy-21", "tuberlin-30", "quickdraw-30")
LISTED_SIZE = 32  # no image is looked at
Counts = Mapping[str, tuple[int, int]]  # class -> sketches, photos
Totals = Mapping[str, tuple[int, bool]]  # "seen photos", ... -> images, counted
PLURALS = {SKETCH: "sketches", PHOTO: "photos"}
NAMED_CLASSES = 80  # with more, the names would run into each other
UNSEEN = "unseen"
NARROWEST = 0.2  # panel, as a share of all classes: its title needs the room
SIZES = {PHOTO: 22, SKETCH: 12}  # a sketch's mark does not hide a photo's below it
ROOM = 1.8  # of the longest bar, for the text beside it


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


def totals(name: str) -> Totals:
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


def class_counts_plot(
    groups: Mapping[str, Counts],
    published: Mapping[str, Totals],
    title: str | None = None,
) -> Figure:
    """Draw the images of every class, and below it the totals of public data sets.

    Sketches are triangles, photos circles; they are filled for classes that may be
    trained on and open for unseen ones. Classes stand in order of their images.
    """
    whole = groups and all(groups.values())
    require(whole, "no classes to draw: give one group with one class or more")
    heights = [2.5, 0.75 + 0.5 * len(published)]
    fig = plt.figure(
        figsize=(style.FIGURE_WIDTH, sum(heights) + 0.3), layout="constrained"
    )
    style.write_title(fig, title, **style.AT_LEFT)
    top, below = fig.subfigures(2, 1, height_ratios=heights)
    draw_groups(top, groups)
    draw_totals(below, published)
    return fig


def draw_groups(fig: SubFigure, groups: Mapping[str, Counts]) -> None:
    """Draw a strip of classes for each group, as wide as it has classes."""
    sizes = [len(counts) for counts in groups.values()]
    ratios = [max(size, sum(sizes) * NARROWEST) for size in sizes]
    panels = fig.subplots(
        1, len(groups), sharey=True, squeeze=False, width_ratios=ratios
    )[0]
    for axes, (name, counts) in zip(panels, groups.items(), strict=True):
        draw_classes(axes, counts, is_open=name == UNSEEN)
        axes.set_title(f"{len(counts)} {name}", fontsize=9)
        if sum(sizes) > NAMED_CLASSES:
            axes.set_xticks([])
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("images of a class")
    handles = [
        plt.Line2D([], [], linestyle="", label=PLURALS[kind], **look)
        for kind, look in style.MODALITY_LOOKS.items()
    ]
    fig.legend(handles=handles, loc="outside right upper", fontsize=8)


def draw_classes(axes: Axes, counts: Counts, is_open: bool) -> None:
    """Draw the two numbers of every class, the largest classes first."""
    names = sorted(counts, key=lambda name: (-sum(counts[name]), name))
    numbers = np.array([counts[name] for name in names])  # (C, 2)
    for kind, size in SIZES.items():
        colour = style.MODALITY_COLOURS[kind]
        face, line = ("white", 0.9) if is_open else (colour, 0)
        look = {"c": face, "edgecolors": colour, "linewidths": line, "s": size}
        look |= {"marker": style.MODALITY_MARKERS[kind], "clip_on": False}
        axes.scatter(range(len(names)), numbers[:, kind], **look)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=5.5)
    axes.tick_params(axis="x", length=0, pad=1)
    axes.set_xlim(-1, len(names))


def draw_totals(fig: SubFigure, published: Mapping[str, Totals]) -> None:
    """Draw two bars for every public data set: its sketches, its photos."""
    axes = fig.subplots()
    for place, (name, totals) in enumerate(published.items()):
        for kind, shift in ((SKETCH, -0.2), (PHOTO, 0.2)):
            draw_bar(axes, place + shift, name, totals, kind)
    longest = max(bar.get_x() + bar.get_width() for bar in axes.patches)
    axes.set(xlim=(0, ROOM * longest), ylim=(len(published) - 0.5, -0.5))
    axes.set_yticks(range(len(published)), list(published), fontsize=8)
    axes.set_xlabel("images, of all classes together", fontsize=8)
    ticks = [tick for tick in axes.get_xticks() if tick <= longest]
    axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks], fontsize=8)
    axes.spines["bottom"].set_bounds(0, longest)
    axes.grid(False)
    axes.set_title("Public data sets", fontsize=9)
    edge = {"edgecolor": style.NEUTRAL_COLOUR}
    handles = [
        Patch(facecolor=style.NEUTRAL_COLOUR, label="seen", **edge),
        Patch(facecolor="white", hatch="////", label="unseen", **edge),
    ]
    axes.legend(handles=handles, loc="upper right", fontsize=8)


def draw_bar(axes: Axes, height: float, name: str, totals: Totals, kind: int) -> None:
    """Draw the images of one modality: seen, then unseen; and write how many."""
    groups = [f"seen {PLURALS[kind]}", f"unseen {PLURALS[kind]}"]
    for group in groups:
        require(group in totals, f"{name} has no number of {group}")
    (seen, seen_counted), (unseen, unseen_counted) = (totals[one] for one in groups)
    look = {"height": 0.36, "edgecolor": style.MODALITY_COLOURS[kind], "linewidth": 0.8}
    axes.barh(height, seen, color=style.MODALITY_COLOURS[kind], **look)
    axes.barh(height, unseen, left=seen, color="white", hatch="////", **look)
    total = f"{seen + unseen:,}"
    if not (seen_counted and unseen_counted):
        total = f"about {round(seen + unseen, -3):,}"
    text = f"{total} {PLURALS[kind]}, {unseen:,} of them unseen"
    end = (seen + unseen, height)
    style.note(axes, text, end, (4, 0), ha="left", va="center", fontsize=7)


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
