"""The two modalities and their numbers, the same in every tensor and file."""

SKETCH = 0
PHOTO = 1
NAMES = ("sketch", "photo")
