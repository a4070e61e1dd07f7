import pytest
import torch

from embedlib.encoders.pooling import POOLINGS, pool
from embedlib.errors import InputError, UnknownNameError

HIDDEN = torch.tensor([[[9.0, 9.0], [1.0, 4.0], [3.0, 2.0], [9.0, 9.0]]])
BY_HAND = {"mean": [2.0, 3.0], "first": [1.0, 4.0], "last": [3.0, 2.0], "max": [3.0, 4.0]}


@pytest.mark.parametrize("mode", POOLINGS)
@pytest.mark.parametrize("shift", [0, 1, -1], ids=["both sides", "left-padded", "right-padded"])
def test_pooling_by_hand_wherever_the_padding_is(mode, shift):
    mask = torch.tensor([[False, True, True, False]])
    hidden, mask = torch.roll(HIDDEN, shift, 1), torch.roll(mask, shift, 1)
    assert pool(hidden, mask, mode).tolist() == [BY_HAND[mode]]


def test_rows_are_pooled_apart():
    hidden = torch.arange(12.0).reshape(2, 3, 2)
    mask = torch.tensor([[True, False, False], [False, True, True]])
    assert pool(hidden, mask, "mean").tolist() == [[0.0, 1.0], [9.0, 10.0]]


def test_bad_input_is_named():
    mask = torch.ones(1, 4, dtype=torch.bool)
    with pytest.raises(UnknownNameError, match="Did you mean 'mean'"):
        pool(HIDDEN, mask, "meen")
    with pytest.raises(InputError, match="bool mask"):
        pool(HIDDEN, mask.int(), "mean")
    with pytest.raises(InputError, match="row's mask is empty"):
        pool(HIDDEN, ~mask, "mean")
