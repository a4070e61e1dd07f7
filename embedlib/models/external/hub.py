"""Models of the hub: fetched once, only where the environment allows it, and pinned to a commit."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from embedlib.errors import ArtifactError, EmbedlibError, InputError
from embedlib.models.external.hf_folder import check_names

logger = logging.getLogger(__name__)

_Snapshot = Callable[[], tuple[Path, str]]

_ID = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)(?:/(?P<file>[^@]+\.gguf))?(?:@(?P<revision>[\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Configuration, tokenizer and safetensors of transformers, and what sentence-transformers adds; nothing
# that is a pickle or for another library.
_FILES = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer.model", "sentencepiece.bpe.model",
    "model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors",
    "adapter_config.json", "adapter_model.safetensors",
    "modules.json", "config_sentence_transformers.json", "sentence_*_config.json",
    "[0-9]_*/*.json", "[0-9]_*/*.safetensors", "[0-9]_*/*.txt", "[0-9]_*/*.model",
]  # fmt: skip


@dataclass(frozen=True)
class HubId:
    """A model of the hub: `revision` is a branch, tag or commit ("": the default branch), `file` a GGUF file or ""."""

    repo: str
    file: str
    revision: str

    def at(self, commit: str) -> str:
        """Write the id with a commit."""
        return f"hf:{self.repo}{'/' if self.file else ''}{self.file}@{commit}"


def parse_hub_id(text: str) -> HubId:
    """Read `hf:owner/name`, with `/FILE.gguf` and `@revision` where they are given; raises `InputError`."""
    match = _ID.fullmatch(text)
    if match is None:
        raise InputError(
            f"{text!r} is no hub id; allowed: hf:owner/name or, for a GGUF file, hf:owner/name/FILE.gguf, "
            "with @revision behind where it is not the default branch"
        )
    return HubId(match["repo"], match["file"] or "", match["revision"] or "")


def fetch_snapshot(source: HubId) -> tuple[Path, str]:
    """Give the folder of a model in the local hub cache and its commit, fetching what is not there.

    A commit that is there is not asked for again. Raises `ArtifactError` in one line that says what
    to do without a network.
    """
    from huggingface_hub import HfApi, constants, snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()

    def snapshot(*, local: bool) -> tuple[Path, str]:
        folder = snapshot_download(
            source.repo, revision=source.revision or None, allow_patterns=patterns, local_files_only=local
        )
        return Path(folder), Path(folder).name

    patterns = [source.file] if source.file else _FILES
    offline = constants.is_offline_mode()
    if offline or _COMMIT.fullmatch(source.revision):
        try:
            return snapshot(local=True)
        except (OSError, ValueError):
            if offline:
                raise ArtifactError(
                    f"{source.at(source.revision or 'main')} is not in the local hub cache, and HF_HUB_OFFLINE or "
                    f"TRANSFORMERS_OFFLINE forbids to fetch it. {_elsewhere(source)}"
                ) from None

    def ask() -> tuple[Path, str]:
        found = HfApi().model_info(source.repo, revision=source.revision or None)
        names = {sibling.rfilename for sibling in found.siblings or []}
        if source.file and source.file not in names:
            ggufs = sorted(name for name in names if name.endswith(".gguf"))
            raise ArtifactError(
                f"hf:{source.repo} has no file {source.file!r}; it has: {', '.join(ggufs) or 'no GGUF'}"
            )
        if not source.file:
            check_names(names, f"hf:{source.repo}")
        return snapshot(local=False)

    return _said_plainly(source, ask, lambda: snapshot(local=True))


def _elsewhere(source: HubId) -> str:
    name = source.repo.partition("/")[2]
    revision = f" --revision {source.revision}" if source.revision else ""
    what = f"{source.repo} {source.file}" if source.file else source.repo
    path = f"./{name}/{source.file}" if source.file else f"./{name}"
    return (
        f"On a machine with a network run `hf download {what}{revision} --local-dir {name}`, bring the folder here "
        f"and name it by its path, {path}"
    )


def _said_plainly(source: HubId, ask: _Snapshot, cached: _Snapshot) -> tuple[Path, str]:
    """Call the hub, or take what is cached where it does not answer; what goes wrong becomes one line."""
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    name, hub = f"hf:{source.repo}", constants.ENDPOINT
    try:
        return ask()
    except GatedRepoError:
        why = f"{name} is gated: ask for access on its page at {hub} and log in with `hf auth login`."
    except RepositoryNotFoundError:
        why = f"{name}: {hub} has no such model, or it is private (`hf auth login`)."
    except RevisionNotFoundError:
        why = f"{name} has no revision {source.revision!r}."
    except EmbedlibError:
        raise
    except Exception as error:  # of the disk, or of the HTTP client, which has its own
        answer = f"answered {error.response.status_code}" if isinstance(error, HfHubHTTPError) else "cannot be reached"
        reason = str(error).partition("\n")[0][:200]
        with contextlib.suppress(OSError, ValueError):
            folder, commit = cached()
            logger.warning("%s: %s %s; taking what is cached, commit %s", name, hub, answer, commit[:12])
            return folder, commit
        why = f"{name} cannot be fetched: {hub} {answer} ({type(error).__name__}: {reason})."
    raise ArtifactError(f"{why} {_elsewhere(source)}")
