"""What the files themselves tell: damaged, misnamed, inverted, blank."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from PIL import Image

from zssbir_lib.data.audit.file_facts import FileFacts
from zssbir_lib.data.audit.finding import ERROR, NOTE, WARNING, Finding
from zssbir_lib.modality import SKETCH

ExaminedFile = tuple[int, str, FileFacts]  # modality, class, what it is

DAMAGES = {
    "closed": ("files that cannot be opened", "check who may read them"),
    "empty": ("files of 0 bytes", "fetch them again, or delete them"),
    "truncated": ("images cut short", "fetch them again, or delete them"),
    "unreadable": ("files that are no readable images", "replace or delete them"),
    "too large": (
        "images so large that the decoder refuses them",
        "make them smaller, or delete them",
    ),
}
SKIP = "; fit leaves such files out with --skip-unreadable"
SAME_KIND = {"MPO": "JPEG"}  # several pictures in one JPEG file


def file_findings(files: Sequence[ExaminedFile]) -> list[Finding]:
    """Judge files one by one.

    Args:
        files: Modality, class and facts of every file.

    Returns:
        What was found, nothing for a sound data set.
    """
    facts = [one for _, _, one in files]
    sketches = [one for modality, _, one in files if modality == SKETCH]
    findings = [_damaged(facts, problem) for problem in DAMAGES]
    findings += [_inverted(sketches), _blank(facts), _huge(facts), _misnamed(facts)]
    return [one for one in findings if one.items]


def _damaged(facts: Sequence[FileFacts], problem: str) -> Finding:
    """Report the files with one kind of damage."""
    found = [f"{one.path}: {one.reason}" for one in facts if one.problem == problem]
    what, remedy = DAMAGES[problem]
    name = f"{problem} file"
    return Finding(ERROR, name, f"{what}: {len(found)}", tuple(found), remedy + SKIP)


def _inverted(sketches: Sequence[FileFacts]) -> Finding:
    """Report sketches that are not dark lines on light paper."""
    found = [one.path for one in sketches if one.dark]
    return Finding(
        WARNING,
        "inverted sketch",
        f"sketches mostly dark, not black on white: {len(found)} of {len(sketches):,}",
        tuple(found),
        "invert them: a network trained on black on white takes them for noise",
    )


def _blank(facts: Sequence[FileFacts]) -> Finding:
    """Report images that show nothing."""
    found = [one.path for one in facts if one.blank]
    return Finding(
        WARNING,
        "blank image",
        f"images of one colour: {len(found)}",
        tuple(found),
        "look at some; replace or delete those that show nothing",
    )


def _huge(facts: Sequence[FileFacts]) -> Finding:
    """Report images that are read, but slowly and with much memory."""
    found = [one.path for one in facts if one.huge]
    return Finding(
        WARNING,
        "huge image",
        f"images of more than {Image.MAX_IMAGE_PIXELS:,} pixels: {len(found)}",
        tuple(found),
        "make them smaller: each costs seconds and a gigabyte to read",
    )


def _misnamed(facts: Sequence[FileFacts]) -> Finding:
    """Report files whose ending does not say what they are."""
    endings = Image.registered_extensions()  # for example ".jpg": "JPEG"
    found = [
        f"{one.path}: {one.kind}"
        for one in facts
        if one.kind and not _named_rightly(one, endings)
    ]
    return Finding(
        NOTE,
        "wrong ending",
        f"files of another format than their name says: {len(found)}",
        tuple(found),
        "nothing: the content decides how a file is read",
    )


def _named_rightly(facts: FileFacts, endings: Mapping[str, str]) -> bool:
    """Say whether a file's ending fits its content."""
    kind = SAME_KIND.get(facts.kind, facts.kind)
    return endings.get(PurePosixPath(facts.path).suffix.lower()) == kind
