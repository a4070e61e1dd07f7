"""Encoder kinds: those of embedlib and those that an installed package registers."""

import hashlib
import importlib
import shutil
import sys

import pytest

import embedlib
from embedlib._util import code_digest
from embedlib._util.paths import PROJECT
from embedlib.encoders.loader import code_version
from embedlib.errors import EmbedlibError
from embedlib.models import encoder_kinds
from embedlib.models.encoder_kinds import ENCODER_KINDS, find_kind
from embedlib.models.roster import find_model, read_roster, roster

ROSTER = """
[models.letters]
title = "Letters"
family = "classical"
kind = "sentence"
encoder = "letter-counts"
dimension = 3
layers = 0
parameters = 3
layer = 0
pooling = "builtin"
trained_on = "nothing"
licence = "MIT"
citation = "none"
artifacts = [{ role = "letters", sha256 = "DIGEST", parts = [{ path = "letters.txt" }] }]
"""
KIND = """
from embedlib.models.encoder_kinds import EncoderKind

KIND = EncoderKind(
    "letter-counts", "how often letters are there", "letter_counts.encoder", "LetterEncoder",
    made_of=(("letters",),), poolings=("builtin",),
)
"""
ENCODER = """
import numpy as np

from embedlib.encoders.base import WordsAsTexts
from embedlib.encoders.request import text_request
from embedlib.models.files import verified_file

from .counting import count


class LetterEncoder(WordsAsTexts):
    def __init__(self, spec, dtype="float32", device="cpu"):
        self.spec, self.dtype = spec, "float32"
        self.letters = verified_file(spec, "letters").read_text()

    def encode_sentences(self, sentences, *, layer=None, pooling=None, template=None):
        asked = text_request(self.spec, sentences, layer, pooling, template)
        keys, missing = asked.split(lambda text: None if count(text, self.letters).any() else "has none of the letters")
        rows = [count(asked.fill(key), self.letters) for key in keys]
        return asked.table(keys, np.array(rows, dtype=np.float32).reshape(-1, 1, 1, 3), missing)
"""
COUNTING = """
import numpy as np


def count(text, letters):
    return np.array([text.count(letter) for letter in letters], dtype=np.float32)
"""


def forget():
    """Forget what was found on another path."""
    for function in (encoder_kinds._entry_points, encoder_kinds._loaded, code_digest.module_file):
        function.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "letter_counts"]:
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def package(tmp_path, monkeypatch, cache):
    """Install a package with an encoder kind of its own, and name a roster with a model of the kind."""
    site = tmp_path / "site"
    code, about = site / "letter_counts", site / "letter_counts-1.2.dist-info"
    code.mkdir(parents=True)
    about.mkdir()
    for name, text in (("__init__", ""), ("kinds", KIND), ("encoder", ENCODER), ("counting", COUNTING)):
        (code / f"{name}.py").write_text(text)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: letter-counts\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text("[embedlib.encoder_kinds]\nletter-counts = letter_counts.kinds:KIND\n")
    (tmp_path / "letters.txt").write_text("aeo")
    own = tmp_path / "own.toml"
    own.write_text(ROSTER.replace("DIGEST", hashlib.sha256(b"aeo").hexdigest()))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("EMBEDLIB_ROSTER", str(own))
    forget()
    yield site
    monkeypatch.undo()
    forget()


def test_a_model_of_a_packages_kind_is_embedded(package):
    assert "letter_counts.kinds" not in sys.modules
    table = embedlib.embed_words("letters", ["banana", "xyz", "echo"])
    assert table.keys == ["banana", "echo"]
    assert table.vectors.tolist() == [[3, 0, 0], [0, 1, 1]]
    assert table.missing == {"xyz": "has none of the letters"}
    assert embedlib.embed_sentences("letters", ["a"], template="{text} boat").vectors.tolist() == [[2, 0, 1]]
    kind = find_model("letters").encoder_kind
    assert (kind.poolings, kind.packages, kind.has_hidden_states) == (("builtin",), ("letter-counts",), False)
    with pytest.raises(embedlib.EmbedlibError, match="letters cannot embed spans"):
        embedlib.embed_spans("letters", [("a boat", (2, 6))])


def test_a_packages_code_and_version_count(package):
    spec = find_model("letters")
    first, ours = code_version(spec), code_version(find_model("glove-6b-50d"))
    counting = package / "letter_counts" / "counting.py"
    counting.write_text(f"# a comment\n{COUNTING}")
    assert code_version(spec) == first
    counting.write_text(COUNTING.replace("text.count(letter)", "text.count(letter) + 1"))
    second = code_version(spec)
    assert second != first
    metadata = package / "letter_counts-1.2.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("1.2", "1.3"))
    assert code_version(spec) not in (first, second)
    assert code_version(find_model("glove-6b-50d")) == ours


