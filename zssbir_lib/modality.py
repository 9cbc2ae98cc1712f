"""The two modalities and their numbers, the same in every tensor and file.

Taught in: notebook 01.
"""

SKETCH = 0
PHOTO = 1
NAMES = ("sketch", "photo")
