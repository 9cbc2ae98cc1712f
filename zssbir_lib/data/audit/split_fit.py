"""Which published split a data set fits: all classes, as many images as listed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zssbir_lib.data.spelling import pair_names
from zssbir_lib.data.public_splits import PublicSplit

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
        name: Name of the split.
        verdict: "equal", "close" or "off" (totals beside the published ones), "no
            published counts", "all classes there" (totals not compared), or "classes
            missing".
        reason: Why, in words.
        missing: Classes of the split without sketches or photos here.
        respelled: Class here to class of the split, where the spelling differs.
        totals: Group ("unseen photos", ...) to images here and published (or None).
        differing: Unseen classes whose count is not the published one, as sentences.
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
    """Compare a data set with a published split.

    Args:
        public: The split.
        counts: Sketches and photos of every class here.
        complete: The classes that have both.
        compare: Compare the numbers of images too, not the classes alone.

    Returns:
        How well it fits.
    """
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
    """Choose the published gallery that a number of photos is nearer to.

    Args:
        public: A split; for Sketchy two galleries are published, with the originals
            twice and with each photo once.
        found: Unseen photos here.

    Returns:
        "" or ", each once", the ending of the group's name in `PublicSplit.counts`.
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
        return MISSING, f"{len(missing)} of {every} classes: {_few(missing)}"
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


def _few(names: Sequence[str], most: int = 5) -> str:
    """List some names."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