def test_a_name_that_is_taken_is_refused(package):
    entries = package / "letter_counts-1.2.dist-info" / "entry_points.txt"
    entries.write_text("[embedlib.encoder_kinds]\nbert = letter_counts.kinds:KIND\n")
    forget()
    said = "the package 'letter-counts' registers the encoder kind 'bert', which embedlib has already"
    with pytest.raises(EmbedlibError, match=said):
        find_kind("bert")
    other = package / "more_letters-1.0.dist-info"
    shutil.copytree(entries.parent, other)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: more-letters\nVersion: 1.0\n")
    for file in (entries, other / "entry_points.txt"):
        file.write_text("[embedlib.encoder_kinds]\nletter-counts = letter_counts.kinds:KIND\n")
    forget()
    with pytest.raises(EmbedlibError, match=r"'letter-counts', which the package '(letter-counts|more-letters)' has"):
        find_kind("letter-counts")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("kinds", "import no_such_module\n", r"kinds:KIND\) cannot be loaded: ModuleNotFoundError: No module"),
        ("kinds", "KIND = 'letters'\n", "is no EncoderKind of this name but 'letters'"),
        ("kinds", KIND.replace("letter-counts", "counts"), "is no EncoderKind of this name but EncoderKind"),
        ("kinds", KIND.replace(".encoder\"", ".coder\""), "ModuleNotFoundError: letter_counts has no module"),
        ("encoder", "import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("encoder", "class Other: ...\n", "AttributeError: module 'letter_counts.encoder' has no attribute"),
    ],
)  # fmt: skip
def test_a_broken_package_is_named(package, file, text, said):
    (package / "letter_counts" / f"{file}.py").write_text(text)
    forget()
    with pytest.raises(EmbedlibError, match=f"encoder kind 'letter-counts' of the package 'letter-counts'.*{said}"):
        embedlib.embed_words("letters", ["banana"])


def test_without_the_package_its_models_are_refused_by_name(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(ROSTER.replace("DIGEST", "0" * 64))
    with pytest.raises(EmbedlibError, match=r"model 'letters'.*\n.*\n.*unknown encoder 'letter-counts'.*word-vectors"):
        read_roster(path)


def test_a_roster_must_name_what_a_kind_is_made_of(tmp_path):
    path = tmp_path / "own.toml"
    table = ROSTER.replace("DIGEST", "0" * 64).replace("builtin", "mean")
    path.write_text(table.replace("letter-counts", "causal"))
    with pytest.raises(EmbedlibError, match="made of gguf or of weights, config and tokenizer; artifacts has letters"):
        read_roster(path)


def test_every_kind_has_its_class_and_what_the_roster_asks_of_it():
    for kind in ENCODER_KINDS.values():
        assert callable(getattr(importlib.import_module(kind.module), kind.class_name))
        assert find_kind(kind.name) is kind
        assert kind.title
    for spec in roster().values():
        assert spec.poolings == spec.encoder_kind.poolings
        assert spec.layers == 0 or spec.encoder_kind.has_hidden_states


@pytest.fixture
def versions(tmp_path, monkeypatch):
    """Give a function that edits a module in a copy of the code and says which kinds' vectors it makes stale."""
    copied = tmp_path / "embedlib"
    shutil.copytree(PROJECT / "embedlib", copied)
    monkeypatch.setattr(code_digest, "_PACKAGE", copied)
    code_digest.module_file.cache_clear()
    digests = {
        name: {path: code_digest.code_digest([path]) for path in code_digest.imported_files(kind.module)}
        for name, kind in ENCODER_KINDS.items()
    }

    def edited(module, old, new):
        path = copied / f"{module}.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        changed = {
            name
            for name, before in digests.items()
            if {p: code_digest.code_digest([p]) for p in code_digest.imported_files(ENCODER_KINDS[name].module)}
            != before
        }
        path.write_text(text)
        return changed

    yield edited
    monkeypatch.undo()
    code_digest.module_file.cache_clear()


@pytest.mark.parametrize(
    ("module", "old", "new", "stale"),
    [
        ("models/external/sentence_transformers", "trust_remote_code=False", "trust_remote_code=0",
         {"sentence-transformers"}),
        ("models/external/sentence_transformers", "    import torch\n", "    # a comment\n    import torch\n", set()),
        ("models/external/weights", "model.eval()", "model.eval().half()", {"bert", "causal", "sentence-transformers"}),
        ("encoders/prefix_tree", "depth < deepest", "depth <= deepest", {"causal"}),
        ("encoders/vocabulary", "lower.upper()", "lower.title()", {"word-vectors", "token-vectors", "model2vec"}),
        ("encoders/use", "threads=os.cpu_count()", "threads=2 * os.cpu_count()", {"use"}),
        ("encoders/base", "budget // max(1, ", "budget // max(2, ", set(ENCODER_KINDS)),
        ("encoders/base", '"""Encode words alone', '"""Encode single words', set()),
        ("metrics/similarity", "return", "return 2 *", set()),
    ],
)  # fmt: skip
def test_an_edit_makes_the_vectors_stale_that_depend_on_it(versions, module, old, new, stale):
    assert versions(module, old, new) == stale


def test_an_edit_changes_the_code_version_of_a_model(tmp_path, monkeypatch):
    spec = find_model("sbert-minilm")
    before = code_version(spec)
    copied = tmp_path / "embedlib"
    shutil.copytree(PROJECT / "embedlib", copied)
    monkeypatch.setattr(code_digest, "_PACKAGE", copied)
    code_digest.module_file.cache_clear()
    try:
        weights = copied / "models" / "external" / "weights.py"
        weights.write_text(weights.read_text().replace("model.eval()", "model.eval().half()"))
        assert code_version(spec) != before
    finally:
        monkeypatch.undo()
        code_digest.module_file.cache_clear()
    assert code_version(spec) == before
