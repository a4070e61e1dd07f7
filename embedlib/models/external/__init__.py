"""Models outside the roster: a path or a hub id, turned into a spec like those of the roster."""
