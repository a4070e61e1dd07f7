"""What the descriptions of folders share: their JSON, and files as artifacts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from embedlib.artifacts import sha256
from embedlib.errors import ArtifactError
from embedlib.spec import Artifact, Part

MODULES = "modules.json"


def read_json(path: Path) -> Any:
    """Read a JSON file; one that is not there is an empty object. Raises `ArtifactError`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path}: not JSON: {error}") from None


def as_artifact(role: str, file: Path) -> Artifact:
    """Make one file an artifact."""
    return Artifact(role=role, sha256=sha256(file), parts=(Part(path=str(file)),))


def title_of(origin: str) -> str:
    """Name a model in tables by its path or hub id, without the commit."""
    return origin.removeprefix("hf:").partition("@")[0]
