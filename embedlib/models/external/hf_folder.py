"""Folders of transformers: what their files say of a model."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from embedlib.errors import ArtifactError
from embedlib.models.encoder_kinds import EncoderKind
from embedlib.models.external.adapters import (
    ADAPTER_SETTINGS,
    DELTAS,
    check_adapter,
    fit_adapter,
    read_adapter_settings,
)
from embedlib.models.external.architectures import architecture, check_shapes, read_config, try_model
from embedlib.models.external.bracket_options import Options
from embedlib.models.external.folder_files import MODULES, as_artifact, read_json, title_of
from embedlib.models.external.gguf import LONGEST_WINDOW
from embedlib.models.external.tokenizer import VOCABULARIES, lowers, resolve_tokenizer, tokenizer_files
from embedlib.models.external.weights import (
    INDEX,
    WEIGHTS,
    count_embeddings,
    count_parameters,
    open_model,
    weight_files,
    weight_roles,
)
from embedlib.models.reading import AUTO
from embedlib.models.spec import ModelSpec

TOKENS = "tokenizer.json"

_SMALL = 1 << 28  # bytes of weights that are read in a second
_OFFSET = {
    "camembert",
    "data2vec-text",
    "ibert",
    "longformer",
    "mpnet",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
}  # their positions start behind that of the padding


def check_names(names: Collection[str], where: str) -> None:
    """Check by the names of its files that a folder or repository holds a model.

    Raises `ArtifactError` that says what is missing, or what is there that cannot be used.
    """
    if MODULES in names:
        return
    if ADAPTER_SETTINGS in names:
        check_adapter(names, where)
        return
    unusable = sorted(name for name in names if name.endswith((".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")))
    single = sorted(name for name in names if name.endswith((".gguf", ".kv", ".vec", ".model", ".txt.gz", ".vec.gz")))
    missing = [] if "config.json" in names else ["config.json"]
    if not {*VOCABULARIES} & {*names}:
        missing.append(TOKENS)
    if WEIGHTS not in names and INDEX not in names:
        if unusable and "config.json" in names:
            raise ArtifactError(
                f"{where}: its weights are a pickle or of another library ({unusable[0]}), which is not opened; "
                f"save them as {WEIGHTS} with transformers (save_pretrained)"
            )
        missing.append(WEIGHTS)
    if not missing:
        return
    hint = f" Name one of its files instead: {', '.join(single[:5])}." if single and "config.json" not in names else ""
    raise ArtifactError(
        f"{where}: no model in this folder: {', '.join(missing)} missing; a transformers folder has config.json, "
        f"tokenizer.json and {WEIGHTS}, one of sentence-transformers has {MODULES}.{hint}"
    )


def describe_folder(folder: Path, name: str, origin: str, options: Options) -> ModelSpec:
    """Give the spec of a folder of transformers, of PEFT, of sentence-transformers or of model2vec.

    Raises `ArtifactError` for a folder without what is needed, and for a model that has no text
    encoder or decoder that embedlib can read.
    """
    from embedlib.models.external.model2vec import describe_model2vec, is_model2vec
    from embedlib.models.external.sentence_transformers import describe_sentence_transformer

    check_names({file.name for file in folder.iterdir()}, str(folder))
    if (folder / MODULES).is_file():
        return describe_sentence_transformer(folder, name, origin, options)
    options.check(folder, (), "a folder of a model without prompts")
    if (folder / ADAPTER_SETTINGS).is_file():
        return _describe_adapter(folder, name, origin)
    return (describe_model2vec if is_model2vec(folder) else describe_transformer)(folder, name, origin)


def describe_transformer(folder: Path, name: str, origin: str, *, padded: bool = False) -> ModelSpec:
    """Give the spec of a folder of transformers itself; for `padded` see `resolve_tokenizer`.

    Raises `ArtifactError`.
    """
    config = read_config(folder)
    encoder = architecture(folder, config)
    causal = encoder.left_to_right
    file = resolve_tokenizer(folder, framed=not causal, padded=padded)
    tokenizer = Tokenizer.from_file(str(file))
    parameters = count_parameters(weight_files(folder))
    embeddings = _check_model(folder, encoder, config)
    fronts = _fronts(folder, config, tokenizer) if causal else ()
    return ModelSpec(
        name=name, title=title_of(origin),
        family="decoder" if causal else "contrastive", kind="causal" if causal else "sentence", encoder=encoder.name,
        dimension=config.hidden_size, layers=config.num_hidden_layers, parameters=parameters,
        embedding_parameters=embeddings, max_tokens=window(folder, LONGEST_WINDOW),
        case="lower" if lowers(tokenizer) else "cased",
        bos=next(iter(fronts), None), front=AUTO if causal else None, fronts=fronts, pool_special=not causal,
        layer=config.num_hidden_layers, pooling="mean", trained_on="not said", licence="not said", citation="none",
        origin=origin,
        artifacts=(
            *(as_artifact(role, file) for role, file in weight_roles(folder)),
            as_artifact("config", folder / "config.json"),
            as_artifact("tokenizer", file),
            *(as_artifact(file.name, file) for file in tokenizer_files(folder)),
        ),
    )  # fmt: skip


def _describe_adapter(folder: Path, name: str, origin: str) -> ModelSpec:
    """Give the spec of a model with an adapter: its own files and the adapter's make it what it is."""
    base = _base_folder(folder)
    spec = describe_folder(base, name, origin, Options())
    if not spec.encoder_kind.has_hidden_states or (base / ADAPTER_SETTINGS).is_file():
        raise ArtifactError(
            f"{folder}: the adapter's model {base} is not a plain folder of transformers; merge the two"
        )
    fit_adapter(open_model(Path(spec.artifact("config").parts[0].path).parent, device="meta"), folder)
    own, its = (_vocabulary(Path(file)) for file in (folder / TOKENS, spec.artifact("tokenizer").parts[0].path))
    if own not in ({}, its):
        raise ArtifactError(f"{folder}: its {TOKENS} has other tokens than that of its model {base}; merge the two")
    added = (as_artifact("adapter", folder / DELTAS), as_artifact("adapter-settings", folder / ADAPTER_SETTINGS))
    return spec.model_copy(update={"artifacts": (*spec.artifacts, *added)})


