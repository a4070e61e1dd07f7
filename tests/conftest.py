"""Fixtures: no network, a store of the test's own, and small real models that the tests make."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

os.environ.update(
    HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", EMBEDLIB_ROSTER="", NO_COLOR="1"
)
if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):  # the cores of a process and of the kernels that it starts
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(workers))))

import torch
from filelock import FileLock
from hypothesis import HealthCheck, settings
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from xdist.scheduler import LoadScopeScheduling

from embedlib import cli
from embedlib._util.paths import PROJECT, cache_dir
from embedlib.book.notebooks import read_executed
from embedlib.book.site import staging
from embedlib.book.site.build import build_html
from embedlib.encoders.loader import load_model
from embedlib.models.roster import roster
from embedlib.models.spec import Artifact, FilePart, ModelSpec
from embedlib.records.read import MIME, all_outputs

# Few examples, the same each time; `HYPOTHESIS_PROFILE=long` tries many, other ones each time.
settings.register_profile("default", max_examples=10, deadline=None, derandomize=True, database=None,
                          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
settings.register_profile("long", max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

REAL_CACHE = cache_dir()
ALL = list(roster())
# The largest takes 6 GB of memory and is of the kind of the others: tests check its files and do not load it.
TRIED = [name for name, spec in roster().items() if spec.parameters < 1e9]
CAUSAL = [name for name in TRIED if roster()[name].kind == "causal"]
BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
NEEDS_BROWSER = pytest.mark.skipif(BROWSER is None, reason="no Chromium here: the built pages were not opened")
LONG = pytest.mark.skipif(not os.environ.get("LONG_TESTS"), reason="takes minutes: set LONG_TESTS=1, as .ci/run does")
EXECUTED = {path.stem: path for path in (PROJECT / "notebooks").glob("*.ipynb")}
# Files whose tests stay in one process, with the others of their group: what they share takes long to make, or much
# memory. All other tests are handed out one by one.
TOGETHER = {
    "test_book": "book", "test_explorer": "book", "test_pages": "pages", "test_drift": "drift",
    "test_data": "models", "test_encoders": "models", "test_static": "models", "test_transformers": "models",
}  # fmt: skip
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
FRONT = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A small notebook

"""  # how a small notebook of the tests begins
TEXT = [
    "the dog saw the cat and the cat saw the dog",
    "a word in its context has a meaning of its own",
    "the king and the queen of the old country, naïve and café",
    "numbers such as 12 and 345 stand in texts too!",
    "unhappiness, happiness and happy; walk, walking and walked",
]


class Groups(LoadScopeScheduling):
    """Hand out the tests to processes by the groups of `TOGETHER`, the largest first."""

    def _split_scope(self, nodeid):
        return TOGETHER.get(Path(nodeid.partition("::")[0]).stem, nodeid)


def pytest_xdist_make_scheduler(config, log):
    # xdist's own `loadgroup` does nothing: what it writes into a test's name, pytest 9.2 does not read.
    return Groups(config, log)


def _empty_cache(folder):
    folder.mkdir()
    for name in ("converted", "matplotlib", "digests"):
        (REAL_CACHE / name).mkdir(exist_ok=True)
        (folder / name).symlink_to(REAL_CACHE / name)
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Point the cache at an empty folder that shares only converted models, digests of code and Matplotlib's fonts."""
    folder = _empty_cache(tmp_path / "cache")
    monkeypatch.setenv("EMBEDLIB_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def _kept_cache(tmp_path_factory):
    return _empty_cache(tmp_path_factory.mktemp("kept") / "cache")


@pytest.fixture
def kept_cache(_kept_cache, monkeypatch):
    """Point the cache at a folder in which vectors stay from test to test, where it does not matter who made them."""
    monkeypatch.setenv("EMBEDLIB_CACHE", str(_kept_cache))
    return _kept_cache


@pytest.fixture
def source(request, tmp_path):
    """Write the notebook `SOURCE` of a test's own module to a file."""
    path = tmp_path / "small.md"
    path.write_text(request.module.SOURCE)
    return path


@pytest.fixture
def build(tmp_path):
    """Name a folder for what is run, in the place of the checkout's own."""
    return tmp_path / "_build"


def outputs_of(notebook):
    """List the outputs of an executed notebook, or of the one at a path."""
    return all_outputs(read_executed(notebook) if isinstance(notebook, Path) else notebook)


def records_of(notebook):
    """Give what an executed notebook recorded, by name, as the records are kept."""
    payloads = [output.data[MIME] for output in outputs_of(notebook) if MIME in output.get("data", {})]
    return {payload["name"]: payload for payload in payloads}


def python(code, **options):
    """Run code in a Python of its own, without failure; gives the process that has ended."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, **options)


@pytest.fixture
def call(monkeypatch, capsys):
    """Give a function that runs the command line in this process; gives exit status, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["embedlib", *map(str, arguments)])
        for console in (cli.console, cli.errors):
            monkeypatch.setattr(console, "_file", None)
            monkeypatch.setattr(console, "_width", 200)
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture(scope="session")
def html(request, tmp_path_factory, worker_id):
    """Build the book from the committed notebooks, warnings as errors, execution off; once for all processes."""
    root = tmp_path_factory.getbasetemp()
    folder = (root if worker_id == "master" else root.parent) / "book"
    with FileLock(f"{folder}.lock"):
        if not (folder / "built").is_file():
            staging.stage(folder / "src", EXECUTED, made=request.getfixturevalue("explorer_data"))
            (folder / "built").write_text(str(build_html(folder / "src", folder)))
    return Path((folder / "built").read_text())


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield running
        running.close()


