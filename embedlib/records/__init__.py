"""Records: what a notebook claims, typed."""
