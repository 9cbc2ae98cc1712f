"""Binary codes: a projection, a rotation, and the sign of every number.

``rotation`` learns the rotation that brings embeddings near to the corners of a
cube, ``itq`` fits projection and rotation to a gallery and encodes images,
``packing`` keeps eight bits in a byte. ``distance="hamming"`` of the evaluation ranks
the packed codes.
"""
