"""The command line as a module: `python -m embedlib.cli`."""

from embedlib.cli import main

main()
