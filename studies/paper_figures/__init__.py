"""The figures of the papers, drawn from our own models: a file a figure."""
