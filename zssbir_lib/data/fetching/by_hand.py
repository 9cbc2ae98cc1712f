"""Data sets that nobody may fetch for you: where they are, how to get them, terms."""

from dataclasses import dataclass

HONEST = (
    "Links to these data sets die and copies differ under one name. Whatever you have "
    "downloaded, and from wherever, the next command tells what it is."
)


@dataclass(frozen=True)
class ByHand:
    """Describe a data set that has to be downloaded by hand.

    Args:
        title: What it is.
        where: Pages to go to, each with what is there.
        how: What to do, step by step.
        terms: Under what terms it may be used, as far as its owners say.
        looks: What the folder holds afterwards.
        check: What to say to `data check` afterwards.
    """

    title: str
    where: tuple[str, ...]
    how: tuple[str, ...]
    terms: str
    looks: tuple[str, ...]
    check: str


SAKE = "https://github.com/qliu24/SAKE"
SEM_PCYC = "https://github.com/AnjanDutta/sem-pcyc"
DOODLE2SEARCH = "https://github.com/sounakdey/doodle2search"
ZSE_SBIR = "https://github.com/buptLinfy/ZSE-SBIR"

BY_HAND = {
    "sketchy": ByHand(
        title="Sketchy Extended: 125 classes, 75,481 sketches, 73,002 photos",
        where=(
            "https://sketchy.eye.gatech.edu/ (Sketchy: sketches and 12,500 photos)",
            f"{SEM_PCYC} (download_datasets.sh names both Sketchy and the 60,502 more)",
            f"{SAKE} (its README links an archive with all, and the usual file lists)",
        ),
        how=(
            "Download Sketchy (an archive .7z: unpack it with 7-Zip).",
            "Download the extended photos and unpack them beside it.",
            "Or take the one archive that SAKE links, if it is still there.",
        ),
        terms=(
            "Ask the owners: the project page states what is allowed. The photos are "
            "from ImageNet, whose terms are non-commercial research and education."
        ),
        looks=(
            "256x256/sketch/tx_000000000000/<class>/*.png",
            "256x256/photo/tx_000000000000/<class>/*.jpg",
            "EXTEND_image_sketchy/<class>/*.jpg",
        ),
        check="sketchy FOLDER",
    ),
    "tuberlin": ByHand(
        title="TU-Berlin Extended: 250 classes, 20,000 sketches, 204,489 photos",
        where=(
            "http://cybertron.cg.tu-berlin.de/eitz/projects/classifysketch/ (sketches)",
            f"{SEM_PCYC} (download_datasets.sh names the photos)",
            f"{SAKE} (its README links an archive with all, and the usual file lists)",
        ),
        how=(
            "Download the sketches as PNG and unpack them.",
            "Download the photos and unpack them beside the sketches.",
        ),
        terms=(
            "The sketches: Creative Commons Attribution 4.0 (CC BY 4.0), cite Eitz, "
            "Hays and Alexa 2012. The photos were collected from the web: no licence "
            "is known."
        ),
        looks=("png/<class>/*.png", "ImageResized/<class>/*.jpg"),
        check="tuberlin FOLDER",
    ),
    "quickdraw-extended": ByHand(
        title="QuickDraw Extended: 110 classes, 330,000 sketches, 204,000 photos",
        where=(f"{DOODLE2SEARCH} (its README links sketches and photos)",),
        how=("Download both archives and unpack them into one folder.",),
        terms=(
            "The drawings: Creative Commons Attribution 4.0 (CC BY 4.0), the Quick, "
            "Draw! Dataset, Google. The photos are from Flickr, each under its own "
            "terms."
        ),
        looks=(
            "QuickDraw_sketches_final/<class>/*.png",
            "QuickDraw_images_final/<class>/*.jpg",
        ),
        check="quickdraw FOLDER",
    ),
    "sake-lists": ByHand(
        title="File lists of the SAKE family: which image is in which part of a split",
        where=(
            f"{ZSE_SBIR} (folder datasets: Sketchy, TU-Berlin, QuickDraw)",
            f"{SAKE} (its README links an archive with images and lists)",
        ),
        how=(
            "Clone ZSE-SBIR and copy the folders of `datasets` beside your images.",
            "Check the labels: one released list for Sketchy is mislabelled.",
        ),
        terms="ZSE-SBIR is under the MIT licence; none is known for SAKE.",
        looks=(
            "zeroshot1/all_photo_filelist_train.txt (each line: a path, a label)",
            "zeroshot1/sketch_tx_000000000000_ready_filelist_train.txt",
            "zeroshot1/cname_cid.txt (each line: a class name, a label)",
        ),
        check="sketchy FOLDER --list LIST CLASSES",
    ),
}


def instructions(name: str) -> str:
    """Say how to get a data set by hand.

    Args:
        name: A key of `BY_HAND`.

    Returns:
        Several lines of text.
    """
    source = BY_HAND[name]
    steps = [f"{number}. {step}" for number, step in enumerate(source.how, start=1)]
    blocks = {
        "Where": source.where,
        "How": steps,
        "Terms": (source.terms,),
        "Afterwards the folder holds": source.looks,
    }
    lines = [source.title, ""]
    for heading, content in blocks.items():
        lines += [f"{heading}:", *(f"  {line}" for line in content), ""]
    lines += [HONEST, f"  python -m zssbir_lib data check {source.check}"]
    return "\n".join(lines)
