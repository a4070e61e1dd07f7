"""Choosing how a model is read, on development data that no chapter tests on."""
