"""The readings that a choice is made from."""

from __future__ import annotations

from collections.abc import Iterator

from embedlib.metrics.layers import every_few_layers
from embedlib.models.encoder_kinds import Pooling
from embedlib.models.reading import AUTO, Kind, Reading, Transform
from embedlib.models.spec import ModelSpec

# Around a word: nothing, and the space that stands before it in a text.
WORD_TEMPLATES: tuple[str | None, ...] = (None, " {text}")
# Around a sentence: nothing, and a prompt that ends where the next word would say what it means (jiang2023scaling).
SENTENCE_TEMPLATES: tuple[str | None, ...] = (None, 'This sentence: "{text}" means in one word: "')
TRANSFORMS = (Transform(), Transform(way="without", directions=3))


def templates(spec: ModelSpec, kind: Kind) -> tuple[str | None, ...]:
    """List the templates of the grid: more than none for decoders only, to which what stands before a text matters.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> templates(find_model("gemma-3-270m-q4"), "words")
        (None, ' {text}')
    """
    if not spec.encoder_kind.left_to_right or kind == "contexts":
        return (None,)
    return WORD_TEMPLATES if kind == "words" else SENTENCE_TEMPLATES


def layers(spec: ModelSpec) -> list[int]:
    """List the layers of the grid: about ten in even steps, the first and the last among them.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> layers(find_model("gemma-3-270m-q4"))
        [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
    """
    return every_few_layers(spec.layers, max(1, round(spec.layers / 10)))


def poolings(spec: ModelSpec, kind: Kind, template: str | None) -> tuple[Pooling, ...]:
    """List the poolings of the grid: mean and last token of a transformer, the last alone after a prompt.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> poolings(find_model("gemma-3-270m-q4"), "sentences", None)
        ('mean', 'last')
    """
    if not spec.encoder_kind.has_hidden_states:
        return (spec.pooling,)
    if kind == "sentences" and template is not None:
        return ("last",)
    # The last position of an encoder is its closing mark, and its first was not trained to stand for a text.
    return ("mean", "last") if spec.encoder_kind.left_to_right else ("mean",)


def grid(spec: ModelSpec, kind: Kind) -> Iterator[Reading]:
    """List every reading of a kind of text that a choice is made from, as far as they apply to the model.

    Templates come first, then layers, poolings and transforms, so that of equals the plainest counts.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> [reading.label for reading in grid(find_model("glove-6b-50d"), "words")][:2]
        ['alone, layer 0, mean', 'alone, layer 0, mean, without 3 shared directions']
    """
    front = AUTO if spec.encoder_kind.left_to_right else None
    for template in templates(spec, kind):
        # After a prompt every text ends in the same token, which has the same vector before any layer.
        prompted = kind == "sentences" and template is not None
        for layer in layers(spec)[1 if prompted else 0 :]:
            for pooling in poolings(spec, kind, template):
                for transform in TRANSFORMS:
                    yield Reading(
                        front=front, template=template, layer=layer, pooling=pooling, transform=transform.for_kind(kind)
                    )
