"""Data sets: words, relations, ratings and sentences, read from files as their authors distribute them."""
