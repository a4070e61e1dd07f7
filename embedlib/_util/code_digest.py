"""Digests of source code and data, by which caches and runs notice a change."""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.util
from collections.abc import Collection, Iterable
from pathlib import Path

import embedlib
from embedlib._util.paths import cache_dir, written_whole
from embedlib.errors import EmbedlibError

_THIS_MODULE = Path(__file__).read_bytes()  # another version of it may digest in another way
_PACKAGE = Path(__file__).resolve().parent.parent


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
    """Digest the syntax tree of a file, which takes long enough to be kept in the cache: by all bytes of the file."""
    source = path.read_bytes()
    place = None
    with contextlib.suppress(OSError, UnicodeDecodeError, EmbedlibError):  # not kept yet, damaged, or without a cache
        place = cache_dir() / "digests" / hashlib.sha256(_THIS_MODULE + source).hexdigest()
        if len(known := place.read_text(encoding="ascii")) == hashlib.sha256().digest_size * 2:
            return known
    digest = _digest_tree(ast.parse(source))
    if place:
        with contextlib.suppress(OSError), written_whole(place) as part:
            part.write_text(digest, encoding="ascii")
    return digest


def _digest_tree(tree: ast.Module) -> str:
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


def imported_files(*modules: str) -> list[Path]:
    """List the files of modules, and of those that they import, in any place and through others.

    The names are dotted. Followed are imports of embedlib and of the packages that the given modules belong to;
    what stands in an import within a function or under `TYPE_CHECKING` counts as well. Nothing is imported.
    Rising by path. Raises `ModuleNotFoundError` for a module that is not there.

    Example:
        >>> [path.name for path in imported_files("embedlib.errors")]
        ['errors.py']
    """
    packages = frozenset({"embedlib", *(name.partition(".")[0] for name in modules)})
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = module_file(name)
        if path is None:
            raise ModuleNotFoundError(f"{name.partition('.')[0]} has no module {name!r}")
        found[name] = path
        stat = path.stat()
        waiting += _imports(name, path, packages, stat.st_mtime_ns, stat.st_size)
    return sorted(found.values())


@functools.lru_cache(maxsize=512)
def _imports(name: str, path: Path, packages: frozenset[str], mtime_ns: int, size: int) -> tuple[str, ...]:
    """Name the modules of some packages that a module imports; a package that a module lies in is not one of them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # What a relative import starts from.
    parent = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return tuple(named_modules(tree, packages, parent))


def named_modules(tree: ast.AST, packages: Collection[str] = ("embedlib",), parent: str = "") -> list[str]:
    """Name the modules of some packages that the imports of some code name, each once.

    A public name of embedlib, as in `from embedlib import load_words`, counts as the module that it is from.
    `parent` is the package that the code lies in, from which relative imports start.
    """
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, parent)
            if module == "embedlib":
                names += [public_module(alias.name) for alias in node.names]
            elif module.partition(".")[0] in packages:
                parts = [f"{module}.{alias.name}" for alias in node.names]
                names += [part if module_file(part) else module for part in parts]
    return list(dict.fromkeys(name for name in names if name.partition(".")[0] in packages and module_file(name)))


def public_module(name: str) -> str:
    """Name the module that `embedlib.NAME` is from, or is.

    Example:
        >>> public_module("load_words")
        'embedlib.datasets.lexicon'
        >>> public_module("figures")
        'embedlib.figures'
    """
    return f"embedlib.{embedlib._HOME.get(name, name)}"


def _absolute(node: ast.ImportFrom, parent: str) -> str:
    """Name the module that an import is from, in full: `from .tools import x` in `one` is from `one.tools`."""
    if not node.level:
        return node.module or ""
    parts = parent.split(".")
    kept = parts[: len(parts) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


@functools.lru_cache(maxsize=1024)
def module_file(name: str) -> Path | None:
    """Find the file of a module by its dotted name; None where there is none. embedlib's own top counts as none."""
    first, *rest = name.split(".")
    if first == "embedlib":
        return _below(_PACKAGE, rest) if rest else None
    spec = importlib.util.find_spec(first)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin else None
    found = (_below(Path(folder), rest) for folder in spec.submodule_search_locations or ())
    return next((file for file in found if file), None)


def _below(folder: Path, parts: list[str]) -> Path | None:
    path = folder.joinpath(*parts)
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def library_files() -> list[Path]:
    """List the modules that a notebook's numbers can depend on: all but `book/` and `cli/`."""
    return sorted(path for path in _PACKAGE.rglob("*.py") if path.relative_to(_PACKAGE).parts[0] not in {"book", "cli"})
