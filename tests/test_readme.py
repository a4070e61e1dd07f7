"""What the texts for readers say of the project: the picture of the data flow, paths, versions, the API page."""

import importlib
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml
from test_house_rules import LAYERS, PACKAGE, imports

import embedlib
from embedlib._util.code_digest import imported_files
from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import notebook_sources, read_source

TEXTS = ["README.md", "rerun.md", "CONTRIBUTING.md", "why.md", "api.md"]
ASIDE = {"_util", "figures", "cli"}  # they help at several places: no data of a run passes through them
ARROW = " ─► "


def picture():
    """Give the lines of the README's picture, without its frame."""
    block = re.search(r"```text\n(roster\.toml.*?)```", (PROJECT / "README.md").read_text(), re.S)
    assert block, "README.md has no picture that begins with roster.toml"
    return block[1].splitlines()


def flow():
    """List the packages in the order of their layers, which test_house_rules.py holds against the imports."""
    ordered = [name for names in LAYERS for name in names if (PACKAGE / name).is_dir()]
    return [name for name in ordered if name not in ASIDE]


def used_by(folder):
    """List the packages of embedlib that the modules of a package import."""
    names = {name for path in folder.rglob("*.py") for name in imports(path) if name.startswith("embedlib.")}
    return {name.split(".")[1] for name in names}


def used_by_chapters():
    """List the packages of embedlib that the chapters use; public names count for the package they come from."""
    code = "\n".join(cell.source for path in notebook_sources() for cell in read_source(path).cells)
    homes = {name: getattr(embedlib, name).__module__.split(".")[1] for name in embedlib.__all__}
    public = {homes[name] for name in re.findall(r"\bembedlib\.(\w+)\(", code) if name in homes}
    return public | set(re.findall(r"^from embedlib\.(\w+)", code, re.M))


def test_the_picture_is_the_order_of_the_packages():
    packages = flow()
    assert packages[-1] == "book"
    main = ["roster.toml", *(name for name in packages[:-1] if name != "datasets"), "notebooks", "book"]
    lines = picture()
    assert lines[0] == ARROW.join(main)
    assert (PACKAGE / "models" / "roster.toml").is_file()
    # The data sets come in from below: their arrow ends under the metrics.
    side = next(line for line in lines if "datasets" in line)
    assert lines[0].index("embeddings") < side.index("►") < lines[0].index("metrics")


def test_the_arrows_of_the_picture_are_used():
    for source, target in (("models", "encoders"), ("encoders", "embeddings"), ("metrics", "records")):
        assert source in used_by(PACKAGE / target), f"{target} takes nothing from {source}"
    chapters = used_by_chapters()
    assert {"models", "datasets", "embeddings", "metrics", "records"} <= chapters
    assert not {"book", "cli"} & chapters


def test_every_package_is_named_in_the_readme():
    text = (PROJECT / "README.md").read_text()
    for path in PACKAGE.iterdir():
        if (path / "__init__.py").is_file():
            assert f"`{path.name}`" in text or path.name in "".join(picture()), f"README.md does not name {path.name}"


@pytest.mark.parametrize("name", TEXTS)
def test_paths_in_texts_are_there(name):
    spans = re.findall(r"`([\w./-]+\.(?:py|toml|md|txt|yml|bib|html|cff)|[\w./-]+/)`", (PROJECT / name).read_text())
    own = {path.name for path in PROJECT.iterdir()}
    named = [span for span in spans if span.split("/")[0] in own - {"_build", ".venv"} and "NN_" not in span]
    for span in named:
        assert (PROJECT / span).exists(), f"{name} names {span}, which is not there"
    assert named or name in ("rerun.md", "api.md")


def test_the_names_of_the_table_where_to_look_are_there():
    text = (PROJECT / "CONTRIBUTING.md").read_text().partition("## Where do I look")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| `(\S+?)`(?:, `(\w+)`)? \|$", text, re.M)
    assert len(rows) >= 10
    for _, path, name in rows:
        assert (PROJECT / path).exists(), path
        assert not name or re.search(rf"\b{name}\b", (PROJECT / path).read_text()), f"{path} has no {name}"


def test_the_api_page_has_every_public_name_and_metric():
    page = (PROJECT / "api.md").read_text()
    for name in embedlib.__all__:
        assert re.search(rf"auto\w+:: {name}$", page, re.M), f"api.md lacks {name}"
    for path in (PACKAGE / "metrics").glob("[a-z]*.py"):
        if path.stem != "kernels":  # for metrics only
            assert f"automodule:: embedlib.metrics.{path.stem}\n" in page, f"api.md lacks metrics.{path.stem}"
    for module in re.findall(r"automodule:: (\S+)", page):
        importlib.import_module(module)


def test_the_version_is_one():
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert str(yaml.safe_load((PROJECT / "CITATION.cff").read_text())["version"]) == version
    headings = re.findall(r"^## (\S+)", (PROJECT / "CHANGELOG.md").read_text(), re.M)
    assert headings[0] == version
    assert headings == sorted(headings, key=lambda text: [int(part) for part in text.split(".")], reverse=True)


def test_the_wheel_holds_all_files_of_the_package(tmp_path):
    tracked = subprocess.run(
        ["git", "ls-files", "embedlib", "pyproject.toml", "README.md", "LICENSE"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    for name in tracked:
        if (PROJECT / name).is_file():
            copy = tmp_path / "source" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((PROJECT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path]
    subprocess.run([*command, tmp_path / "source"], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert "embedlib/py.typed" in packed
    assert {name for name in tracked if name.startswith("embedlib/")} <= packed


def test_the_hooks_are_the_checks_of_make_lint():
    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    lint = (PROJECT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    checked = [re.sub(r" --\S+| \.$", "", line.strip().removeprefix("$(BIN)/")) for line in lint.splitlines()[1:]]
    assert checked == [hook["entry"].removeprefix(".venv/bin/").replace(" --force-exclude", "") for hook in hooks]


def test_the_key_of_the_cache_of_ci_has_all_code_that_vectors_depend_on():
    workflow = (PROJECT / ".github" / "workflows" / "ci.yml").read_text()
    patterns = re.findall(r"'([^']+)'", re.search(r"hashFiles\((.*)\)", workflow)[1])
    counted = {path for pattern in patterns for path in PROJECT.glob(pattern.replace("/**", "/**/*"))}
    encoders = [f"embedlib.encoders.{path.stem}" for path in (PACKAGE / "encoders").glob("[a-z]*.py")]
    assert set(imported_files(*encoders)) <= counted
