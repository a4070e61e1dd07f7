"""Resolve the pins again (run by `make lock`, in an empty virtual environment).

Installs what pyproject.toml names and freezes it into requirements.txt, then installs what `API` and the tools of
`DEV` need, and freezes what they add into requirements-api.txt and requirements-dev.txt. requirements-carriers.txt is
kept by hand: its packages are data, and what they require is not installed.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DEV = [
    "IsoScore", "axe-playwright-python", "hypothesis", "minicons", "mypy", "pandas-stubs", "playwright",
    "pre-commit", "pytest", "pytest-cov", "pytest-xdist", "ruff", "scipy-stubs", "types-PyYAML", "types-regex",
    "wordfreq",
]  # fmt: skip
API = ["openai"]
OWN = {"pip", "embedlib"}
TORCH = "torch==2.13.0"
HEADER = "# Written by `make lock` from {source}: exact pins of what {what} needs, Python 3.11 to 3.13.\n"


def pip(*arguments: str) -> str:
    """Run pip of this environment and give what it printed."""
    command = [sys.executable, "-m", "pip", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def frozen() -> dict[str, str]:
    """List what is installed, without local version labels such as `+cpu`."""
    lines = pip("freeze", "--all", "--exclude-editable").splitlines()
    pins = dict(line.split("==", 1) for line in lines if "==" in line)
    return {name: version.split("+")[0] for name, version in pins.items() if name not in OWN}


def write(name: str, source: str, what: str, pins: dict[str, str]) -> None:
    """Write pins to a requirements file."""
    body = "".join(f"{package}=={version}\n" for package, version in sorted(pins.items(), key=str))
    (PROJECT / name).write_text(HEADER.format(source=source, what=what) + body, encoding="utf-8")


def main() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    build = project["build-system"]["requires"]
    names = [name for name in project["project"]["dependencies"] if name != "torch"]
    pip("install", "--quiet", "--only-binary", ":all:", TORCH, "wheel", *build, *names)
    book = frozen()
    write("requirements.txt", "pyproject.toml", "the book", book)
    pip("install", "--quiet", TORCH, *API, "-r", str(PROJECT / "requirements.txt"))
    api = {name: version for name, version in frozen().items() if name not in book}
    write("requirements-api.txt", "data/scripts/lock.py", "only embedding APIs", api)
    pip("install", "--quiet", TORCH, *DEV, "-r", str(PROJECT / "requirements.txt"))
    added = {name: version for name, version in frozen().items() if name not in book | api}
    write("requirements-dev.txt", "data/scripts/lock.py", "only testing", added)


if __name__ == "__main__":
    main()
