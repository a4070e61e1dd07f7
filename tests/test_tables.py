"""How a recorded frame is drawn as a table."""

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from embedlib.records.record import Tolerance
from embedlib.records.tables import table_html


def draw(frame, **tolerances):
    return table_html(frame, {column: tolerances.get(column, Tolerance()) for column in frame.columns})


def read(html):
    """Give the form of a table, its heads, and its rows as texts."""
    form = re.search('data-form="(.*?)"', html)[1]
    lines = [
        [
            unescape(re.sub("<br>", " / ", re.sub("</?span.*?>", "", cell)))
            for cell in re.findall("<t[hd].*?>(.*?)</t[hd]>", row)
        ]
        for row in re.findall("<tr>(.*?)</tr>", html)
    ]
    return form, lines[0], lines[1:]


def column(values, tolerance=None):
    frame = pd.DataFrame({"x": values})
    return [row[1] for row in read(draw(frame, **({"x": tolerance} if tolerance else {})))[2]]


@pytest.mark.parametrize(
    ("values", "tolerance", "shown"),
    [
        ([0.9453, 0.009578], Tolerance(atol=1e-3), ["0.945", "0.010"]),
        ([0.9453, 0.009578], Tolerance(atol=2e-4), ["0.9453", "0.0096"]),  # 0.0002 and a thousandth of the value
        ([0.9453, 0.009578], None, ["0.945300", "0.009578"]),  # a thousandth of the smaller one
        ([12.5, 7.0], Tolerance(atol=1.0), ["12.5", "7.0"]),
        ([12.0, 1234567.0], None, ["12", "1,234,567"]),
        ([12, 1234567], None, ["12", "1,234,567"]),
        ([1234.5678, 1.0], Tolerance(atol=0.02), ["1,234.57", "1.00"]),
        ([0.25, 0.5], None, ["0.25", "0.50"]),  # no more than the values have
        ([0.0004, 0.9], Tolerance(atol=0.2), ["0.000", "0.900"]),
        ([-0.0001, 0.5123], Tolerance(rtol=0, atol=1e-3), ["0.000", "0.512"]),  # no minus before a zero
        ([0.5, None, np.nan], None, ["0.5", "-", "-"]),
        ([1.5e-9, 2.0], None, ["1.500e-09", "2.000e+00"]),
        ([True, False], None, ["True", "False"]),
        ([np.float32(0.1), np.float32("nan")], Tolerance(atol=0.01), ["0.100", "-"]),
        (["<bos> & <eos>", "b"], None, ["<bos> & <eos>", "b"]),
        ([0.12345, "none", 1000], None, ["0.1235", "none", "1,000"]),
        ([0.0, 0.0], None, ["0", "0"]),
    ],
)
def test_a_column_has_equal_decimals_enough_for_its_tolerance(values, tolerance, shown):
    assert column(values, tolerance) == shown


def test_markup_in_cells_keys_and_heads_is_text():
    html = draw(pd.DataFrame({"<b>": ["<i>"]}, index=pd.Index(["<u>"], name="<a>")))
    assert not re.search("<[biua]>", html)
    assert read(html)[1:] == (["<a>", "<b>"], [["<u>", "<i>"]])


def test_an_interval_stands_in_the_cell_of_its_value():
    frame = pd.DataFrame(
        {"AUC": [0.9, 0.81234], "AUC, low": [0.85, None], "AUC, high": [0.95, 0.9], "n": [3, 4],
         "low": [0.1, 0.2], "high": [0.2, 0.3]},
        index=pd.Index(["a", "b"], name="model"),
    )  # fmt: skip
    close = Tolerance(atol=1e-3)
    form, heads, rows = read(draw(frame, **dict.fromkeys(frame.columns, close)))
    # A count has no interval: the ends beside it belong to another column.
    assert heads == ["model", "AUC [low, high]", "n", "low", "high"]
    assert rows == [["a", "0.900 [0.850, 0.950]", "3", "0.1", "0.2"], ["b", "0.812", "4", "0.2", "0.3"]]
    assert form == "plain"
    other = pd.DataFrame({"x": [0.5], "y, low": [0.1], "z, high": [0.2]})
    assert read(draw(other))[1] == ["", "x", "y, low", "z, high"]
    words = pd.DataFrame({"x": [0.5], "below": [0.1], "high": [0.2]})
    assert read(draw(words))[1] == ["", "x", "below", "high"]


def test_a_wide_table_of_few_rows_is_turned_and_one_of_many_has_one_column_of_keys():
    columns = [f"c{number}" for number in range(9)]
    few = pd.DataFrame(np.arange(18).reshape(2, 9) * 1000, columns=columns, index=pd.Index(["a", "b"], name="set"))
    form, heads, rows = read(draw(few))
    assert (form, heads) == ("turned", ["", "a", "b"])
    assert rows[1] == ["c1", "1,000", "10,000"]
    assert len(rows) == 9

    keys = pd.MultiIndex.from_product([["m", "n"], ["x", "y", "z"], [1, 2]], names=["model", "kind", "layer"])
    many = pd.DataFrame(np.ones((12, 9)), columns=columns, index=keys)
    form, heads, rows = read(draw(many))
    assert (form, heads[:2]) == ("wide", ["model / kind, layer", "c0"])
    assert rows[1][0] == "m / x, 2"
    assert {len(row) for row in rows} == {10}

    assert read(draw(many[columns[:5]]))[1] == ["model", "kind", "layer", *columns[:5]]  # eight are few enough


def test_the_two_ends_of_a_range_without_a_value_are_one_cell():
    frame = pd.DataFrame({
        "effect": [0.5, 0.25], "low": [0.4, 0.125], "high": [0.6, 0.375],
        "left out, low": [0.25, np.nan], "left out, high": [0.75, np.nan], "p": [0.5, 0.25],
    }, index=["a", "b"])  # fmt: skip
    _, heads, rows = read(draw(frame))
    assert heads == ["", "effect [low, high]", "left out [low, high]", "p"]
    assert rows == [["a", "0.500 [0.400, 0.600]", "[0.25, 0.75]", "0.50"], ["b", "0.250 [0.125, 0.375]", "-", "0.25"]]
    assert read(draw(frame[["left out, high", "p"]]))[1] == ["", "left out, high", "p"]
