"""The machinery of the book: parameters, runs, the drift gate and the build."""
