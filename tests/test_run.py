"""Running notebooks, with real kernels, through the library and the command line."""

import json
import os
from pathlib import Path

import pytest
from conftest import FRONT, outputs_of
from typer.testing import CliRunner

from embedlib import cli
from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import find_source
from embedlib.book.run.freshness import fingerprint, why, write_state
from embedlib.book.run.plan import plan
from embedlib.book.run.run import execute
from embedlib.errors import NotebookError, UnknownNameError
from embedlib.models.spec import ModelSpec

SOURCE = (
    FRONT
    + """```{code-cell} python
:tags: [parameters]

number: int = 1  # a number
models: list[str] = ["glove-6b-50d"]  # the models
```

The number again:

```{code-cell} python
import os
import embedlib
embedlib.record("ten-fold", 10 // number * number)
os.environ.get("HF_HUB_OFFLINE")
```
"""
)


def text_of(path):
    return json.dumps(outputs_of(path))


def test_run_skip_fail_and_run_again(source, build):
    first = plan(source, build=build)
    assert execute(first) == ["it has not been run with these parameters"]
    assert '"value": 10' in text_of(first.output)
    assert "'1'" in text_of(first.output)
    good = first.output.read_bytes()
    assert execute(plan(source, build=build)) == []

    source.write_text(SOURCE.replace("10 // number", "10 // (number - 1)"))
    broken = plan(source, build=build)
    assert why(broken, fingerprint(broken)) == ["cells: 4 (import os) changed"]
    with pytest.raises(
        NotebookError, match=r"(?s)small failed in cell 2: ZeroDivisionError.*_build/failed/small.ipynb"
    ):
        execute(broken)
    assert broken.failed.is_file()
    assert "ZeroDivisionError" in text_of(broken.failed)
    assert first.output.read_bytes() == good
    assert list((build / "running").iterdir()) == []

    source.write_text(SOURCE)
    again = plan(source, build=build)
    assert execute(again) == []
    assert execute(again, force=True) == ["forced"]
    assert not again.failed.exists()
    assert again.output.read_bytes() == good

    set_two = plan(source, {"number": "2"}, build=build)
    assert set_two.output != again.output
    execute(set_two)
    assert '"value": 10' in text_of(set_two.output)
    assert again.output.read_bytes() == good

    again.output.write_bytes(good[:-2])
    assert why(again, fingerprint(again)) == ["its output small.ipynb is missing or was changed"]


def test_what_a_kernel_says_outside_its_cells_is_told_only_where_it_fails(
    source, build, tmp_path, monkeypatch, capfd, caplog
):
    caplog.set_level("DEBUG", "embedlib")
    speaks = 'import atexit\natexit.register(os.write, 2, b"said at its end")\nos.environ.get'
    source.write_text(SOURCE.replace("os.environ.get", speaks))
    execute(plan(source, build=build))
    assert capfd.readouterr() == ("", "")
    logged = "small: its kernel said, outside its cells:\nsaid at its end"  # and perhaps how its sockets close
    assert any(message.startswith(logged) for message in caplog.messages)
    (tmp_path / "ipykernel_launcher.py").write_text('raise SystemExit("no kernel can start here")')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotebookError, match=r"small could not be run: .*\nThe kernel said:\nno kernel can start here$"):
        execute(plan(source, build=build), force=True)
    assert capfd.readouterr() == ("", "")
    assert list((build / "running").iterdir()) == []


def state_after(source, build):
    """Write the state that a good run of the notebook would leave, without a kernel."""
    planned = plan(source, build=build)
    planned.output.parent.mkdir(parents=True)
    planned.output.write_text("executed")
    write_state(planned, fingerprint(planned))
    assert why(planned, fingerprint(planned)) == []
    return planned


