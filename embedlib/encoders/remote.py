"""Models behind an embedding API of OpenAI's kind: a batch a request, checked, paid for once."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from embedlib.embeddings.table import EmbeddingTable, FloatMatrix
from embedlib.encoders.base import Layer, PoolingChoice, WordsAsTexts, blank_reason
from embedlib.encoders.request import text_request
from embedlib.errors import EmbedlibError, InputError
from embedlib.models.external.api import Api, Limits, api_of
from embedlib.models.spec import ModelSpec

if TYPE_CHECKING:
    from openai import OpenAI

logger = logging.getLogger(__name__)

BUDGET = "EMBEDLIB_API_BUDGET"  # US dollars that a process may spend; none: no limit
RATE = "EMBEDLIB_API_TOKENS_A_MINUTE"  # none: as fast as the server answers
INSTALL = "python -m pip install -r requirements-api.txt"
RETRIES = 8  # of a request that the server refused for now, or that did not reach it
ANSWERS = 3  # answers that cannot be used before it is given up
TIMEOUT = 120.0  # seconds for an answer


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens a text has, rather too many than too few.

    One is counted for each three characters of ASCII, and two for each other character.

    Example:
        >>> estimate_tokens("The dog barks."), estimate_tokens("dog"), estimate_tokens("\u72ac")
        (5, 1, 2)
    """
    ascii_ones = sum(character.isascii() for character in text)
    return max(1, math.ceil(ascii_ones / 3) + 2 * (len(text) - ascii_ones))


def request_batches(texts: Sequence[str], limits: Limits) -> Iterator[list[int]]:
    """Sort the positions of texts into requests, in order, none with more than a provider takes.

    A text that alone is more than that is a request of its own: the provider decides.

    Example:
        >>> limits = Limits(address="http://127.0.0.1", items=2, tokens=100)
        >>> list(request_batches(["one", "two", "three"], limits))
        [[0, 1], [2]]
    """
    batch: list[int] = []
    tokens = size = 0
    for position, text in enumerate(texts):
        more, longer = estimate_tokens(text), len(text.encode())
        full = len(batch) == limits.items or tokens + more > limits.tokens or size + longer > limits.bytes
        if batch and full:
            yield batch
            batch, tokens, size = [], 0, 0
        batch.append(position)
        tokens, size = tokens + more, size + longer
    if batch:
        yield batch


