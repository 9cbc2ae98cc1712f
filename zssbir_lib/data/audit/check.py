"""Audit a data set: list it, examine every file, judge, report."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from zssbir_lib.data.audit.data_listing import DataListing, list_data
from zssbir_lib.data.audit.duplicates import duplicate_findings
from zssbir_lib.data.audit.examine import examine_files
from zssbir_lib.data.audit.file_findings import ExaminedFile, file_findings
from zssbir_lib.data.audit.finding import Finding, by_severity
from zssbir_lib.data.audit.folder_findings import folder_findings
from zssbir_lib.data.audit.list_findings import (
    ListWithClasses,
    list_findings,
    lists_beside,
)
from zssbir_lib.data.audit.pretraining_overlap import pretraining_overlap
from zssbir_lib.data.audit.report import AuditReport
from zssbir_lib.data.audit.split_findings import (
    overlap_findings,
    own_split_findings,
    split_findings,
)
from zssbir_lib.data.audit.split_fit import SplitFit, fit_split
from zssbir_lib.data.class_names import suggest
from zssbir_lib.data.layouts import QUICKDRAW, SKETCHY, TU_BERLIN
from zssbir_lib.data.public_splits import (
    PublicSplit,
    public_split,
    public_split_names,
)
from zssbir_lib.data.splits import ZeroShotSplit

DATASETS = {
    "sketchy": SKETCHY,
    "tuberlin": TU_BERLIN,
    "quickdraw": QUICKDRAW,
    "folder": None,
}
AUDIT_NAMES = tuple(DATASETS)


def check_data(
    name: str,
    root: str | Path,
    photos: str = "all",
    jobs: int | None = None,
    lists: Sequence[ListWithClasses] = (),
    split: ZeroShotSplit | None = None,
    fresh: bool = False,
) -> AuditReport:
    """Find out what a data set is and what is wrong with it.

    Every file is read and decoded. What was found out about a file is remembered, so
    that an audit that was stopped goes on, and one after repairs is quick.

    Args:
        name: "sketchy", "tuberlin" or "quickdraw": compare with what is published of
            it; "folder": a data set of your own.
        root: Its folder, in any known layout.
        photos: "all", or "extend-only": the photos of Sketchy Extended each once.
        jobs: Processes; None for all cores.
        lists: File lists to check, each with its class file, beside those that lie
            with the data.
        split: A split to compare with too: are its classes there, does it leak.
        fresh: Read every file, even those that have not changed since the last audit.

    Returns:
        The report.

    Raises:
        FileNotFoundError: If the folder or a list does not exist, or no layout fits.
        ValueError: If an argument is none of its choices.
        OSError: If notes cannot be kept, or a process died.
    """
    dataset = _dataset(name)
    listing = list_data(root, photos)
    files = _examine(listing, jobs, fresh)
    fits = _fits(dataset, listing)
    splits = _splits_in_use(fits, split)
    overlaps = {one.name: pretraining_overlap(one.unseen) for one in splits}
    findings = [
        *folder_findings(listing),
        *(_benchmark_findings(dataset, fits, listing) if dataset else []),
        *(own_split_findings(split, listing.complete_classes()) if split else []),
        *file_findings(files),
        *duplicate_findings(files, _originals(listing), splits),
        *_list_findings(listing, lists),
        *overlap_findings(overlaps),
    ]
    return AuditReport(
        name,
        Path(root).resolve().name,
        listing.found.layout.name,
        _places(listing),
        photos,
        listing.counts(),
        tuple(fits),
        overlaps,
        tuple(by_severity(findings)),
    )


def _dataset(name: str) -> str | None:
    """Return the published data set that a name stands for; None for your own."""
    if name not in DATASETS:
        raise ValueError(
            f"no data set {suggest(name, AUDIT_NAMES)}; expected one of "
            f"{', '.join(AUDIT_NAMES)}"
        )
    return DATASETS[name]


def _examine(listing: DataListing, jobs: int | None, fresh: bool) -> list[ExaminedFile]:
    """Examine the files and put the facts beside modality and class."""
    files = [(one, name, listing.relative(path)) for one, name, path in listing.files()]
    paths = [path for _, _, path in files]
    facts = examine_files(listing.found.root, paths, jobs, fresh)
    return [(modality, name, facts[path]) for modality, name, path in files]


def _published(dataset: str | None) -> list[PublicSplit]:
    """Return the published splits of a data set, or of all."""
    every = [public_split(name) for name in public_split_names()]
    return [one for one in every if dataset in (None, one.dataset)]


def _fits(dataset: str | None, listing: DataListing) -> list[SplitFit]:
    """Compare with the published splits; of your own data, keep those that fit."""
    counts, complete = listing.counts(), listing.complete_classes()
    fits = [
        fit_split(public, counts, complete, compare=dataset is not None)
        for public in _published(dataset)
    ]
    return fits if dataset else [one for one in fits if one.fits()]


def _splits_in_use(
    fits: Iterable[SplitFit], split: ZeroShotSplit | None
) -> list[ZeroShotSplit]:
    """Return the splits to look for leaks in: those that fit, and the one given."""
    splits = [public_split(fit.name).split for fit in fits if fit.fits()]
    if split and split.name not in [one.name for one in splits]:
        splits.append(split)
    return splits


def _benchmark_findings(
    dataset: str, fits: Sequence[SplitFit], listing: DataListing
) -> list[Finding]:
    """Judge classes and counts of a published data set."""
    split = _published(dataset)[0].split  # every split of it has the same classes
    return split_findings(fits, list(listing.counts()), split.seen + split.unseen)


def _list_findings(
    listing: DataListing, lists: Sequence[ListWithClasses]
) -> list[Finding]:
    """Check the lists that lie with the data and those given."""
    root = listing.found.root
    return list_findings([*lists_beside(root), *lists], root)


def _originals(listing: DataListing) -> str | None:
    """Return the folder of Sketchy's own photos if extended ones are read beside."""
    found = listing.found
    both = found.photos and found.extended and len(listing.folders) == 3
    return listing.relative(found.photos) if both else None


def _places(listing: DataListing) -> dict[str, str]:
    """Name the folders of the layout."""
    found = listing.found
    places = {
        "sketches": found.sketches,
        "photos": found.photos,
        "extended photos": found.extended,
    }
    return {kind: listing.relative(path) for kind, path in places.items() if path}
