"""Class definitions of the embedded world: one function draws one class."""
