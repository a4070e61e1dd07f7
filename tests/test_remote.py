"""Models behind an API, from a small server on loopback that speaks OpenAI's protocol, well or badly."""

import json
import logging
import os
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from conftest import FRONT, records_of

from embedlib import embed_sentences, embed_words
from embedlib.book.notebooks import read_executed
from embedlib.book.run.plan import plan
from embedlib.book.run.run import execute
from embedlib.embeddings.embed import unstored_words
from embedlib.encoders import remote
from embedlib.encoders.loader import load_model
from embedlib.encoders.remote import TokenBucket, request_batches, spending
from embedlib.errors import ArtifactError, EmbedlibError, InputError, UnknownNameError
from embedlib.models.external import api as apis
from embedlib.models.external.api import Limits
from embedlib.models.roster import check_models, find_model

KEY = "sk-test-0123456789-never-written-down"


def answer_of(texts, model):
    """Answer as a server does: a vector a text, with its place."""
    vectors = model.encode_sentences(texts).rows(texts)
    return [{"object": "embedding", "index": n, "embedding": row.tolist()} for n, row in enumerate(vectors)]


class Api(BaseHTTPRequestHandler):
    """Answers with a model's vectors, after what `server.faults` says for the requests to come."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.asked.append((time.monotonic(), asked, self.headers["Authorization"]))
        fault = next(server.faults)
        data = answer_of(asked["input"], server.model)
        if (n := asked.get("dimensions")) is not None:
            data = [{**item, "embedding": item["embedding"][:n]} for item in data]
        if callable(fault):
            data = fault(data)
        elif fault == "html":
            return self.send(200, b"<html>Welcome</html>", {"Content-Type": "text/html"})
        elif fault == "cut off":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b'{"data": [')
            return self.wfile.flush()
        elif fault == "slow":
            time.sleep(2)
        elif isinstance(fault, tuple):
            code, headers = fault
            said = {"error": {"message": f"refused, {self.headers['Authorization']}"}}
            return self.send(code, json.dumps(said).encode(), {"Content-Type": "application/json", **headers})
        said = {"object": "list", "data": data, "model": asked["model"],
                "usage": {"prompt_tokens": 5, "total_tokens": 5}}  # fmt: skip
        return self.send(200, json.dumps(said).encode(), {"Content-Type": "application/json"})

    def send(self, code, content, headers):
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture
def server(cache, monkeypatch):
    """Serve the vectors of GloVe; its own errors are part of the tests, and go nowhere."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    running.handle_error = lambda *_: None
    running.model, running.asked, running.faults = load_model("glove-6b-50d"), [], repeat(None)
    Thread(target=running.serve_forever, daemon=True).start()
    monkeypatch.setenv("EMBEDLIB_API_KEY", KEY)
    monkeypatch.setenv("EMBEDLIB_API_BUDGET", "")  # the command line sets it
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(spending, "spent", 0.0)
    running.name = f"api:http://127.0.0.1:{running.server_address[1]}/v1#glove[dimensions=50]"
    yield running
    running.shutdown()
    running.server_close()


def test_vectors_are_those_of_the_model_that_is_served_and_each_is_asked_for_once(server):
    words = ["dog", "cat", "  ", "piano", "dog"]
    table = embed_words(server.name, words)
    assert (table.keys, list(table.missing)) == (["dog", "cat", "piano"], ["  "])
    np.testing.assert_array_equal(table.vectors, server.model.encode_words(table.keys).vectors)
    assert embed_words(server.name, [*words, "king"]).keys == ["dog", "cat", "piano", "king"]
    assert [asked["input"] for _, asked, _ in server.asked] == [["cat", "dog", "piano"], ["king"]]
    assert {asked["model"] for _, asked, _ in server.asked} == {"glove"}
    assert server.asked[0][2] == f"Bearer {KEY}"
    assert embed_sentences(server.name, ["The dog barks."], template="It is said: {text}").vectors.shape == (1, 50)
    assert server.asked[-1][1]["input"] == ["It is said: The dog barks."]


def test_a_template_goes_into_the_text_that_is_sent_and_counted(server):
    assert unstored_words(server.name, ["dog", "cat", "dog"]) == ["cat", "dog"]
    embed_words(server.name, ["dog"])
    assert unstored_words(server.name, ["dog", "cat"]) == ["cat"]
    assert unstored_words(server.name, ["dog", "cat"], template="a {text}") == ["cat", "dog"]


