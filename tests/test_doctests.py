"""The examples in docstrings: they run, and every public name has one."""

import doctest
import importlib

import pytest

import embedlib
from embedlib._util.paths import PROJECT

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
WITH_EXAMPLES = sorted(path for path in (PROJECT / "embedlib").rglob("*.py") if ">>> " in path.read_text())


def name_of(path):
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("name", map(name_of, WITH_EXAMPLES))
def test_examples_run(name, cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what an example writes is not left in the project
    module = importlib.import_module(name)
    tests = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    assert tests, f"{name} has an example outside of a docstring"
    for test in tests:
        said: list[str] = []
        failed = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append).failed
        assert not failed, "".join(said)


@pytest.mark.parametrize("name", embedlib.__all__)
def test_public_functions_have_an_example(name):
    public = getattr(embedlib, name)
    assert isinstance(public, type) or ">>> " in public.__doc__
