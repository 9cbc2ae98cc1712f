"""What is published of a data set: splits that it fits, classes that ImageNet shows.

`imagenet_relatives.json` lists, for every class of the three benchmarks, the categories
of ImageNet-1k (as torchvision names them) that show it, judged by hand one by one:

- "same": the category is the class under this or another name ("blimp": airship);
- "narrower": the category is one kind of it ("songbird": goldfinch, robin, ...);
- "related": no kind of it, but its photos show the class as well or something easily
  taken for it: a wider category ("teacup": cup), a near relative ("seagull":
  albatross), a whole or a part ("window": window shade).

A class counts as seen if it has a category at one of the first two levels.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from zssbir_lib.data.class_names import name_key, pair_names
from zssbir_lib.data.splits import PublicSplit

Counts = Mapping[str, tuple[int, int]]  # class -> sketches, photos

EQUAL, CLOSE, OFF = "equal", "close", "off"
UNKNOWN, MISSING = "no published counts", "classes missing"
NOT_COMPARED = "all classes there"
CLOSE_SHARE = 0.01  # a total may be this far from the published one and be close
ONCE = ", each once"


@dataclass(frozen=True)
class SplitFit:
    """Say how well a data set fits a published split.

    Args:
        name: name of the split.
        verdict: "equal", "close" or "off" (totals beside the published ones), "no
            published counts", "all classes there" (totals not compared), or "classes
            missing".
        reason: why, in words.
        missing: classes of the split without sketches or photos here.
        respelled: class here to class of the split, where the spelling differs.
        totals: group ("unseen photos", ...) to images here and published (or None).
        differing: unseen classes whose count is not the published one, as sentences.
    """

    name: str
    verdict: str
    reason: str
    missing: tuple[str, ...]
    respelled: Mapping[str, str]
    totals: Mapping[str, tuple[int, int | None]]
    differing: tuple[str, ...]

    def fits(self) -> bool:
        """Say whether every class of the split is there."""
        return self.verdict != MISSING


def fit_split(
    public: PublicSplit, counts: Counts, complete: Sequence[str], compare: bool
) -> SplitFit:
    """Compare classes, and perhaps numbers of images, with a published split."""
    split = public.split
    pairing = pair_names(complete, split.seen + split.unseen)
    here = {name: counts[found] for found, name in pairing.pairs.items()}
    missing = tuple(name for name in split.seen + split.unseen if name not in here)
    totals, photos = _totals(public, here)
    differing = tuple(_differing(public, here, photos))
    verdict, reason = _judge(public, totals, missing, compare, photos)
    return SplitFit(
        split.name,
        verdict,
        reason,
        missing,
        pairing.respelled(),
        totals,
        differing if compare else (),
    )


def published_photos(public: PublicSplit, found: int) -> str:
    """Choose the published gallery that a number of unseen photos is nearer to.

    For Sketchy two are published: with the originals twice, and with each photo once.
    Returns the ending of the group's name in `PublicSplit.counts`: "" or ", each once".
    """
    known = {
        ending: public.counts.get(f"unseen photos{ending}") for ending in ("", ONCE)
    }
    distances = {ending: abs(found - count) for ending, count in known.items() if count}
    return min(distances, key=distances.get, default="")


def _totals(
    public: PublicSplit, here: Counts
) -> tuple[dict[str, tuple[int, int | None]], str]:
    """Add up seen and unseen images; return also which gallery they are nearer to."""
    found = {}
    for group, names in (("seen", public.split.seen), ("unseen", public.split.unseen)):
        for place, modality in enumerate(("sketches", "photos")):
            total = sum(here[name][place] for name in names if name in here)
            found[f"{group} {modality}"] = total
    ending = published_photos(public, found["unseen photos"])
    totals = {}
    for group, total in found.items():
        name = group + ending if group.endswith("photos") else group
        totals[name] = (total, public.counts.get(name))
    return totals, ending


def _judge(
    public: PublicSplit,
    totals: Mapping[str, tuple[int, int | None]],
    missing: Sequence[str],
    compare: bool,
    ending: str,
) -> tuple[str, str]:
    """Return the verdict and the reason."""
    if missing:
        every = len(public.split.seen + public.split.unseen)
        return MISSING, f"{len(missing)} of {every} classes: {few(missing, 5)}"
    known = {group: pair for group, pair in totals.items() if pair[1] is not None}
    if not compare:
        return NOT_COMPARED, "numbers of images not compared"
    if not known:
        return UNKNOWN, "all classes are there"
    gallery = " (each photo once)" if ending else ""
    unequal = {group: pair for group, pair in known.items() if pair[0] != pair[1]}
    if not unequal:
        return EQUAL, f"{', '.join(known)}: as published{gallery}"
    far = any(
        abs(here - there) > CLOSE_SHARE * there for here, there in unequal.values()
    )
    reason = "; ".join(_gap(group, *pair) for group, pair in unequal.items())
    return (OFF if far else CLOSE), reason


def _gap(group: str, here: int, published: int) -> str:
    """Write how a total differs, for example "12 unseen photos, 24 published"."""
    share = (here - published) / published
    return f"{group}: {here:,} here, {published:,} published ({share:+.1%})"


def _differing(public: PublicSplit, here: Counts, ending: str) -> Iterable[str]:
    """Yield a sentence for every unseen class with another number of images."""
    counts, classes = public.counts, len(public.split.unseen)
    copies = 0
    if ending:
        copies = (counts["unseen photos"] - counts["unseen photos" + ending]) // classes
    for name in public.split.unseen:
        if name not in here:
            continue
        sketches, photos = here[name]
        expected = public.sketches_per_class.get(name, sketches)
        if sketches != expected:
            yield f"{name}: {sketches:,} sketches, {expected:,} published"
        expected = public.photos_per_class.get(name, photos + copies) - copies
        if photos != expected:
            yield f"{name}: {photos:,} photos, {expected:,} published"


def few(names: Sequence[str], most: int) -> str:
    """List some names."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# what a backbone pretrained on ImageNet-1k has already seen

