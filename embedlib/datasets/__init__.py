"""Data sets: words, relations, ratings and sentences, read from files as people have them."""