class TokenBucket:
    """Lets so many tokens through in a minute: a bucket of that size which fills again at that rate."""

    def __init__(
        self, per_minute: float, clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._rate, self._clock, self._sleep = per_minute / 60, clock, sleep
        self._size = self._level = per_minute
        self._last = clock()

    def take(self, tokens: int) -> None:
        """Wait until there are so many tokens and take them; more than the bucket holds wait for a full one."""
        now = self._clock()
        self._level = min(self._size, self._level + (now - self._last) * self._rate)
        self._last = now
        lacking = min(tokens, self._size) - self._level
        if lacking > 0:
            self._sleep(lacking / self._rate)
            self._level, self._last = self._level + lacking, self._clock()
        self._level -= tokens


class Spending:
    """What has been paid, in US dollars, and the most that may be paid."""

    def __init__(self) -> None:
        self.spent = 0.0

    def allow(self, api: Api, tokens: int) -> None:
        """Check that a request of so many tokens stays within the budget; raises `EmbedlibError` before it is sent."""
        limit = _number(BUDGET)
        if limit is None:
            return
        cost = api.cost(tokens)
        if cost is None:
            raise InputError(f"the price of {api.model} is not known, so no budget can be kept; run without one")
        if self.spent + cost > limit:
            raise EmbedlibError(
                f"the budget of ${limit:.4f} would be passed: ${self.spent:.4f} are spent, and the next request "
                f"costs about ${cost:.4f}. What was paid for is stored; with a larger budget it goes on from there"
            )

    def pay(self, api: Api, tokens: int) -> None:
        """Count the tokens of an answer."""
        self.spent += api.cost(tokens) or 0.0


spending = Spending()  # of this process, whatever the model


def _number(name: str) -> float | None:
    """Read a positive number from the environment; raises `InputError` for anything else."""
    said = os.environ.get(name)
    if not said:
        return None
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise InputError(f"{name} is {said!r}; allowed: a number above 0")
    return number


class BadAnswerError(EmbedlibError):
    """An answer that cannot be used: not the vectors of the texts that were sent."""


class RemoteEncoder(WordsAsTexts):
    """An encoder of texts that a server runs; a word is a short text to it.

    The key is read from the environment when the first text is sent. It is in no message, and nothing is logged of
    what is sent. The client waits as the server says (Retry-After), and else longer each time.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        self.spec = spec
        self.dtype = "float32"
        self.api = api_of(spec)
        rate = _number(RATE)
        self._bucket = TokenBucket(rate) if rate else None
        self._client: OpenAI | None = None

    def batches(self, texts: Sequence[str], template: str | None) -> Iterator[list[str]]:
        """Sort texts into those of a request each, so that the store has each as soon as it is paid for."""
        filled = [text if template is None else template.replace("{text}", text) for text in texts]
        for rows in request_batches(filled, self.api.limits):
            yield [texts[row] for row in rows]

    def encode_sentences(
        self, sentences: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Ask the server for the vectors of texts; see `embedlib.embed_sentences`."""
        asked = text_request(self.spec, sentences, layer, pooling, template)
        keys, missing = asked.split(blank_reason)
        filled = [asked.fill(text) for text in keys]
        parts = [self._vectors([filled[row] for row in rows]) for rows in request_batches(filled, self.api.limits)]
        vectors = np.concatenate([np.empty((0, self.spec.dimension), np.float32), *parts])
        return asked.table(keys, vectors[:, None, None], missing)

    def _vectors(self, texts: list[str]) -> FloatMatrix:
        """Send one request, again where the answer cannot be used."""
        tokens = sum(map(estimate_tokens, texts))
        said = ""
        for _ in range(ANSWERS):
            spending.allow(self.api, tokens)
            if self._bucket:
                self._bucket.take(tokens)
            answer = self._ask(texts)
            usage = getattr(getattr(answer, "usage", None), "total_tokens", None)
            spending.pay(self.api, usage if isinstance(usage, int) and usage >= 0 else tokens)
            try:
                return _checked(answer, len(texts), self.spec.dimension)
            except BadAnswerError as bad:
                said = str(bad)
                logger.warning("%s: %s; asked again", self.spec.name, said)
        raise EmbedlibError(f"{self.spec.name}: the server's answer cannot be used, {ANSWERS} times: {said}")

    def _ask(self, texts: list[str]) -> Any:
        client = self._connected()
        import openai

        shorter: dict[str, Any] = {} if self.api.asked_dimension is None else {"dimensions": self.api.asked_dimension}
        try:
            return client.embeddings.create(model=self.api.model, input=texts, encoding_format="float", **shorter)
        except (openai.OpenAIError, ValueError) as error:  # ValueError: an answer that is no JSON
            said = self._explained(error, openai)
        # Outside of the handler: the client's error, which may hold what was sent, is not part of this one.
        raise EmbedlibError(f"{self.spec.name}: {said}")

    def _explained(self, error: Exception, openai: Any) -> str:
        """Put the client's error in a line, without the key."""
        line = " ".join(str(error).split())[:300]
        if key := self.api.key:
            line = line.replace(key, "[key]")
        host, name = self.api.limits.address, self.api.limits.key
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return f"{host} refuses the key in {name}, or the model: {line}"
        if isinstance(error, openai.NotFoundError):
            return f"{host} has no model {self.api.model!r}: {line}"
        if isinstance(error, openai.RateLimitError):
            return f"{host} still refuses (too many requests, or no credit), after up to {RETRIES} tries: {line}"
        if isinstance(error, openai.APIConnectionError):
            return f"{host} does not answer: {line}"
        return f"{host} answers with an error: {line}"

    def _connected(self) -> OpenAI:
        if self._client is not None:
            return self._client
        try:
            import openai
        except ImportError:
            raise EmbedlibError(f"{self.spec.name} needs the package openai; run: {INSTALL}") from None
        limits, key = self.api.limits, self.api.key
        if key is None and self.api.needs_key:
            raise EmbedlibError(f"{self.spec.name} needs a key: put it into the environment variable {limits.key}")
        self._client = openai.OpenAI(
            api_key=key or "none", base_url=limits.address, max_retries=RETRIES, timeout=TIMEOUT
        )
        return self._client


def _checked(answer: Any, count: int, dimension: int) -> FloatMatrix:
    """Put the vectors of an answer in the order of the texts: (count, dimension); raises `BadAnswerError`."""
    items = getattr(answer, "data", None)
    if not isinstance(items, list):
        raise BadAnswerError("it is no list of vectors, such as a page of HTML")
    if len(items) != count:
        raise BadAnswerError(f"it has {len(items)} vectors for {count} texts")
    places = [getattr(item, "index", None) for item in items]
    if sorted(p for p in places if isinstance(p, int)) != list(range(count)):
        raise BadAnswerError("it does not say which vector is of which text")
    vectors = np.empty((count, dimension), dtype=np.float32)
    for place, item in zip(places, items, strict=True):
        try:
            row = np.asarray(item.embedding, dtype=np.float32)
        except (TypeError, ValueError):
            raise BadAnswerError("a vector is no list of numbers") from None
        if row.shape != (dimension,):
            raise BadAnswerError(f"a vector has {row.size} numbers, not {dimension}")
        if not np.isfinite(row).all():
            raise BadAnswerError("a vector has numbers that are not finite")
        vectors[place] = row
    return vectors
