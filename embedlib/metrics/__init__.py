"""Metrics: pure functions on arrays; no files, no models, nothing mutated."""
