"""What a notebook uses, read from its code: modules of embedlib, data sets, data files and models.

Nothing is run. Where the code does not say what it uses, as with `importlib.import_module(name)` or a path that is
put together from variables, everything that it could be counts as used.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from embedlib._util.code_digest import imported_files, library_files, module_file, named_modules, public_module
from embedlib._util.paths import PROJECT
from embedlib.book.run.parameter_files import watched
from embedlib.datasets.catalogue import dataset_names, find_dataset
from embedlib.errors import EmbedlibError

_PACKAGE = PROJECT / "embedlib"
_DATA = PROJECT / "data"
# Modules that import others by name. Which ones they import is told by the data sets and the models of a run.
_BY_NAME = ("encoders/", "datasets/catalogue.py")
# Functions by which code reaches modules that its imports do not name: methods of this name, and built-in functions.
_IMPORTERS = {"import_module", "__import__", "resolve_name", "run_module", "run_path", "get_ipython"}
_RUNNERS = {"exec", "eval", "compile"}


@dataclass(frozen=True)
class Uses:
    """What a notebook uses, in sorted order.

    `code` is the files of embedlib's modules, `datasets` the names of data sets, `data` the files that these and the
    code read, and `texts` the texts that are written in the code. `whole_roster` says whether it looks at every known
    model.
    """

    code: tuple[Path, ...]
    datasets: tuple[str, ...]
    data: tuple[Path, ...]
    texts: frozenset[str]
    whole_roster: bool

    def uses_module(self, name: str) -> bool:
        """Say whether the notebook uses a module of embedlib, itself or through others."""
        return module_file(name) in self.code


def uses_of(notebook: NotebookNode) -> Uses:
    """Read what a notebook uses from its code cells; the values of its parameters are not looked at.

    The modules of embedlib are those that the code imports and those that they import in turn, wherever the import
    stands. `import embedlib` counts as the modules whose public names follow, as in `embedlib.load_words`.
    A package counts with all of its modules. Code that cannot be parsed, or that imports modules by a name that is
    made at run time, uses the whole library, all data and all models.
    """
    cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", [])
    ]
    try:
        own = _read(ast.Module([line for cell in cells for line in ast.parse(cell.source).body], []), notebook=True)
    except SyntaxError:
        own = _EVERYTHING
    code = set(imported_files(*own.modules))
    found = [own, *(_read_file(path, *_stamp(path)) for path in code if not _imports_by_name(path))]
    datasets = {name for facts in found for name in facts.datasets}
    if any(facts.any_dataset for facts in found):
        datasets |= set(dataset_names())
    readers = [module for name in datasets for module in _reader_modules(name)]
    code |= set(imported_files(*readers))
    found += [_read_file(path, *_stamp(path)) for path in imported_files(*readers) if not _imports_by_name(path)]
    data = [_DATA / place for facts in found for place in facts.data]
    data += [file for name in datasets for file in _dataset_files(name)]
    if any(facts.any_module for facts in found):
        code = set(library_files())
    code |= {_PACKAGE / "__init__.py", *(package for path in code for package in _packages_around(path))}
    return Uses(
        tuple(sorted(code)),
        tuple(sorted(datasets)),
        tuple(sorted({file for place in data for file in _data_files(place)})),
        own.texts,
        any(facts.whole_roster for facts in found),
    )


@dataclass(frozen=True)
class _Facts:
    """What one piece of code says about itself; `data` are paths below data/, where "" is all of it."""

    modules: frozenset[str] = frozenset()
    any_module: bool = False
    datasets: frozenset[str] = frozenset()
    any_dataset: bool = False
    data: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    whole_roster: bool = False


_EVERYTHING = _Facts(any_module=True, any_dataset=True, data=frozenset([""]), whole_roster=True)


@functools.lru_cache(maxsize=512)
def _read_file(path: Path, mtime_ns: int, size: int) -> _Facts:
    """Read a module of the library, whose own imports `imported_files` follows."""
    return _read(ast.parse(path.read_text(encoding="utf-8")), notebook=False)


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def _read(tree: ast.AST, *, notebook: bool) -> _Facts:
    """Read what a piece of code uses; in a notebook also modules by attribute, paths as texts, and models."""
    nodes = list(ast.walk(tree))
    named = {_name_of(node) for node in nodes}
    star = any(
        isinstance(node, ast.ImportFrom) and _is_ours(node.module) and node.names[0].name == "*" for node in nodes
    )
    if star or named & _IMPORTERS or any(isinstance(node, ast.Name) and node.id in _RUNNERS for node in nodes):
        return _EVERYTHING
    datasets, any_dataset = _datasets(nodes)
    data = set(_data_paths(nodes))
    if not notebook:
        return _Facts(datasets=datasets, any_dataset=any_dataset, data=frozenset(data))
    modules, any_module = _modules(tree, nodes)
    if any_module:
        return _EVERYTHING
    texts = frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    data |= {text.removeprefix("data").strip("/") for text in texts if text == "data" or text.startswith("data/")}
    if "PROJECT" in named:  # a path that begins at the project's folder may lead into data/
        data.add("")
    return _Facts(modules, False, datasets, any_dataset, frozenset(data), texts, _whole_roster(nodes))


def _is_ours(module: str | None) -> bool:
    return (module or "").split(".")[0] == "embedlib"


def _name_of(node: ast.AST) -> str | None:
    """Give the last name of `name` or of `a.b.name`, and the name that an import renames."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.name.rsplit(".", 1)[-1] if isinstance(node, ast.alias) and node.asname else None


