"""Zero-shot sketch-based image retrieval: a small library that the notebooks import."""

__version__ = "0.1.0"
