"""The rows of the command line's tables."""

from __future__ import annotations

from collections.abc import Sequence

from embedlib.book.run.status import model_status
from embedlib.embeddings.store import Identity, StoredFolder
from embedlib.encoders.front_list import find_evidence
from embedlib.encoders.fronts import stored_evidence
from embedlib.models.roster import roster
from embedlib.models.spec import ModelSpec

MODEL_COLUMNS = ["model", "kind", "dim", "layers", "default", "here"]


def model_rows(specs: Sequence[ModelSpec]) -> list[list[object]]:
    """Give what one needs to choose a model: name, kind, size, default layer and pooling, and whether it is here."""
    return [
        [spec.name, spec.kind, spec.dimension, spec.layers, f"{spec.layer}, {spec.pooling}", model_status(spec).state]
        for spec in specs
    ]


def model_fields(spec: ModelSpec) -> dict[str, object]:
    """Give everything that is known of a model, but for its files."""
    status = model_status(spec)
    return {
        "model": spec.name,
        "title": spec.title,
        "family": spec.family,
        "kind": spec.kind,
        "encoder": spec.encoder,
        "dim": spec.dimension,
        "layers": spec.layers,
        "parameters": f"{spec.parameters:,}" if spec.parameters else "not known",
        "default": f"{spec.layer}, {spec.pooling}",
        "poolings": ", ".join(spec.poolings),
        "case": spec.case,
        "window": f"{spec.max_tokens:,} tokens" if spec.max_tokens else "none",
        "in front": spec.bos_policy,
        "words on the sink": _sinks(spec),
        "prompt": spec.prompt or "none",
        "licence": spec.licence,
        "trained on": spec.trained_on,
        "citation": spec.citation,
        "from": spec.source,
        "here": status.state,
        "needed": status.detail or "nothing",
    }


def try_fronts(spec: ModelSpec) -> None:
    """Measure which tokens can stand in front of a decoder's texts, where its files are here and that was not done."""
    if spec.encoder_kind.left_to_right and model_status(spec).state == "ready":
        find_evidence(spec)


def _sinks(spec: ModelSpec) -> str:
    """Say how many words fall on the attention sink behind each front that was tried."""
    if not spec.encoder_kind.left_to_right:
        return "no decoder"
    found = stored_evidence(spec)
    if found is None:
        return f"not tried yet: embedlib models {spec.origin or spec.name}"
    shares = [
        f"{front.sinks:.1%} behind {front.token!r}" if front.token else f"{front.sinks:.1%} with nothing in front"
        for front in found.tried
    ]
    spreads = [f"{front.token!r} {front.spread:.2f}" for front in found.tried]
    best = f"best: {found.best!r}" if found.clean else f"none is clean; least: {found.best!r}"
    return f"{'; '.join(shares)} ({best}; spread of norms {', '.join(spreads)})"


def file_fields(spec: ModelSpec) -> dict[str, object]:
    """Give the files of a model by role, with their SHA-256."""
    fields: dict[str, object] = {}
    for artifact in spec.artifacts:
        fields[artifact.role] = artifact.label
        fields[f"{artifact.role}, SHA-256"] = artifact.sha256
    return fields


def store_table(folders: Sequence[StoredFolder], *, wide: bool = False) -> tuple[list[str], list[list[object]]]:
    """Give columns and rows of what is stored; a template, leftovers and the like only where there are some."""
    rows: list[dict[str, object]] = []
    for folder in folders:
        stored = folder.identity
        rows.append(
            {"model": stored.model, "kind": stored.kind, "layer": stored.layer, "pooling": stored.pooling,
             "rows": f"{folder.rows:,}", "MB": f"{folder.size / 1e6:.1f}",
             "current": "yes" if is_current(stored) else "no", "leftovers": folder.leftovers or "",
             "dtype": stored.dtype, "shards": folder.shards, "template": stored.template or ""}
        )  # fmt: skip
    columns = ["model", "kind", "layer", "pooling", "rows", "MB", "current"]
    columns += [name for name in ("leftovers", "template") if wide or any(row[name] for row in rows)]
    columns += ["dtype", "shards"] if wide else []
    return columns, [[row[name] for name in columns] for row in rows]


def is_current(identity: Identity) -> bool:
    """Check whether the current model and code would make the same vectors again."""
    from embedlib.encoders.loader import code_version
    from embedlib.models.external.resolve import stored_references

    known = roster()
    specs = [known[identity.model]] if identity.model in known else stored_references(identity.model, known.keys())
    return any((spec.checksum, code_version(spec)) == (identity.checksum, identity.code) for spec in specs)