def _base_folder(folder: Path) -> Path:
    """Find the folder of the model that an adapter is for: a path beside it, an absolute one, or a hub id.

    Raises `ArtifactError` that says what the adapter names and how to get it.
    """
    from embedlib.models.external import hub

    settings = read_adapter_settings(folder)
    named = settings.get("base_model_name_or_path")
    if not isinstance(named, str) or not named:
        raise ArtifactError(
            f"{folder}: an adapter without its model: {ADAPTER_SETTINGS} has no base_model_name_or_path"
        )
    path = Path(named).expanduser()
    for choice in (path,) if path.is_absolute() else (folder / path, folder.parent / path, path):
        if choice.is_dir():
            return choice.resolve()
    if path.is_absolute() or named.startswith(".") or named.count("/") != 1:
        raise ArtifactError(
            f"{folder}: there is no folder {named!r}, which {ADAPTER_SETTINGS} names as the adapter's model; write "
            "there the path of the model (from the adapter's folder, or absolute), or its hub id"
        )
    revision = settings.get("revision")
    try:
        return hub.fetch_snapshot(hub.HubId(named, "", revision if isinstance(revision, str) else ""))[0]
    except ArtifactError as error:
        raise ArtifactError(
            f"{folder}: the adapter's model is not there: {error}, and write that path into {ADAPTER_SETTINGS} as "
            "base_model_name_or_path"
        ) from None


def _vocabulary(file: Path) -> dict[str, int]:
    """Give the tokens of a tokenizer with their numbers, none where there is no such file."""
    try:
        return dict(Tokenizer.from_file(str(file)).get_vocab()) if file.is_file() else {}
    except Exception as error:  # tokenizers raises nothing more precise
        raise ArtifactError(f"{file}: not a tokenizer: {error}") from None


def _check_model(folder: Path, encoder: EncoderKind, config: Any) -> int:
    """Check that the weights fill the model and that it runs: a large one by names and shapes where these tell.

    Gives the number of parameters in its tables of embeddings.
    """
    sizes = (config.hidden_size, config.num_hidden_layers)
    model = open_model(folder, device="meta")
    told = check_shapes(model, folder, *sizes)
    if not told or sum(file.stat().st_size for file in weight_files(folder)) < _SMALL:
        try_model(open_model(folder), folder, encoder, *sizes)
    return count_embeddings(model)


def window(folder: Path, longest: int | None, said: int | None = None) -> int | None:
    """Give how many tokens a model reads at most, None for no limit.

    `said`, or what its tokenizer says where that is None, and its positions limit it, and `longest`.
    """
    config = read_config(folder)
    said = said or read_json(folder / "tokenizer_config.json").get("model_max_length")
    positions = getattr(config, "max_position_embeddings", None)
    if positions and config.model_type in _OFFSET:
        positions -= (config.pad_token_id or 0) + 1
    limits = [int(limit) for limit in (said, positions, longest) if isinstance(limit, int | float) and 1 < limit < 1e9]
    return min(limits, default=None)


def _fronts(folder: Path, config: Any, tokenizer: Any) -> tuple[str, ...]:
    """List the tokens that could stand in front of every text, on the attention sink (xiao2024sinks).

    They are what the tokenizer or the configuration call their first token, the end, the padding and the unknown
    token, in this order.
    """
    said = read_json(folder / "tokenizer_config.json")
    found: list[str] = []
    for role in ("bos", "eos", "pad", "unk"):
        token = said.get(f"{role}_token")
        number = getattr(config, f"{role}_token_id", None)
        number = number[0] if isinstance(number, list) and number else number
        for choice in (token["content"] if isinstance(token, dict) else token, number):
            text = tokenizer.id_to_token(choice) if isinstance(choice, int) else choice
            if text and tokenizer.token_to_id(text) is not None:
                found.append(str(text))
                break
    return tuple(dict.fromkeys(found))