@pytest.mark.parametrize(
    "fault",
    [
        (500, {}), (429, {"Retry-After": "1"}), (503, {"Retry-After": "0"}), "cut off",
        lambda data: data[:-1],
        lambda data: [{**item, "embedding": item["embedding"][:7]} for item in data],
        lambda data: [{**item, "embedding": [float("nan"), *item["embedding"][1:]]} for item in data],
        lambda data: [{**item, "index": 0} for item in data],
        lambda data: [{**item, "embedding": None} for item in data],
        lambda data: [{**item, "embedding": ["a"] * 50} for item in data],
        "html",
    ],
    ids=["500", "429", "503", "cut off", "wrong count", "wrong dimension", "NaN", "no order", "no vector",
         "no numbers", "HTML"],
)  # fmt: skip
def test_a_fault_is_overcome_where_the_next_answer_is_right(server, fault):
    server.faults = chain([fault], repeat(None))
    words = ["dog", "cat", "piano"]
    np.testing.assert_array_equal(embed_words(server.name, words).vectors, server.model.encode_words(words).vectors)
    times = [at for at, _, _ in server.asked]
    assert len(times) == 2
    if isinstance(fault, tuple) and fault[1].get("Retry-After") == "1":
        assert times[1] - times[0] >= 1


def test_vectors_in_another_order_are_put_in_that_of_the_texts(server):
    server.faults = repeat(lambda data: data[::-1])
    words = ["dog", "cat", "piano"]
    np.testing.assert_array_equal(embed_words(server.name, words).vectors, server.model.encode_words(words).vectors)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((401, {}), "refuses the key in EMBEDLIB_API_KEY, or the model"),
        ((404, {}), "has no model 'glove'"),
        ((400, {}), "answers with an error"),
        ((500, {}), "answers with an error"),
        ((429, {}), "still refuses (too many requests, or no credit), after up to 1 tries"),
        ("slow", "does not answer"),
        ("html", "cannot be used, 3 times: it is no list of vectors"),
        (lambda data: data * 2, "cannot be used, 3 times: it has 4 vectors for 2 texts"),
        (lambda data: [{**item, "embedding": item["embedding"] * 2} for item in data], "has 100 numbers, not 50"),
    ],
    ids=["401", "404", "400", "500", "429", "slow", "HTML", "count", "dimension"],
)
def test_what_stays_wrong_is_said_in_one_line_without_the_key(server, monkeypatch, caplog, fault, said):
    monkeypatch.setattr(remote, "RETRIES", 1)
    monkeypatch.setattr(remote, "TIMEOUT", 0.5)
    caplog.set_level(logging.DEBUG)
    server.faults = repeat(fault)
    with pytest.raises(EmbedlibError) as failed:
        embed_words(server.name, ["dog", "cat"])
    assert said in str(failed.value)
    assert "\n" not in str(failed.value)
    assert failed.value.__cause__ is failed.value.__context__ is None
    assert KEY not in str(failed.value) + caplog.text
    assert unstored_words(server.name, ["dog", "cat"]) == ["cat", "dog"]


def test_a_request_holds_no_more_than_a_provider_takes():
    limits = Limits(address="http://127.0.0.1", items=3, tokens=10, bytes=40)
    texts = ["a" * 9] * 5 + ["b" * 60, "c", "d", "e", "f"]
    found = list(request_batches(texts, limits))
    assert list(chain(*found)) == list(range(10))
    assert found == [[0, 1, 2], [3, 4], [5], [6, 7, 8], [9]]
    assert list(request_batches([], limits)) == []


def test_what_is_paid_for_is_stored_though_the_next_request_fails(server, monkeypatch):
    few = Limits(address=server.name[4:].partition("#")[0], items=2)
    monkeypatch.setattr(apis, "Limits", lambda **_: few)
    monkeypatch.setattr(remote, "RETRIES", 0)
    server.faults = chain([None, (500, {})], repeat(None))
    words = ["cat", "dog", "king", "piano", "queen"]
    with pytest.raises(EmbedlibError, match="answers with an error"):
        embed_words(server.name, words)
    assert unstored_words(server.name, words) == ["king", "piano", "queen"]
    embed_words(server.name, words)
    assert [asked["input"] for _, asked, _ in server.asked] == [
        ["cat", "dog"], ["king", "piano"], ["king", "piano"], ["queen"],
    ]  # fmt: skip


@pytest.fixture
def priced(server, monkeypatch):
    """Let OpenAI's address be the server's, so that there is a price."""
    limits = Limits(address=server.name[4:].partition("#")[0], key="OPENAI_API_KEY", items=2)
    monkeypatch.setitem(apis._table()[0], "openai", limits)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.name = "api:openai/text-embedding-3-small[dimensions=40]"
    return server


