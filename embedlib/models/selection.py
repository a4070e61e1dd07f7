"""The models that a chapter compares: their names in order, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, overload

from embedlib.models.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ["title", "family", "kind", "dimension", "layers", "parameters", "layer", "pooling",
            "bos_policy", "trained_on", "source", "licence", "citation"]  # fmt: skip


class Models(Sequence[str]):
    """Names of models in the order asked, each once; `check_models` makes it and nothing changes it.

    It can be used wherever a list of names can. A slice of it is a `Models`, and it equals a list or tuple of
    the same names in the same order. The lists that it gives are new each time.

    Example:
        >>> from embedlib.models.roster import check_models
        >>> models = check_models(["glove-6b-50d", "sbert-minilm", "gemma-3-270m-q4"])
        >>> models.llms, models.causal, models.with_layers
        (['gemma-3-270m-q4'], ['gemma-3-270m-q4'], ['sbert-minilm', 'gemma-3-270m-q4'])
        >>> models.family["sbert-minilm"], models.sides["sbert-minilm"], models.specs["sbert-minilm"].layers
        ('contrastive', 'classical', 6)
        >>> "glove-6b-50d" in models, len(models), list(models[:1])
        (True, 3, ['glove-6b-50d'])
    """

    def __init__(self, specs: Mapping[str, ModelSpec]) -> None:
        self._specs = dict(specs)
        self._names = tuple(self._specs)

    @property
    def names(self) -> list[str]:
        """List all names."""
        return list(self._names)

    @property
    def specs(self) -> dict[str, ModelSpec]:
        """Give the spec of each model by name."""
        return dict(self._specs)

    @property
    def family(self) -> dict[str, str]:
        """Give the family of each model by name: "counting", "contrastive", "decoder", "static-llm" or "hosted"."""
        return {name: spec.family for name, spec in self._specs.items()}

    @property
    def sides(self) -> dict[str, str]:
        """Give the side of each model by name: "LLM", "classical" or "neither".

        Decoders and hosted models are LLMs, and counting models and contrastive encoders are classical. Static vectors
        taken from an LLM and models that are illustrations are neither: no verdict compares them.
        """
        return {name: spec.side for name, spec in self._specs.items()}

    @property
    def classical(self) -> list[str]:
        """List the models on the classical side."""
        return [name for name, spec in self._specs.items() if spec.side == "classical"]

    @property
    def llms(self) -> list[str]:
        """List the models on the side of LLMs."""
        return [name for name, spec in self._specs.items() if spec.side == "LLM"]

    @property
    def with_layers(self) -> list[str]:
        """List the models whose hidden states can be asked for after each of several layers."""
        return [name for name, spec in self._specs.items() if spec.encoder_kind.has_hidden_states and spec.layers > 0]

    @property
    def causal(self) -> list[str]:
        """List the models that read from left to right."""
        return [name for name, spec in self._specs.items() if spec.encoder_kind.left_to_right]

    @property
    def listing(self) -> pd.DataFrame:
        """Tabulate the models, one row each, indexed by name; see `embedlib.list_models`."""
        return tabulate(self._specs)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Models: ...

    def __getitem__(self, index: int | slice) -> str | Models:
        if isinstance(index, slice):
            return self.subset(self._names[index])
        return self._names[index]

    def __len__(self) -> int:
        return len(self._names)

    def __eq__(self, other: object) -> bool:
        return list(self._names) == list(other) if isinstance(other, Models | list | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._names)

    def __repr__(self) -> str:
        return repr(list(self._names))

    def subset(self, names: Iterable[str]) -> Models:
        """Keep some of the models, in the order of `names`.

        Raises `KeyError` for a name that is none of these.

        Example:
            >>> from embedlib.models.roster import check_models
            >>> check_models(["glove-6b-50d", "sbert-minilm"]).subset(["sbert-minilm"])
            ['sbert-minilm']
        """
        return Models({name: self._specs[name] for name in names})


def tabulate(specs: Mapping[str, ModelSpec]) -> pd.DataFrame:
    """Tabulate specs by name, one row a model."""
    import pandas as pd

    rows = {name: {column: getattr(spec, column) for column in _COLUMNS} for name, spec in specs.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=_COLUMNS).rename_axis("model")
