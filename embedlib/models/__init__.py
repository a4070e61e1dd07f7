"""Models: what exists, as data, and the files it is made of."""
