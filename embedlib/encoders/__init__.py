"""Encoders: text to vectors, one module a kind; heavy libraries load with the first encoder."""