def test_every_dependency_is_noticed(source, build, tmp_path, monkeypatch):
    uses = 'embedlib.embed_words(models[0], [*embedlib.load_words(9), *embedlib.load_dataset("categories")["word"]])'
    source.write_text(SOURCE.replace("os.environ.get", f"{uses}\nos.environ.get"))
    planned = state_after(source, build)
    changes = {
        "parameters": ("number", '"2"'),
        "embedlib": ("embedlib/embeddings/store.py", "other"),
        "data sets": ("categories", "other"),
        "data": ("data/lexicon.tsv", "other"),
        "models": ("glove-6b-50d", "other"),
        "code of models": ("glove-6b-50d", "other"),
        "packages": ("torch", "1.0"),
    }
    for part, (name, value) in changes.items():
        now = fingerprint(planned)
        assert name in now[part], part
        now[part][name] = value
        assert why(planned, now) == [f"{part}: {name} changed"]


def test_edited_tags_prose_and_code_are_noticed_in_the_file(source, build):
    state_after(source, build)
    for old, new in (
        (":tags: [parameters]", ":tags: [parameters, x]"),
        ("again:", "once more:"),
        ("import os", "import io"),
    ):
        source.write_text(SOURCE.replace(old, new))
        changed = plan(source, build=build)
        reasons = why(changed, fingerprint(changed))
        assert reasons
        assert all(reason.startswith("cells: ") for reason in reasons)


def test_a_changed_model_checksum_runs_only_what_uses_the_model(source, build, monkeypatch):
    planned = state_after(source, build)
    assert list(fingerprint(planned)["models"]) == ["glove-6b-50d"]
    monkeypatch.setattr(ModelSpec, "checksum", "other")
    assert why(planned, fingerprint(planned)) == ["models: glove-6b-50d changed"]


def test_an_own_file_is_a_dependency_and_is_found_from_here(source, build, tmp_path, monkeypatch):
    source.write_text(SOURCE.replace("number: int = 1", "words: int | str = 5  # words\nnumber: int = 1"))
    monkeypatch.chdir(tmp_path)
    Path("own.txt").write_text("dog")
    planned = plan(source, {"words": "own.txt"}, build)
    assert planned.parameters == {"words": str(tmp_path / "own.txt")}
    before = fingerprint(planned)["data"]
    Path("own.txt").write_text("cats")
    after = fingerprint(planned)["data"]
    assert [name for name in after if after[name] != before[name]] == [os.path.relpath(tmp_path / "own.txt", PROJECT)]


def test_an_own_folder_is_a_dependency(source, build, tmp_path):
    source.write_text(SOURCE.replace("number: int = 1", 'relations: str = ""  # a folder\nnumber: int = 1'))
    (tmp_path / "own" / "1_Inflectional").mkdir(parents=True)
    file = tmp_path / "own" / "1_Inflectional" / "I01.txt"
    file.write_text("dog\tdogs\n")
    planned = plan(source, {"relations": str(tmp_path / "own")}, build)
    before = fingerprint(planned)["data"]
    file.write_text("cat\tcats\n")
    after = fingerprint(planned)["data"]
    assert [name for name in after if after[name] != before[name]] == [os.path.relpath(file, PROJECT)]


