"""Zero-shot sketch-based image retrieval: a course and a tested library."""
