"""The token in front of a decoder's texts: whether words fall on the attention sink behind it, and which one is best.

The first position of a decoder is an attention sink, with a norm and a direction of its own (xiao2024sinks). Something
has to stand there so that no word does. Not every token can take its place: behind some, words are sinks themselves.
That shows in the spread of the words' norms, and what does take the place draws attention. So the rule is: leave out
fronts behind which the norms spread, and take the one of the rest that draws most attention. No label is used.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from embedlib._util.paths import cache_dir, written_whole
from embedlib.models.reading import AUTO
from embedlib.models.spec import ModelSpec

# Where the norms' spread over their mean is larger, some words are sinks.
MOST_SPREAD = 0.3
NEWLINE = "\n"


@dataclass(frozen=True)
class Front:
    """What a token in front does to words, measured at a model's middle layer.

    `token` is "" for nothing in front. `spread` is the standard deviation of the norms of the words' first tokens
    over their mean, `sinks` the share of words whose norm is more than three times the median, and `attention` the
    mean attention of these tokens to the front, over all heads and layers (NaN where the model has none to show).
    """

    token: str
    spread: float
    sinks: float
    attention: float

    @property
    def is_clean(self) -> bool:
        """Say whether no word is a sink behind it."""
        return self.spread <= MOST_SPREAD

    @property
    def label(self) -> str:
        """Write the token as tables do; see `front_label`."""
        return front_label(self.token)


@dataclass(frozen=True)
class FrontEvidence:
    """The fronts that were tried for a model, and the one that the rule takes.

    `asked` lists the candidates; those that are no token of the model are not among the `tried`. `best` is "" where
    nothing in front is best. `clean` is False where words are sinks behind every front.
    """

    model: str
    words: int
    layer: int
    asked: tuple[str, ...]
    tried: tuple[Front, ...]
    best: str
    clean: bool

    def of(self, token: str) -> Front | None:
        """Find what was measured of a token; None where it was not tried."""
        return next((front for front in self.tried if front.token == token), None)


def choose_front(tried: tuple[Front, ...]) -> tuple[str, bool]:
    r"""Take, of the fronts behind which no word is a sink, the one that draws most attention.

    Gives its token, and whether there was such a front. Where there is none, it is the one of the least spread. Of
    equals the first; where a model shows no attention, the least spread counts.

    Example:
        >>> bos, newline = Front("<s>", 2.6, 0.1, 0.77), Front("\n", 0.04, 0.0, 0.88)
        >>> choose_front((bos, newline))
        ('\n', True)
    """
    clean = [front for front in tried if front.is_clean]
    if not clean:
        return min(tried, key=lambda front: front.spread).token, False
    shown = [front for front in clean if not np.isnan(front.attention)]
    if shown:
        return max(shown, key=lambda front: front.attention).token, True
    # With nothing in front every word is the sink, so that the norms need not spread.
    return min(clean, key=lambda front: (not front.token, front.spread)).token, True


def candidates(spec: ModelSpec) -> list[str]:
    r"""List the fronts to try: what the files call the first, last and padding token, a newline, and nothing.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> candidates(find_model("gemma-3-270m-q4"))
        ['<bos>', '<eos>', '<pad>', '\n', '']
    """
    own = [spec.front] if spec.front and spec.front != AUTO else []
    return list(dict.fromkeys([*([spec.bos] if spec.bos else []), *own, *spec.fronts, NEWLINE, ""]))


def stored_evidence(spec: ModelSpec) -> FrontEvidence | None:
    """Read what was measured of a model's fronts before; None where nothing was, or for other candidates."""
    try:
        content = json.loads(front_file(spec).read_text(encoding="utf-8"))
        tried = tuple(Front(**front) for front in content.pop("tried"))
        found = FrontEvidence(tried=tried, asked=tuple(content.pop("asked")), **content)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return found if list(found.asked) == candidates(spec) else None


def front_label(token: str) -> str:
    r"""Write a token in front as tables do: in quotation marks where it cannot be seen, and nothing as "nothing".

    Example:
        >>> front_label("<bos>"), front_label("\n"), front_label("")
        ('<bos>', "'\\n'", 'nothing')
    """
    return "nothing" if not token else token if token.isprintable() and token.strip() == token else repr(token)


def sink_warning(spec: ModelSpec, front: str, found: FrontEvidence) -> str | None:
    r"""Say that words fall on the attention sink behind a front, and what to do; None where they do not.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> tried = (Front("<bos>", 2.6, 0.12, 0.77), Front("\n", 0.04, 0.0, 0.88))
        >>> found = FrontEvidence("gemma-3-270m-q4", 200, 9, ("<bos>", "\n"), tried, "\n", True)
        >>> sink_warning(find_model("gemma-3-270m-q4"), "<bos>", found).split(": ")[1].split("; ")[0]
        "behind '<bos>', 24 of 200 words fall on the attention sink (spread of norms 2.60, at most 0.3 where none does)"
    """
    measured = found.of(front)
    if measured is None or measured.is_clean:
        return None
    better = f"; behind {found.best!r} none does: front={found.best!r}, or front='auto'" if found.clean else ""
    return (
        f"{spec.name}: behind {front!r}, {measured.sinks * found.words:.0f} of {found.words} words fall on the "
        f"attention sink (spread of norms {measured.spread:.2f}, at most {MOST_SPREAD} where none does){better}"
    )


def front_file(spec: ModelSpec) -> Path:
    """Name the file of the cache that keeps what was measured of a model's fronts."""
    # All artifacts count: the same weights with another tokenizer have other fronts.
    return cache_dir() / "fronts" / f"{hashlib.sha256(spec.checksum.encode()).hexdigest()[:24]}.json"


def keep_evidence(spec: ModelSpec, found: FrontEvidence) -> None:
    """Keep what was measured of a model's fronts in the cache."""
    with written_whole(front_file(spec)) as aside:
        aside.write_text(json.dumps(asdict(found), indent=1), encoding="utf-8")