def _modules(tree: ast.AST, nodes: list[ast.AST]) -> tuple[frozenset[str], bool]:
    """Name the modules of embedlib that a notebook uses, and say whether there may be others."""
    found = set(named_modules(tree))
    aliases = {
        alias.asname or "embedlib"
        for node in nodes if isinstance(node, ast.Import)
        for alias in node.names if alias.name == "embedlib" or (_is_ours(alias.name) and not alias.asname)
    }  # fmt: skip
    bases = 0
    for node in nodes:
        parts = _dotted(node)
        if len(parts) == 2 and parts[0] in aliases:
            bases += 1
            found.add(public_module(parts[1]))
        elif len(parts) > 2 and parts[0] in aliases:
            dotted = [".".join(["embedlib", *parts[1:length]]) for length in range(3, len(parts) + 1)]
            found |= {name for name in dotted if module_file(name)}
    # Each use of the alias has to be in front of a name: `getattr(embedlib, name)` is none.
    alone = sum(isinstance(node, ast.Name) and node.id in aliases for node in nodes) > bases
    packages = {name for name in found if (file := module_file(name)) is not None and file.name == "__init__.py"}
    found = {name for name in found if module_file(name)} | {part for name in packages for part in _inside(name)}
    return frozenset(found), alone


def _dotted(node: ast.AST) -> list[str]:
    """Take `a.b.c` apart; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) and parts else []


def _inside(package: str) -> Iterator[str]:
    """Name the modules of a package, at any depth."""
    folder = _PACKAGE.joinpath(*package.split(".")[1:])
    for path in folder.rglob("*.py"):
        if path.name != "__init__.py":
            yield ".".join(["embedlib", *path.relative_to(_PACKAGE).with_suffix("").parts])


def _datasets(nodes: list[ast.AST]) -> tuple[frozenset[str], bool]:
    """Name the data sets that calls of `load_dataset` name, and say whether there may be others."""
    found: set[str] = set()
    known = 0
    for node in nodes:
        if isinstance(node, ast.Call) and _name_of(node.func) == "load_dataset":
            given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "name")]
            if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
                found.add(given[0].value)
                known += 1
    return frozenset(found), sum(_name_of(node) == "load_dataset" for node in nodes) > known


def _data_paths(nodes: list[ast.AST]) -> Iterator[str]:
    """Give the paths below data/ that code makes with `data_dir() / "folder" / "file"`, as far as they are texts."""
    known: set[ast.AST] = set()
    for node in nodes:  # the whole of a path comes before its parts
        parts: list[ast.expr] = []
        base: ast.AST = node
        while isinstance(base, ast.BinOp) and isinstance(base.op, ast.Div):
            parts.append(base.right)
            base = base.left
        if parts and isinstance(base, ast.Call) and _name_of(base.func) == "data_dir" and base.func not in known:
            known.add(base.func)
            texts = []
            for part in reversed(parts):
                if not (isinstance(part, ast.Constant) and isinstance(part.value, str)):
                    break
                texts.append(part.value)
            yield "/".join(texts)
    if any(_name_of(node) == "data_dir" and node not in known for node in nodes):
        yield ""


def _whole_roster(nodes: list[ast.AST]) -> bool:
    """Say whether code looks at all models: by `roster`, or by `list_models` without the models to list."""
    names = [_name_of(node) for node in nodes]
    some = [
        node for node in nodes
        if isinstance(node, ast.Call) and _name_of(node.func) == "list_models" and (node.args or node.keywords)
    ]  # fmt: skip
    imported = [alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names]
    return "roster" in [*names, *imported] or names.count("list_models") > len(some)


def _imports_by_name(path: Path) -> bool:
    return path.relative_to(_PACKAGE).as_posix().startswith(_BY_NAME)


def _packages_around(path: Path) -> Iterable[Path]:
    """List the `__init__.py` of the packages that a module lies in, which run before it."""
    folders = path.parent.relative_to(_PACKAGE).parts
    own = (_PACKAGE.joinpath(*folders[:depth], "__init__.py") for depth in range(1, len(folders) + 1))
    return [file for file in own if file.is_file()]


def described(name: str) -> str:
    """Give what a run depends on of a data set's entry in the catalogue, as a text; of an unknown set what is wrong."""
    try:
        dataset = find_dataset(name)
    except EmbedlibError as error:
        return str(error)
    known = (dataset.schema, dataset.reader, dataset.source, dataset.file, dataset.sha256, dataset.development)
    return " ".join(filter(None, known))


def _reader_modules(name: str) -> list[str]:
    """Name the module of embedlib that reads a data set, in a list; empty for an unknown set or a package's reader."""
    try:
        module = find_dataset(name).reader_module
    except EmbedlibError:
        return []
    return [module] if _is_ours(module) and module_file(module) else []


def _dataset_files(name: str) -> list[Path]:
    """List where a data set is, and the reader of a package; not a file of gensim's, whose version stands for it."""
    try:
        dataset = find_dataset(name)
        where = dataset.location() if dataset.source in ("book", "package") else None
    except EmbedlibError:  # which the run itself will say
        return []
    reader = None if _is_ours(dataset.reader_module) else dataset.reader_file()
    return [path for path in (where, reader) if path is not None]


def _data_files(place: Path) -> Iterator[Path]:
    """List the files that a path stands for; of those in data/ neither texts about the data nor scripts."""
    for path in watched(str(place), PROJECT):
        if path.suffix != ".md" and not path.is_relative_to(_DATA / "scripts"):
            yield path
