"""What the descriptions of folders share: their JSON, and files as artifacts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from embedlib.errors import ArtifactError
from embedlib.models.files import sha256
from embedlib.models.spec import Artifact, FilePart

MODULES = "modules.json"


def read_json(path: Path, kind: type[dict[str, Any]] | type[list[Any]] = dict) -> Any:
    """Read a JSON file that is an object, or a list; one that is not there is empty. Raises `ArtifactError`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return kind()
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path}: not JSON: {error}") from None
    if not isinstance(content, kind):
        raise ArtifactError(f"{path}: not a {'list' if kind is list else 'JSON object'}, but {str(content)[:50]}")
    return content


def as_artifact(role: str, file: Path) -> Artifact:
    """Make one file an artifact."""
    return Artifact(role=role, sha256=sha256(file), parts=(FilePart(path=str(file)),))


def title_of(origin: str) -> str:
    """Name a model in tables by its path or hub id, without the commit."""
    return origin.removeprefix("hf:").partition("@")[0]
