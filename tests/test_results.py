import math

import numpy as np
import pandas as pd
import pytest

from embedlib.errors import RecordError
from embedlib.metrics.verdicts import Verdict
from embedlib.results import Tolerance, make_payload

FRAME = pd.DataFrame(
    {"score": [0.5, math.nan], "n": [1, 2], "word": ["a", "b"]}, index=pd.Index(["x", "y"], name="model")
)


def test_scalars_keep_their_type():
    for value, kind in ((0.25, "float"), (np.float32(0.25), "float"), (3, "int"), (np.int64(3), "int"), (True, "bool"),
                        (np.bool_(True), "bool"), ("partly", "str")):  # fmt: skip
        payload = make_payload("a-name", value)
        assert (payload["type"], payload["value"]) == (kind, value)
        assert payload["tolerance"] == {"rtol": 1e-3, "atol": 0.0}


def test_frames_keep_keys_columns_and_missing_values():
    payload = make_payload("scores", FRAME, {"score": Tolerance(0.0, 0.1)})
    assert payload["index"] == ["model"]
    assert payload["keys"] == [["x"], ["y"]]
    assert payload["rows"] == [[0.5, 1, "a"], [None, 2, "b"]]
    assert payload["tolerance"]["score"] == {"rtol": 0.0, "atol": 0.1}
    assert payload["tolerance"]["n"]["rtol"] == 1e-3


def test_several_index_levels_are_the_key():
    frame = FRAME.set_index([["a", "b"], [0, 1]])
    assert make_payload("scores", frame)["keys"] == [["a", 0], ["b", 1]]


def test_verdicts_are_kept_whole():
    payload = make_payload("d1", Verdict("D1", "partly", 0.1, 0.05, 0.15, {"m": True}))
    assert payload["value"] == {
        "claim": "D1", "verdict": "partly", "effect": 0.1, "low": 0.05, "high": 0.15, "holds": {"m": True},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "tolerance", "said"),
    [
        ("Bad Name", 1, None, "lower-case words"),
        ("x", math.inf, None, "infinity"),
        ("x", [1], None, "a list cannot be kept"),
        ("x", 1.0, {"a": 1.0}, "for frames"),
        ("x", 1.0, -1.0, "at least 0"),
        ("x", 1, 0.1, "a int is compared exactly"),
        ("x", FRAME, {"scores": 1.0}, "'scores', which is no column"),
        ("x", FRAME.set_axis(["y", "y"]), None, "the row 'y' stands twice"),
        ("x", FRAME.set_axis(["a", "a", "b"], axis=1), None, "stands twice"),
    ],
)
def test_what_cannot_be_kept_is_an_error(name, value, tolerance, said):
    with pytest.raises(RecordError, match=said):
        make_payload(name, value, tolerance)


def test_tolerance_is_relative_to_the_old_value():
    assert Tolerance(0.1).allows(10, 11)
    assert not Tolerance(0.1).allows(10, 11.1)
    assert Tolerance(0, 0.5).allows(0, -0.5)
