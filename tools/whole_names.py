"""What the main table calls methods, protocols and representations."""

METHODS = {
    "pretrained": "starting weights, not trained for retrieval",
    "triplet": "triplet baseline",
    "classification": "classification alone, with gates",
    "sbtknet": "SBTKNet",
    "mathm": "MATHM",
    "bid-tri": "Bid-Tri, one fixed margin",
    "bid-qua": "Bid-Qua, one fixed margin",
    "ramln": "RAMLN, margins learned",
    "combined": "the combined recipe",
}
PROTOCOLS = {
    "zero_shot": "Zero-shot: sketches and photos of unseen classes",
    "seen_gallery": "Generalised: the photos of seen classes are in the gallery too",
    "seen_sample": "Generalised, as SEM-PCYC samples it: a fifth more queries and "
    "photos, of seen classes",
}
REPRESENTATIONS = {
    "real": "real-valued",
    "code": "64 bits",
    "real+": "real-valued +",
    "code+": "64 bits +",
}


def short(protocol: str) -> str:
    """Return the first words of what a protocol is."""
    return PROTOCOLS[protocol].partition(":")[0]


def name_of(row: str) -> str:
    """Return the method of a row METHOD:PROFILE."""
    return row.partition(":")[0]
