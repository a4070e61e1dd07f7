"""Digests of source code and data, by which caches and runs notice a change."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path


def code_digest(files: Iterable[Path]) -> str:
    """Digest Python files by their syntax trees, in the order given (16 hex digits).

    Comments, layout and docstrings leave the digest as it is.
    """
    digest = hashlib.sha256()
    for path in files:
        stat = path.stat()
        digest.update(_tree_digest(path, stat.st_mtime_ns, stat.st_size).encode())
    return digest.hexdigest()[:16]


@functools.lru_cache(maxsize=256)
def _tree_digest(path: Path, mtime_ns: int, size: int) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return hashlib.sha256(repr(_shape(tree)).encode()).hexdigest()


def _shape(node: object) -> object:
    """Give a syntax tree as lists, the same in every version of Python, as `ast.dump` is not: empty fields go."""
    if isinstance(node, ast.AST):
        return [
            type(node).__name__,
            *([name, _shape(value)] for name, value in ast.iter_fields(node) if value not in (None, [])),
        ]
    return [_shape(part) for part in node] if isinstance(node, list) else node


def library_files() -> list[Path]:
    """List the modules that a notebook's numbers can depend on: all but `book/` and `cli/`."""
    package = Path(__file__).parent
    return sorted(path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in {"book", "cli"})
