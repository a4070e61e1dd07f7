"""Checking: the drift gate, comparisons, links, and the machine itself."""
