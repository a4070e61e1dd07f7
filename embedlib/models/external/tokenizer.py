"""Tokenizers as transformers loads them, whatever the files of a folder say of one another.

Several files say how a text becomes tokens (tokenizer.json, tokenizer_config.json, special_tokens_map.json,
a vocabulary ...), and they can disagree. What counts is what the model's own library makes of them all. That
is written into one file, which the encoders read and whose checksum belongs to the model.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from embedlib._util.paths import cache_dir, written_whole
from embedlib._util.quiet import quietly
from embedlib.errors import ArtifactError
from embedlib.models.external.special_tokens import framing

# A tokenizer can be made of any of these.
VOCABULARIES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model", "spm.model",
    "sentencepiece.bpe.model",
)  # fmt: skip
_FILES = (*VOCABULARIES, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt")
_PROBES = [
    "", " ", "a", "The Dog saw a naïve CAFÉ.", " before", "behind ", "two  spaces", "12 and 3,456.78!",
    "don't (stop)", "日本語 и ещё שלום", "a 🐶 and 🐶🐱", "e\u0301t ﬁne ½ İ", "a\ttab\nand a line\r\n",
    "snake_case, CamelCase", "▁ Ġ ##a",
]  # fmt: skip


def tokenizer_files(folder: Path) -> list[Path]:
    """List the files of a folder that say how a text becomes tokens."""
    return [folder / name for name in _FILES if (folder / name).is_file()]


def lowers(tokenizer: Any) -> bool:
    """Say whether a tokenizer turns capital letters into small ones."""
    normalizer = getattr(tokenizer, "normalizer", None)
    return normalizer is not None and "ab" in str(normalizer.normalize_str("AB"))


def resolve_tokenizer(folder: Path, *, framed: bool, padded: bool = False) -> Path:
    """Write the tokenizer of a transformers folder, as transformers has it, into one file of the cache.

    Raises `ArtifactError` where transformers cannot load it, and where the file would give other tokens
    than transformers: `framed` says that the special tokens around a text count, too, and a cut, `padded`
    that so does the side on which short texts are filled up.
    """
    from transformers import AutoTokenizer

    if (folder / "tokenizer.json").is_file():
        try:
            Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises nothing more precise
            raise ArtifactError(f"{folder / 'tokenizer.json'}: not a tokenizer: {error}") from None
    with quietly():
        try:
            library = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:  # whatever the files can be
            said = " ".join(str(error).split()) or type(error).__name__
            raise ArtifactError(f"{folder}: transformers cannot load the tokenizer: {said[:300]}") from None
        tokenizer, content = _backend(folder, library)
        try:
            reason = _difference(library, tokenizer, framed)
        except Exception as error:  # a class of transformers that the vocabulary is not for
            reason = (
                f"{type(library).__name__} cannot tokenise with it ({error}); tokenizer_config.json can name another "
                "tokenizer_class, such as PreTrainedTokenizerFast"
            )
        if padded and library.padding_side != "right":
            reason = f"short texts are filled up at their beginning (padding_side {library.padding_side!r})"
        if reason:
            raise ArtifactError(f"{folder}: embedlib cannot use the tokenizer as transformers does: {reason}")
    path = cache_dir() / "converted" / f"{hashlib.sha256(content).hexdigest()[:24]}-tokenizer.json"
    if not path.is_file() or path.read_bytes() != content:
        with written_whole(path) as file:
            file.write_bytes(content)
    return path


def _backend(folder: Path, library: Any) -> tuple[Tokenizer, bytes]:
    """Take the tokenizer out of that of transformers: a copy, and its file's content."""
    backend = getattr(library, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise ArtifactError(
            f"{folder}: {type(library).__name__} is no fast tokenizer, which the places of tokens in a text need"
        )
    try:
        tokenizer = Tokenizer.from_str(backend.to_str())
    except Exception as error:  # it has a part written in Python
        raise ArtifactError(f"{folder}: {type(library).__name__} cannot be written as one file: {error}") from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer, tokenizer.to_str().encode()


def _difference(library: Any, tokenizer: Tokenizer, framed: bool) -> str | None:
    """Say for which text a tokenizer gives other tokens than that of transformers, or None."""
    front, back = framing(tokenizer)
    added = [f"some {token}{token} more" for token in [*library.get_added_vocab()][:50]]
    for text in [*_PROBES, *added]:
        bare = tokenizer.encode(text, add_special_tokens=False).ids
        if library(text, add_special_tokens=False)["input_ids"] != bare:
            return f"{text!r} has other tokens"
        if not framed:
            continue
        given = library(text)
        if given["input_ids"] != [*front, *bare, *back]:
            return f"the special tokens around {text!r} are others"
        if any(given.get("token_type_ids", ())):
            return f"{text!r} has token types other than 0"
    if framed and library.truncation_side != "right":
        return f"long texts lose their beginning (truncation_side {library.truncation_side!r})"
    return None
