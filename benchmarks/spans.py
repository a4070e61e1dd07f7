"""Contexts a second: embedlib's spans beside minicons' `CWE.extract_representation`, same weights, layer and spans.

Both run in this process, in turns, on the anchor sentences of the book: minicons in batches as its
documentation does it, and once more inside `torch.inference_mode`, which it does not use by itself.
Spans that minicons does not find (it tokenises the word again and looks for those tokens) are
counted and left out. Ends with an error where a vector differs. Rewrites its table in
benchmarks/README.md.

    python benchmarks/spans.py [--contexts 1500] [--batch 32] [--repeats 2] [--model gemma-3-270m-q4]
"""

from __future__ import annotations

from collections.abc import Callable

import common
import numpy as np
import torch
from minicons import cwe
from minicons.utils import find_pattern

from embedlib import load_dataset
from embedlib.datasets.spans import SpanKey
from embedlib.encoders.causal import CausalEncoder
from embedlib.encoders.gguf_convert import model_folder
from embedlib.models.roster import find_model

TIMES = 4.0  # the target
AGREEMENT = 0.9999  # the least cosine of a vector with the peer's


class Peer:
    """minicons on a converted model, with BOS in front of every sentence as embedlib has it."""

    def __init__(self, name: str, batch: int) -> None:
        spec = find_model(name)
        self.cwe = cwe.CWE(str(model_folder(spec)), device="cpu")
        self.batch, self.layer = batch, spec.layer
        self.front = common.bos_in_front(self.cwe.tokenizer, spec.bos)

    def shifted(self, key: SpanKey) -> SpanKey:
        """Move a span behind what stands in front of its sentence."""
        sentence, (start, end) = key
        return self.front + sentence, (start + len(self.front), end + len(self.front))

    def finds(self, key: SpanKey) -> bool:
        """Tell whether minicons finds the tokens of a span, by its own way of looking, and only those."""
        sentence, (start, end) = self.shifted(key)
        tokenizer = self.cwe.tokenizer
        encoded = tokenizer(sentence, return_offsets_mapping=True)
        space = "" if self.cwe.leading_whitespace_behavior.startswith("llama") or start == 0 else " "
        query = tokenizer(space + sentence[start:end], add_special_tokens=False)["input_ids"]
        places = find_pattern(query, encoded["input_ids"], "last")
        inside = [at for at, (a, b) in enumerate(encoded["offset_mapping"]) if a < end and b > start]
        return bool(places) and list(range(*places[0])) == inside

    def run(self, keys: list[SpanKey]) -> np.ndarray:
        """Extract as minicons' documentation does it, a batch after another."""
        given = [self.shifted(key) for key in keys]
        rows = [
            self.cwe.extract_representation(given[at : at + self.batch], layer=self.layer).detach().numpy()
            for at in range(0, len(given), self.batch)
        ]
        return np.concatenate(rows)

    def run_without_gradients(self, keys: list[SpanKey]) -> np.ndarray:
        """Extract without the graph that training would need."""
        with torch.inference_mode():
            return self.run(keys)


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--contexts", type=int, default=1500, help="how many anchor sentences to time")
    parser.add_argument("--batch", type=int, default=32, help="sentences a call of minicons")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--model", default="gemma-3-270m-q4")
    given = parser.parse_args()

    anchors = load_dataset("anchors").head(given.contexts)
    columns = (anchors[name].tolist() for name in ("sentence", "start", "end"))
    keys: list[SpanKey] = [(sentence, (start, end)) for sentence, start, end in zip(*columns, strict=True)]
    peer = Peer(given.model, given.batch)
    found = [key for key in keys if peer.finds(key)]
    common.say(f"{len(found)} of {len(keys)} spans are found by minicons")
    encoder = CausalEncoder(find_model(given.model))
    works: dict[str, Callable[[], object]] = {
        "minicons": lambda: peer.run(found),
        "minicons, no gradients": lambda: peer.run_without_gradients(found),
        "embedlib": lambda: encoder.encode_spans(found),
    }
    every = list(range(encoder.spec.layers + 1))
    works["embedlib, all layers"] = lambda: encoder.encode_spans(found, layer="all")
    least = float(common.row_cosines(peer.run(found), encoder.encode_spans(found).vectors).min())
    if least < AGREEMENT:
        raise SystemExit(f"a vector's cosine with minicons' is {least:.6f}, less than {AGREEMENT}")
    seconds = {name: min(values) for name, values in common.interleave(works, given.repeats).items()}
    ratio = {name: seconds["minicons"] / value for name, value in seconds.items()}
    lines = [
        (name, f"{len(found) / seconds[name]:,.0f}", f"**{ratio[name]:.2f}**",
         f"at least {TIMES}: {common.verdict(ratio[name] >= TIMES)}" if name == "embedlib" else "")
        for name in works
    ]  # fmt: skip
    content = common.table(("what", "contexts/s", "times minicons", "target"), lines)
    content += (
        f"\n`{given.model}`, layer {encoder.spec.layer}, mean of the span's tokens, fp32. minicons finds the spans of "
        f"{len(found):,} of {len(keys):,} anchor sentences, and only these are timed, in batches of {given.batch}; "
        f'the best of {given.repeats} times. "All layers" are {len(every)}, from one pass. The smallest cosine of an '
        f"embedlib vector with minicons' is {least:.6f}.\n\n"
    )
    content += common.machine_line("torch", "transformers", "minicons")
    common.write_section("spans", content, print_only=given.print_only)


if __name__ == "__main__":
    main()