LEVELS = ("same", "narrower", "related")
SEEN_LEVELS = ("same", "narrower")

Relatives = Mapping[str, Sequence[str]]  # level -> categories


@dataclass(frozen=True)
class PretrainingOverlap:
    """What ImageNet-1k shows of some classes.

    Args:
        seen: class to the categories that are it, or kinds of it.
        related: class to the categories near it; only classes that are not seen.
        unknown: classes that nobody has judged.
        total: number of classes asked about.
    """

    seen: Mapping[str, tuple[str, ...]]
    related: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...]
    total: int


def imagenet_relatives(class_name: str) -> Relatives | None:
    """Look up the ImageNet-1k categories that show a class, spelt in any way.

    Level ("same", "narrower", "related") to categories; empty if ImageNet-1k has
    nothing like it; None if no public data set has the class.
    """
    return _table().get(name_key(class_name))


def pretraining_overlap(class_names: Sequence[str]) -> PretrainingOverlap:
    """Find the classes that an ImageNet-1k backbone has met."""
    seen, related, unknown = {}, {}, []
    for name in class_names:
        relatives = imagenet_relatives(name)
        if relatives is None:
            unknown.append(name)
            continue
        shown = [one for level in SEEN_LEVELS for one in relatives.get(level, ())]
        if shown:
            seen[name] = tuple(shown)
        elif relatives.get("related"):
            related[name] = tuple(relatives["related"])
    return PretrainingOverlap(seen, related, tuple(unknown), len(class_names))


@cache
def _table() -> dict[str, Relatives]:
    """Read the file once; classes by their key."""
    file = files("zssbir_lib.data").joinpath("imagenet_relatives.json")
    content = json.loads(file.read_text(encoding="utf-8"))
    return {name_key(name): relatives for name, relatives in content.items()}