EXPLORED = ["glove-6b-50d", "word2vec-enwiki-sample", "wordllama-l2-256"]  # quick ones, one of which lacks words


@pytest.fixture(scope="session")
def explorer_data(tmp_path_factory):
    """Make the Explorer page's files for a few static models and words, once and in a cache of their own."""
    from embedlib.book.site.explorer import explorer_files

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDLIB_CACHE", str(tmp_path_factory.mktemp("explorer-cache")))
        return explorer_files(EXPLORED, frequent=300)


_LOADED = {}


def real(name):
    """Load a model of the roster once for the whole run."""
    if name not in _LOADED:
        _LOADED[name] = load_model(name)
    return _LOADED[name]


@pytest.fixture(params=TRIED)
def encoder(request):
    return real(request.param)


def artifact(role, *paths):
    digest = hashlib.sha256(b"".join(Path(path).read_bytes() for path in paths)).hexdigest()
    return Artifact(role=role, sha256=digest, parts=tuple(FilePart(path=str(path)) for path in paths))


def folder_spec(folder, *, name, encoder, config, **fields):
    return ModelSpec(
        name=name, title=name, family="llm" if encoder == "causal" else "classical",
        kind="causal" if encoder == "causal" else "sentence", encoder=encoder,
        dimension=config.hidden_size, layers=config.num_hidden_layers, parameters=1,
        layer=config.num_hidden_layers, pooling="mean", trained_on="nothing", licence="none", citation="none",
        artifacts=(
            artifact("weights", folder / "model.safetensors"),
            artifact("config", folder / "config.json"),
            artifact("tokenizer", folder / "tokenizer.json"),
        ), **fields,
    )  # fmt: skip


def byte_tokenizer():
    """Train a small byte-level BPE tokenizer, of the kind of Qwen's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<bos>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(TEXT * 5, trainer)
    return tokenizer


def wordpiece_tokenizer():
    """Train a small uncased WordPiece tokenizer, of the kind of BERT's."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False
    )
    tokenizer.train_from_iterator(TEXT * 5, trainer)
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]"))
    )
    return tokenizer


def _tiny(folder, tokenizer, model):
    folder.mkdir(parents=True)
    model.eval().save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return model


def tiny_config(kind, vocabulary):
    from transformers import BertConfig, Gemma3TextConfig, Qwen2Config

    common = {"vocab_size": vocabulary, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4}
    if kind == "bert":
        return BertConfig(**common, num_hidden_layers=3, max_position_embeddings=128)
    if kind == "qwen":
        return Qwen2Config(**common, num_hidden_layers=3, num_key_value_heads=2, initializer_range=0.3)
    return Gemma3TextConfig(
        **common, num_hidden_layers=3, num_key_value_heads=1, head_dim=8, sliding_window=512, initializer_range=0.3,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"], query_pre_attn_scalar=8,
    )  # fmt: skip


@pytest.fixture(scope="session", params=["bert", "qwen", "gemma"])
def tiny(request, tmp_path_factory):
    """Make a small random model of each kind; gives its spec."""
    return make_tiny(request.param, tmp_path_factory.mktemp("tiny") / request.param)


def make_tiny(kind, folder):
    from transformers import AutoModel

    torch.manual_seed(0)
    tokenizer = wordpiece_tokenizer() if kind == "bert" else byte_tokenizer()
    config = tiny_config(kind, tokenizer.get_vocab_size())
    _tiny(folder, tokenizer, AutoModel.from_config(config))
    if kind == "bert":
        return folder_spec(
            folder, name="tiny-bert", encoder="bert", config=config, max_tokens=64, case="lower", pool_special=True
        )
    return folder_spec(folder, name=f"tiny-{kind}", encoder="causal", config=config, max_tokens=600, bos="<bos>")


class SmallProject:
    """A project of its own, with this code and data and no chapter yet, whose commands are really run."""

    def __init__(self, root):
        self.root = root
        (root / "notebooks").mkdir(parents=True)
        shutil.copytree(PROJECT / "embedlib", root / "embedlib")
        (root / "data").symlink_to(PROJECT / "data")
        for name in ("_toc.yml", "requirements.txt"):
            shutil.copy(PROJECT / name, root / name)
        self.build = root / "_build"

    def write(self, name, text):
        path = self.root / "notebooks" / f"{name}.md"
        path.write_text(text)
        return path

    def start(self, *arguments):
        """Start a command in another folder than the project's."""
        return subprocess.Popen(
            [sys.executable, "-m", "embedlib.cli", *map(str, arguments)], text=True, cwd=self.root.parent,
            env={**os.environ, "PYTHONPATH": str(self.root), "COLUMNS": "200"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def call(self, *arguments):
        """Run a command; gives exit status, stdout and stderr."""
        process = self.start(*arguments)
        out, err = process.communicate()
        return process.returncode, out, err


@pytest.fixture
def project(tmp_path):
    return SmallProject(tmp_path / "project")


def wait_until(condition, what):
    """Wait for something that another process does."""
    for _ in range(1200):
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"never came: {what}")
