"""What token sequences begin with in common, as a tree: each shared beginning is a node of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TokenIds = tuple[int, ...]


@dataclass(frozen=True)
class Node:
    """A run of tokens from position `start` on, after the node `parent` (-1: at the root).

    Its tokens have the numbers `first` to `first + len(tokens) - 1` in the whole tree.
    """

    start: int
    tokens: TokenIds
    parent: int
    first: int


@dataclass(frozen=True)
class PrefixTree:
    """Nodes, a parent before its children, and for each sequence the numbers of its tokens."""

    nodes: list[Node]
    paths: list[list[int]]

    @property
    def size(self) -> int:
        """Count the tokens of all nodes."""
        return sum(len(node.tokens) for node in self.nodes)

    def levels(self) -> Iterator[list[int]]:
        """Give the numbers of the nodes that start at the same position, shallow ones first.

        A node's parent stands in an earlier level.
        """
        order = sorted(range(len(self.nodes)), key=lambda n: self.nodes[n].start)
        for _, level in itertools.groupby(order, lambda n: self.nodes[n].start):
            yield list(level)


def shared_prefix(sequences: Sequence[TokenIds], longest: int) -> TokenIds:
    """Find what all sequences begin with, at most `longest` tokens and at least one of each left over."""
    first, last = min(sequences), max(sequences)
    room = min(longest, min(len(ids) for ids in sequences) - 1)
    return first[: _common(first[:room], last[:room])]


def grow_tree(sequences: Sequence[TokenIds], deepest: int) -> PrefixTree:
    """Build the tree of some sequences; beginnings are shared up to `deepest` tokens."""
    order = sorted(range(len(sequences)), key=lambda i: sequences[i])
    nodes: list[Node] = []
    paths: list[list[int]] = [[] for _ in sequences]
    numbers = itertools.count()
    waiting: list[tuple[int, int, int, int]] = [(0, len(order), 0, -1)]  # order[low:high] agree up to depth
    while waiting:
        low, high, depth, parent = waiting.pop()
        ended = next((at for at in range(low, high) if len(sequences[order[at]]) > depth), high)
        if ended == high:
            continue
        at = ended
        while at < high:
            mine = sequences[order[at]]
            until = at + 1
            while until < high and depth < deepest and sequences[order[until]][depth] == mine[depth]:
                until += 1
            end = len(mine)
            if until - at > 1:
                end = min(deepest, depth + _common(mine[depth:], sequences[order[until - 1]][depth:]))
            slots = list(itertools.islice(numbers, end - depth))
            nodes.append(Node(depth, mine[depth:end], parent, slots[0]))
            for place in range(at, until):
                paths[order[place]].extend(slots)
            waiting.append((at, until, end, len(nodes) - 1))
            at = until
    return PrefixTree(nodes, paths)


def _common(first: TokenIds, second: TokenIds) -> int:
    """Count the tokens that two sequences begin with in common."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
