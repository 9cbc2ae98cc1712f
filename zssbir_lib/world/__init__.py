"""The embedded data set: object classes drawn as photos and as sketches.

Taught in: notebook 01.
"""
