"""Embeddings: tables of vectors, made once and kept in the store."""
