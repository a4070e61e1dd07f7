"""Hubs and shared directions, by hand, against a plain count and against a singular value decomposition."""

from collections import Counter

import numpy as np
import pytest

from embedlib.errors import InputError
from embedlib.metrics import geometry, similarity


def test_hubs_by_hand_with_ties_to_the_earlier_row():
    neighbours = np.array([[2, 1], [2, 0], [0, 3], [2, 0]], dtype=np.int32)  # named: 0 and 2 thrice, 1 and 3 once
    rows, counts = geometry.hubs(neighbours, 3)
    assert rows.tolist() == [0, 2, 1]
    assert counts.tolist() == [3, 3, 1]


def test_hubs_are_those_of_a_plain_count_and_lead_with_the_largest():
    vectors = np.random.default_rng(5).standard_normal((300, 12)).astype(np.float32) + 0.5
    neighbours, _ = similarity.nearest_neighbours(vectors, 4)
    rows, counts = geometry.hubs(neighbours, 300)
    plain = Counter(neighbours.ravel().tolist())
    assert rows.tolist() == sorted(range(300), key=lambda row: (-plain[row], row))
    assert counts.tolist() == [plain[row] for row in rows]
    assert counts[0] == geometry.hubness(neighbours).largest
    assert (counts == 0).mean() == geometry.hubness(neighbours).orphans


@pytest.mark.parametrize("number", [0, 5])
def test_hubs_refuse_a_number_out_of_range(number):
    with pytest.raises(InputError, match=f"number is {number}; allowed: 1 to 4"):
        geometry.hubs(np.zeros((4, 1), dtype=np.int32), number)


def test_shared_directions_are_taken_away_as_a_singular_value_decomposition_finds_them():
    vectors = np.random.default_rng(6).standard_normal((50, 6)).astype(np.float32) * [9, 4, 1, 1, 1, 1] + 3
    vectors = vectors.astype(np.float32)
    found = geometry.without_shared_directions(vectors, 2)
    assert list(found) == ["as they are", "centred", "2 components removed"]
    assert found["as they are"] is vectors
    centred = vectors - vectors.mean(axis=0)
    assert found["centred"] == pytest.approx(centred, abs=1e-5)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    assert found["2 components removed"] == pytest.approx(centred - centred @ axes.T @ axes, abs=1e-4)
