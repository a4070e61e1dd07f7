"""What tokens in front do to the words of a model, or of several as a table; measured where it is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from embedlib.encoders.fronts import FrontEvidence, stored_evidence
from embedlib.models.selection import Models
from embedlib.models.spec import ModelSpec


def find_evidence(spec: ModelSpec) -> FrontEvidence | None:
    """Give what is known of a decoder's fronts; what was not measured before is measured now, on the loaded model.

    None for a model that is no decoder, and for one whose encoder cannot try tokens in front.
    """
    if not spec.encoder_kind.left_to_right:
        return None
    if (known := stored_evidence(spec)) is not None:
        return known
    from embedlib.encoders.front_probe import WithFronts, front_evidence
    from embedlib.encoders.loader import load_quietly

    encoder = load_quietly(spec)
    return front_evidence(encoder) if isinstance(encoder, WithFronts) else None


def list_fronts(models: Models) -> pd.DataFrame:
    """Tabulate what tokens in front do to a few hundred words: a row for each decoder and token that was tried.

    The index is the model and the front, as `front_label` writes it. `spread` and `attention` are those of a `Front`;
    `sinks` is how many of the `words` fall on the attention sink; with nothing in front all do, since each begins at
    the first position, unless the model has no attention to show. `best` marks the front that the rule takes, and
    `clean` those behind which no word is a sink. A decoder that was not measured before is loaded and measured.
    Other models have no row.

    Example:
        >>> from embedlib.models.roster import check_models
        >>> fronts = list_fronts(check_models(["glove-6b-50d"]))
        >>> len(fronts), list(fronts.columns)
        (0, ['spread', 'sinks', 'words', 'attention', 'clean', 'best'])
    """
    keys, rows = [], []
    for name, spec in models.specs.items():
        if (found := find_evidence(spec)) is None:
            continue
        has_attention = any(not np.isnan(front.attention) for front in found.tried)
        for front in found.tried:
            is_sink = not front.token and has_attention
            sinks = found.words if is_sink else round(front.sinks * found.words)
            is_clean = front.is_clean and not is_sink
            keys.append((name, front.label))
            rows.append((front.spread, sinks, found.words, front.attention, is_clean, front.token == found.best))
    columns = ["spread", "sinks", "words", "attention", "clean", "best"]
    index = pd.MultiIndex.from_tuples(keys, names=["model", "front"])
    return pd.DataFrame(rows, index, columns)
