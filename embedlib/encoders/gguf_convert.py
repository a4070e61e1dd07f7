"""GGUF files converted once into a cached transformers folder, whole or not at all."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

from embedlib._util.paths import cache_dir, made_whole
from embedlib._util.processes import end_with_parent
from embedlib._util.quiet import quietly
from embedlib.errors import ArtifactError
from embedlib.models.external.weights import faults_of
from embedlib.models.files import pieces, read_blocks, refusal, sha256, verified, verified_file
from embedlib.models.spec import ModelSpec

logger = logging.getLogger(__name__)

_FORMAT = 1  # raised when the layout of a converted folder changes


def model_folder(spec: ModelSpec) -> Path:
    """Give the transformers folder of a causal model: config.json, model.safetensors, tokenizer.json.

    A GGUF artifact is converted on the first call, under a lock, into a folder that appears whole
    or not at all; a folder that no longer matches its manifest is converted again. Raises
    `ArtifactError` where a file is missing or not the roster's.
    """
    if not spec.has_artifact("gguf"):
        verified(spec, spec.artifact("config"))
        verified_file(spec, "tokenizer")
        return verified_file(spec, "weights").parent
    return made_whole(_folder(spec), _intact, functools.partial(_convert_apart, spec))


def tokenizer_file(spec: ModelSpec, folder: Path) -> Path:
    """Give the tokenizer of a causal model: that of its converted `folder`, or the artifact."""
    return folder / "tokenizer.json" if spec.has_artifact("gguf") else verified_file(spec, "tokenizer")


def is_converted(spec: ModelSpec) -> bool:
    """Say whether a model is converted already, so that `model_folder` returns at once."""
    return not spec.has_artifact("gguf") or _intact(_folder(spec))


def _folder(spec: ModelSpec) -> Path:
    return cache_dir() / "converted" / f"{spec.name}-{spec.artifact('gguf').sha256[:16]}-v{_FORMAT}"


def _intact(folder: Path) -> bool:
    """Compare a converted folder with its manifest; hashes a file only where its time has changed."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for name, entry in manifest["files"].items():
            stat = (folder / name).stat()
            if stat.st_size != entry["size"]:
                return False
            if stat.st_mtime_ns != entry["mtime_ns"]:
                if sha256(folder / name) != entry["sha256"]:
                    return False
                os.utime(folder / name, ns=(stat.st_atime_ns, entry["mtime_ns"]))  # known from now on
    except (OSError, ValueError, KeyError):
        return False
    return True


def _convert_apart(spec: ModelSpec, work: Path) -> None:
    """Convert in a process of its own, whose several GiB and progress bars end with it."""
    _join(spec, work / "joined.gguf")
    logger.info("%s: converting the GGUF file once (about a minute)", spec.name)
    command = [sys.executable, "-m", "embedlib.encoders.gguf_convert", str(work), str(os.getpid())]
    done = subprocess.run(
        command, input=spec.model_dump_json(), capture_output=True, text=True, check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    if done.returncode:
        raise ArtifactError(
            f"{spec.name}: the GGUF file could not be converted (exit status {done.returncode}):\n{done.stderr[-4000:]}"
        )


def _join(spec: ModelSpec, joined: Path) -> None:
    """Join the parts of the GGUF file, checking the whole on the way."""
    artifact = spec.artifact("gguf")
    digest = hashlib.sha256()
    with joined.open("wb") as file:
        for block in read_blocks(pieces(spec, artifact)):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != artifact.sha256:
        raise refusal(spec, artifact, digest.hexdigest(), joined.stat().st_size)


def _convert(spec: ModelSpec, work: Path) -> None:
    """Turn `joined.gguf` of a folder into a transformers folder with a manifest."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    joined = work / "joined.gguf"
    tokenizer = AutoTokenizer.from_pretrained(work, gguf_file=joined.name, local_files_only=True)
    loaded, report = AutoModelForCausalLM.from_pretrained(
        work, gguf_file=joined.name, dtype=torch.float32, local_files_only=True, output_loading_info=True
    )
    faults = faults_of(loaded, report)
    faults += [f"{key} is not finite" for key, tensor in loaded.state_dict().items() if not tensor.isfinite().all()]
    if faults:
        raise ArtifactError(f"the tensors do not fit {type(loaded).__name__}: {'; '.join(faults[:3])}")
    # A model loaded from GGUF counts as quantised and refuses to be saved: give its weights to a
    # fresh model of the same configuration.
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):
        plain = AutoModelForCausalLM.from_config(config)
    plain.load_state_dict(loaded.state_dict(), assign=True)
    plain.tie_weights()
    plain.save_pretrained(work)
    tokenizer.save_pretrained(work)
    joined.unlink()
    files = {}
    for path in sorted(work.iterdir()):
        stat = path.stat()
        files[path.name] = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": sha256(path)}
    manifest = {"model": spec.name, "source_sha256": spec.artifact("gguf").sha256, "format": _FORMAT, "files": files}
    (work / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


if __name__ == "__main__":
    end_with_parent(int(sys.argv[2]))
    try:
        with quietly():
            _convert(ModelSpec.model_validate_json(sys.stdin.read()), Path(sys.argv[1]))
    except ArtifactError as error:
        sys.exit(str(error))