def test_a_budget_stops_before_it_is_passed(priced, call, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("cat\ndog\nking\npiano\n")
    arguments = ["extract", "--model", priced.name, "--words", words]
    code, out, err = call(*arguments, "--dry-run")
    assert (code, priced.asked) == (0, []), err
    # One token each for the words of three letters, and two for the longer ones.
    assert re.search(r"4\s+6\s+0\.0000 \(price of 2025-07-01\)", out)
    # A request of two words is estimated at 2 or 4 tokens, and the server counts 5 at $0.02 a million.
    code, out, err = call(*arguments, "--budget", "0.0000001")
    assert (code, len(priced.asked)) == (1, 1)
    assert "the budget of $0.0000 would be passed" in err
    assert spending.spent == pytest.approx(5 * 0.02 / 1e6)
    code, out, err = call(*arguments, "--budget", "1")
    assert (code, [asked["input"] for _, asked, _ in priced.asked]) == (0, [["cat", "dog"], ["king", "piano"]]), err
    assert {asked["dimensions"] for _, asked, _ in priced.asked} == {40}


def test_a_budget_needs_a_price_and_a_number(server, monkeypatch):
    monkeypatch.setenv("EMBEDLIB_API_BUDGET", "1")
    with pytest.raises(InputError, match="the price of glove is not known"):
        embed_words(server.name, ["dog"])
    monkeypatch.setenv("EMBEDLIB_API_BUDGET", "-1")
    with pytest.raises(InputError, match="EMBEDLIB_API_BUDGET is '-1'; allowed: a number above 0"):
        embed_words(server.name, ["dog"])
    assert server.asked == []


def test_a_bucket_lets_through_its_size_at_once_and_then_its_rate():
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    bucket = TokenBucket(60, clock=lambda: now[0], sleep=sleep)
    for tokens in (50, 10, 30, 500):
        bucket.take(tokens)
    assert slept == pytest.approx([30, 60])
    now[0] += 600
    bucket.take(60)
    assert len(slept) == 2  # full again


NOTEBOOK = (
    FRONT
    + """
```{code-cell} python
:tags: [parameters]

models: list[str] = ["glove-6b-50d"]  # the models
```

Their vectors:

```{code-cell} python
import embedlib
from embedlib.models.roster import check_models

models = check_models(models)
embedlib.record("families", ", ".join(models.family.values()))
embedlib.record("length", float(embedlib.embed_words(models[0], ["dog"]).vectors.shape[1]))
```
"""
)


def test_a_notebook_reads_an_api_and_the_key_is_in_nothing_that_is_written(server, tmp_path):
    source = tmp_path / "small.md"
    source.write_text(NOTEBOOK)
    planned = plan(source, {"models": server.name}, tmp_path / "_build")
    execute(planned)
    records = records_of(planned.output)
    assert (records["families"]["value"], records["length"]["value"]) == ("hosted", 50)
    assert read_executed(planned.output).metadata["embedlib"]["models"]
    written = [path for folder in (tmp_path, Path(os.environ["EMBEDLIB_CACHE"])) for path in _files(folder)]
    assert len(written) > 5
    assert not [path for path in written if KEY.encode() in path.read_bytes()]
    server.faults = repeat((401, {}))
    failing = plan(source, {"models": server.name.replace("#glove", "#other")}, tmp_path / "_build")
    with pytest.raises(EmbedlibError, match="refuses the key") as failed:
        execute(failing)
    assert KEY not in str(failed.value)
    assert not [path for path in _files(tmp_path) if KEY.encode() in path.read_bytes()]


def _files(folder):
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("api:opneai/text-embedding-3-small", UnknownNameError, "Did you mean 'openai'"),
        ("api:openai/text-embedding-3-smal", UnknownNameError, "Did you mean 'openai/text-embedding-3-small'"),
        ("api:openai/text-embedding-ada-002[dimensions=256]", InputError, "dimensions is 256; allowed: 1536"),
        ("api:openai/text-embedding-3-small[dimensions=4096]", InputError, "allowed: 1 to 1536"),
        ("api:http://127.0.0.1/v1#minilm", InputError, r"such as api:http://127.0.0.1/v1#minilm\[dimensions=384\]"),
        ("api:http://127.0.0.1/v1[dimensions=3]", InputError, "is no address of an API"),
        ("api:https://me:secret@host/v1#m[dimensions=3]", InputError, "EMBEDLIB_API_KEY"),
        ("api:openai/text-embedding-3-small[dimensions=-1]", InputError, "dimensions is '-1'"),
        ("api:openai/text-embedding-3-small[limit=5]", ArtifactError, "limit means nothing for an embedding API"),
    ],
)
def test_a_name_that_cannot_be_is_said_before_anything_is_sent(name, error, said):
    with pytest.raises(error, match=said) as failed:
        find_model(name)
    assert "secret" not in str(failed.value)


def test_a_provider_without_a_key_is_said_in_one_line_and_shown_by_models(cache, monkeypatch, call):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(EmbedlibError, match="needs a key: put it into the environment variable OPENAI_API_KEY"):
        embed_words("api:openai/text-embedding-ada-002", ["dog"])
    code, out, _ = call("models", "api:openai/text-embedding-ada-002")
    assert (code, "needs a key" in out, "OPENAI_API_KEY" in out) == (0, True, True)
    models = check_models(["api:openai/text-embedding-ada-002", "api:gemini/gemini-embedding-001", "glove-6b-50d"])
    assert models.llms == ["text-embedding-ada-002", "gemini-embedding-001"]
    assert models.specs["gemini-embedding-001"].dimension == 3072
