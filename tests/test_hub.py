"""Models of the hub, from a small server on loopback that speaks as much of the hub's API as is asked for."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import gguf
import numpy as np
import pytest
from conftest import FRONT, make_tiny

from embedlib._util.paths import PROJECT

FIRST, SECOND = "a" * 40, "b" * 40
RUN = [sys.executable, "-W", "ignore", "-m", "embedlib.cli"]


class Hub(BaseHTTPRequestHandler):
    """Repositories are folders of `server.root`; `server.commit` is that of the branch main."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.asked.append(f"{self.command} {path}")
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self.repository("/".join(parts[2:4]), parts[4:])
        else:
            self.file(self.server.root / "/".join(parts[:2]) / "/".join(parts[4:]), parts[3] if len(parts) > 3 else "")

    do_HEAD = do_GET

    def repository(self, name, rest):
        folder = self.server.root / name
        revision = rest[1] if len(rest) > 1 else "main"
        if not folder.is_dir():
            return self.answer(b"{}", 404, {"X-Error-Code": "RepoNotFound"})
        if name.endswith("gated"):
            return self.answer(b"{}", 403, {"X-Error-Code": "GatedRepo"})
        if revision not in ("main", "v1", FIRST, SECOND):
            return self.answer(b"{}", 404, {"X-Error-Code": "RevisionNotFound"})
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        if rest[:1] == ["tree"]:
            said = [{"type": "file", "path": name, "size": path.stat().st_size, "oid": digest(path)}
                    for name, path in files.items()]  # fmt: skip
        else:
            commit = {"main": self.server.commit, "v1": FIRST}.get(revision, revision)
            said = {"id": name, "sha": commit, "siblings": [{"rfilename": file} for file in files]}
        return self.answer(json.dumps(said).encode(), 200, {"Content-Type": "application/json"})

    def file(self, path, commit):
        if not path.is_file():
            return self.answer(b"", 404, {"X-Error-Code": "EntryNotFound"})
        return self.answer(path.read_bytes(), 200, {"ETag": f'"{digest(path)}"', "X-Repo-Commit": commit})

    def answer(self, content, status, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        """Stay silent."""


def digest(path):
    return hashlib.sha1(path.read_bytes()).hexdigest()


@pytest.fixture
def hub(tmp_path):
    """Serve a tiny model beside files that must not be fetched."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.root, server.commit, server.asked = tmp_path / "hub", FIRST, []
    make_tiny("bert", server.root / "tiny" / "bert")
    for name in ("README.md", "pytorch_model.bin", "onnx/config.json", "onnx/model.onnx"):
        path = server.root / "tiny" / "bert" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("not to be fetched")
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def embedlib(hub, tmp_path):
    """Give a function that runs the command line as a user does whose hub is the server."""
    port = hub.server_address[1]

    def run(*arguments, **environment):
        before = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORM"))}
        mine = {"HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HOME": str(tmp_path / "hf"), "NO_PROXY": "127.0.0.1",
                "no_proxy": "127.0.0.1", "EMBEDLIB_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(PROJECT),
                "HF_HUB_ETAG_TIMEOUT": "3", "COLUMNS": "300"}  # fmt: skip
        done = subprocess.run(
            [*RUN, *map(str, arguments)], cwd=tmp_path, env={**before, **mine, **environment}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return run


OFFLINE = {"HF_HUB_OFFLINE": "1"}
NOTEBOOK = (
    FRONT
    + """
```{code-cell} python
:tags: [parameters]

models: list[str] = ["glove-6b-50d"]  # the models
```

Their vectors:

```{code-cell} python
import os
import embedlib
from embedlib.models.roster import check_models
[(os.environ["HF_HUB_OFFLINE"], m, embedlib.embed_words(m, ["dog"]).vectors.shape) for m in check_models(models)]
```
"""
)


def test_a_model_is_fetched_once_before_the_notebook_and_pinned(hub, embedlib, tmp_path):
    (tmp_path / "small.md").write_text(NOTEBOOK)
    build = PROJECT / "_build"
    code, out, err = embedlib("run", "small.md", "-p", "models=hf:tiny/bert")
    output = Path(out.strip().removeprefix("ran: "))
    try:
        assert (code, output.parent) == (0, build / "executed"), err
        text = output.read_text()
        assert "('1', 'bert', (1, 32))" in text
        assert f'models = [\\"hf:tiny/bert@{FIRST}\\"]' in text
        fetched = {line.rpartition("/")[2] for line in hub.asked if line.startswith("GET /tiny/")}
        assert fetched == {"config.json", "tokenizer.json", "model.safetensors"}
        hub.asked.clear()
        code, out, err = embedlib("run", "small.md", "-p", "models=hf:tiny/bert", **OFFLINE)
        assert (code, out.startswith("nothing changed: ")) == (0, True), err
        code, out, _ = embedlib("run", "small.md", "-p", f"models=hf:tiny/bert@{FIRST}")  # a commit is not asked for
        assert (code, out.startswith("nothing changed: "), hub.asked) == (0, True, [])
        hub.commit = SECOND
        (hub.root / "tiny" / "bert" / "generation_config.json").write_text("{}")
        code, out, _ = embedlib("run", "small.md", "-p", "models=hf:tiny/bert", "--why")
        assert (code, "it has not been run with these parameters" in out) == (0, True)
        code, out, _ = embedlib("run", "small.md", "-p", "models=hf:tiny/bert@v1", "--why")
        assert (code, "small--" in out, "nothing changed" in out) == (0, True, True)
    finally:
        for folder, ending in (("executed", "ipynb"), ("state", "json"), ("failed", "ipynb")):
            (build / folder / f"{output.stem}.{ending}").unlink(missing_ok=True)


def test_what_cannot_be_fetched_is_said_in_one_line_with_what_to_do(hub, embedlib):
    (hub.root / "tiny" / "gated").mkdir()
    (hub.root / "tiny" / "ggufs").mkdir()
    (hub.root / "tiny" / "ggufs" / "q4.gguf").write_bytes(b"GGUF")
    pickles = hub.root / "tiny" / "pickles"
    pickles.mkdir()
    for name in ("config.json", "tokenizer.json", "pytorch_model.bin"):
        (pickles / name).write_text("{}")
    elsewhere = "run `hf download tiny/{0} --local-dir {0}`, bring the folder here and name it by its path, ./{0}"

    def check(name, said, code, out, err):
        assert (code, out) == (1, ""), (name, err)
        assert said in err, (name, err)
        assert len(err.strip().splitlines()) == 1, err

    for name, said, environment in (
        ("hf:tiny/bert", "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids to fetch it", OFFLINE),
        ("hf:tiny/bert", elsewhere.format("bert"), {"TRANSFORMERS_OFFLINE": "1"}),
        ("hf:tiny/bert", "cannot be reached (ConnectError", {"HF_ENDPOINT": "http://127.0.0.1:9"}),
    ):
        check(name, said, *embedlib("models", name, **environment))
    for name, *said in (
        ("hf:tiny/gated", "is gated: ask for access", elsewhere.format("gated")),
        ("hf:tiny/none", "has no such model, or it is private"),
        ("hf:tiny/bert@v9", "has no revision 'v9'", "hf download tiny/bert --revision v9 --local-dir bert"),
        ("hf:tiny/ggufs", "Name one of its files instead: q4.gguf"),
        ("hf:tiny/ggufs/q8.gguf", "has no file 'q8.gguf'; it has: q4.gguf"),
        ("hf:tiny/pickles", "a pickle or of another library (pytorch_model.bin)"),
    ):
        found = embedlib("models", name)
        for part in said:
            check(name, part, *found)
    assert not [line for line in hub.asked if line.startswith("GET /tiny/")]


def test_a_gguf_file_is_fetched_alone(hub, embedlib, tmp_path):
    (hub.root / "tiny" / "bert" / "sub").mkdir()
    writer = gguf.GGUFWriter(hub.root / "tiny" / "bert" / "sub" / "q4.gguf", "qwen2")
    writer.add_block_count(1)
    writer.add_embedding_length(32)
    writer.add_token_list(["<bos>", "a"])
    writer.add_eos_token_id(0)
    writer.add_tensor("token_embd.weight", np.ones((2, 32), dtype=np.float32))
    for name in ("output_norm", "blk.0.attn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(32, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    code, out, err = embedlib("models", "hf:tiny/bert/sub/q4.gguf@main")
    assert (code, "the best front in front, not pooled" in out) == (0, True), err
    assert {line.rpartition("/")[2] for line in hub.asked if line.startswith("GET /tiny/")} == {"q4.gguf"}


def test_a_cached_model_is_taken_where_the_hub_does_not_answer(hub, embedlib, tmp_path):
    assert embedlib("models", "hf:tiny/bert")[0] == 0
    code, _, err = embedlib("models", "hf:tiny/bert", HF_ENDPOINT="http://127.0.0.1:9")
    assert (code, f"taking what is cached, commit {FIRST[:12]}" in err) == (0, True), err
    snapshot = next((tmp_path / "hf" / "hub").glob("models--tiny--bert/snapshots/*"))
    (snapshot / "model.safetensors").unlink()
    shutil.rmtree(tmp_path / "cache")
    code, _, err = embedlib("models", "hf:tiny/bert", **OFFLINE)
    assert (code, "is not in the local hub cache" in err) == (1, True), err