def test_files_in_lists_links_and_home_are_dependencies_and_hidden_files_are_not(source, build, tmp_path, monkeypatch):
    settings = "own: list[str] = []  # files\nwords: int | str = 5  # a file\nnumber: int = 1"
    source.write_text(SOURCE.replace("number: int = 1", settings))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("a.tsv", "b.tsv", "target.txt", "folder/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("dog")
    (tmp_path / "folder" / ".DS_Store").write_text("dog")
    (tmp_path / "link.txt").symlink_to(tmp_path / "target.txt")
    planned = plan(source, {"own": "~/*.tsv,~/folder", "words": "~/link.txt"}, build)
    for changed, said in (("b.tsv", "b.tsv"), ("target.txt", "link.txt"), ("folder/c.txt", "folder/c.txt")):
        before = fingerprint(planned)["data"]
        (tmp_path / changed).write_text("another")
        after = fingerprint(planned)["data"]
        assert [name for name in after if after[name] != before[name]] == [os.path.relpath(tmp_path / said, PROJECT)]
    before = fingerprint(planned)
    (tmp_path / "folder" / ".DS_Store").write_text("another")
    assert fingerprint(planned) == before


@pytest.mark.parametrize("more", ["", "import importlib\nimportlib.import_module(models[0])\n"])
def test_book_and_cli_code_and_docstrings_are_no_dependency(source, build, more):
    source.write_text(SOURCE.replace("import os\n", f"import os\n{more}"))
    names = fingerprint(plan(source, build=build))["embedlib"]
    assert not [name for name in names if "/book/" in name or name.split("/")[1] == "cli"]
    assert "embedlib/records/record.py" in names
    assert ("embedlib/encoders/causal.py" in names) == bool(more)


def test_a_model_that_loads_inside_a_notebook_writes_nothing(cache, source, build):
    source.write_text(
        SOURCE.replace("import embedlib\n", 'import embedlib\nembedlib.embed_words("sbert-minilm", ["a"])\n')
    )
    planned = plan(source, build=build)
    execute(planned)
    kinds = [output.output_type for output in outputs_of(planned.output)]
    assert kinds == ["display_data", "execute_result"]


def test_names_are_found_with_the_nearest_match():
    assert find_source("02_random_pairs").name == "02_random_pairs.md"
    assert find_source("notebooks/01_models.ipynb").name == "01_models.md"
    with pytest.raises(UnknownNameError, match="Did you mean '02_random_pairs'"):
        find_source("02_random_pair")


def test_command_line_checks_parameters_before_a_kernel_starts(source, monkeypatch, call):
    monkeypatch.setattr(running, "_papermill", lambda run: pytest.fail("a kernel was started"))
    code, _, err = call("run", source, "-p", "numbr=1")
    assert code == 2
    assert "unknown parameter 'numbr'. Did you mean 'number'? Allowed: number, models." in err
    code, _, err = call("run", source, "-p", "number=x")
    assert (code, "parameter number is 'x', which is not a whole number; allowed: int" in err) == (2, True)
    code, _, err = call("run", source, "-p", "number")
    assert (code, "name=value" in err) == (2, True)
    code, out, _ = call("run", source, "--help-parameters")
    assert code == 0
    assert "list[str]" in out
    assert "a number" in out


def test_command_line_shows_the_roster(call):
    code, out, _ = call("models", "--wide")
    assert code == 0
    assert "qwen2.5-coder-0.5b-q4" in out
    assert "494,032,768" in out


def test_command_line_extracts_lists_and_cleans(cache, tmp_path, call):
    words = tmp_path / "own.txt"
    words.write_text("dog\ncat\n\ndog\nzxqwv\n")
    code, out, _ = call("extract", "-m", "glove-6b-50d", "--words", words)
    assert code == 0
    assert "3 words" in out
    code, out, _ = call("store", "list")
    assert "glove-6b-50d" in out
    assert "yes" in out
    code, _, err = call("store", "clean", "-m", "glove", "--all")
    assert (code, "Did you mean 'glove-6b-50d'" in err) == (2, True)
    code, out, _ = call("store", "clean", "--stale")
    assert "removed 0 folders" in out
    code, out, _ = call("store", "clean", "--all")
    assert "removed 1 folders" in out


def test_command_line_names_what_is_wrong(call):
    for arguments, said in (
        (["extract", "-m", "glove"], "Did you mean 'glove-6b-50d'"),
        (["extract", "-m", "sbert-minilm", "--layer", "9"], "unknown layer of sbert-minilm '9'"),
        (["extract", "-m", "sbert-minilm", "--words", "no-such-file"], "cannot read words from 'no-such-file'"),
        (["extract", "-m", "sbert-minilm", "--words", "90000"], "allowed: 1 to 77568"),
        (["run", "03"], "unknown notebook '03'"),
        (["drift", "03"], "unknown notebook '03'"),
        (["build", "--profile", "ful"], "unknown profile 'ful'. Did you mean 'full'"),
    ):
        code, _, err = call(*arguments)
        assert (code, said in err) == (2, True), err


def test_help_lists_the_commands():
    result = CliRunner().invoke(cli.app, ["--help"])
    for command in (
        "models", "extract", "store", "run", "sweep", "status", "doctor", "drift", "compare", "accept", "build",
        "new-chapter",
    ):  # fmt: skip
        assert command in result.output
