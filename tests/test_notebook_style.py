"""The form of the chapters: the checker finds each fault of small bad notebooks, and the chapters keep their rules."""

import re

import pytest

from embedlib.book.check import notebook_style
from embedlib.book.check.notebook_style import check_chapter, read_chapter
from embedlib.book.notebooks import notebook_sources
from embedlib.errors import NotebookError

GOOD = """---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# How long is a word?

**The question.** Are long words rare?

:::{admonition} In short
:class: tip in-short

{glue:text}`in-short`

```{glue:figure} fig-lengths
```

{numref}`fig-lengths` says how to read it.
:::

**What the paper found.** It says nothing of lengths {cite}`mahajan2024revisiting`.

## Parameters

```{code-cell} python
:tags: [parameters]

models: list[str] = [
    "glove-6b-50d",
]  # the models
seed: int = 1  # seed of the draw
```

## Load

```{code-cell} python
:tags: [hide-input]

import numpy as np

import embedlib

words = {model: embedlib.load_words(9) for model in models}
```

## Lengths

```{code-cell} python
# One length a word.
rng = np.random.default_rng(seed)
lengths = [len(word) for word in words]
rng.shuffle(lengths)
```

```{code-cell} python
---
mystnb:
  figure:
    caption: Lengths.
    name: fig-lengths
tags: [hide-input]
---
embedlib.record("fig-lengths", lengths, figure=figures.draw(lengths), alt="Lengths.")  # noqa: F821
```

## What we found

It is so {glue:text}`a`, {glue:text}`b`, {glue:text}`c`. And {glue:text}`d` is so.

## Limits

Few words.

## References

See {cite}`mahajan2024revisiting`.
"""


def faults_of(text, tmp_path, **options):
    path = tmp_path / "bad.md"
    path.write_text(text)
    return check_chapter(path, **options)


def test_a_good_chapter_has_no_fault(tmp_path):
    assert faults_of(GOOD, tmp_path) == []


LONG = "x = " + "1 + " * 23 + "1234"  # as long as a line may be
BODY = "rng.shuffle(lengths)\n"
LOOP = "[len(word) for word in words]"
IMPORT = "import numpy as np\n"
# What of the good chapter, what it becomes, how the line at fault begins, and what is said.
BAD = {
    "long open line": (BODY, f"{BODY}{LONG}0\n", f"{LONG}0", "long line: 101 characters; allowed: at most 100"),
    "long folded line": ("words = {", f"{LONG}0\nwords = {{", f"{LONG}0", "long line: 101 characters"),
    "long open cell": (BODY, BODY * 23, "# One", "long cell: an open cell of 26 lines; allowed: at most 25"),
    "long folded cell": ("words = {", "1\n" * 38 + "words = {", "import numpy",
                         "long cell: a folded cell of 41 lines; allowed: at most 40"),
    "nested": (LOOP, "[len(w) for w in [str(w) for w in words]]", "lengths = [len",
               "nested comprehension: a comprehension within a comprehension; allowed: one level in an open cell"),
    "nested in the result": (LOOP, "[{c for c in word} for word in words]", "lengths = [{c",
                             "nested comprehension: a comprehension within a comprehension"),
    "three loops": (LOOP, "[c for word in words for c in word for _ in c]", "lengths = [c",
                    "nested comprehension: a comprehension over 3 loops"),
    "comment behind code": (BODY, "rng.shuffle(lengths)  # mixed\n", "rng.shuffle", "comment: a comment behind code"),
    "comment over nothing": (BODY, f"{BODY}# mixed\n", "# mixed", "comment: a comment over no line of code"),
    "hidden record": (BODY, f'{BODY}embedlib.record("a", 1, show=False)\n', 'embedlib.record("a"',
                      "hidden record: `record(..., show=False)`; allowed: the facts of a section in one"),
    "figure": ("    name: fig-lengths\n", "", "embedlib.record(", "figure: a picture without caption or name"),
    "fixed seed": (BODY, f"{BODY}np.random.default_rng(0)\n", "np.random.default_rng(0)",
                   "seed: `np.random.default_rng(0)`; allowed: a seed that is a parameter"),
    "no seed": ("default_rng(seed)", "default_rng()\nprint(seed)", "rng = np", "seed: `np.random.default_rng()`"),
    "unused": ("seed: int", "more: int = 2  # unused\nseed: int", "more: int", "unused parameter: `more`"),
    "computed parameter": ("seed: int = 1 ", "seed: int = 1 + len(models) ", "seed: int = 1 +",
                           "parameters: `seed: int = 1 + len(models)`; allowed: `name: type = literal  # comment`"),
    "bare parameter": ("seed: int = 1 ", "seed = 1 ", "seed = 1", "parameters: `seed = 1`; allowed: `name: type ="),
    "no comment": ("  # seed of the draw", "", "seed: int", "parameters: `seed` has no comment"),
    "no parameters": (":tags: [parameters]\n\n", "", "---", "parameters: no cell is tagged `parameters`"),
    "no heading": ("## Limits\n", "", "## What we found", "spine: ## Limits is missing"),
    "no box": (":::{admonition} In short", ":::{admonition} Soon", "**The question.**", "spine: the box"),
    "no citation": ("{cite}", "", "---", "spine: nothing is cited"),
    "a box that is typed": ("{glue:text}`in-short`", "It is so.", ":::{admonition}",
                            "in short: the box lacks {glue:text}`in-short`"),
    "a box without picture": ("{glue:figure}", "{figure}", ":::{admonition}",
                              "in short: the box lacks {glue:figure} fig-; allowed: a box with `:class: tip in-short`"),
    "a box without class": (":class: tip in-short\n", "", ":::{admonition}",
                            "in short: the box lacks :class: tip in-short"),
    "many numbers": ("`c`. And", "`c`, and\n", "It is so", "glue: a sentence with 4 recorded values; allowed:"),
    "house words": ("Few words.", "We\ntell whether. And", "tell whether", "house words: 'tell whether'; allowed:"),
    "unused import": (IMPORT, f"import re\n\n{IMPORT}", "import re", "ruff: F401 `re` imported but unused"),
    "undefined name": (BODY, f"{BODY}unheard(lengths)\n", "unheard", "ruff: F821 Undefined name `unheard`"),
    "unsorted imports": (IMPORT, f"{IMPORT}import json\n\njson\n", "import numpy", "ruff: I001"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_fault_is_found_where_it_is(case, tmp_path):
    old, new, at, said = BAD[case]
    text = GOOD.replace(old, new)
    assert text != GOOD
    faults = faults_of(text, tmp_path)
    line = next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(at))
    found = [fault for fault in faults if fault.line == line]
    assert any(f"bad.md:{line}: " in str(fault) and said in str(fault) for fault in found), list(map(str, faults))


def test_only_the_fault_that_is_there_is_reported(tmp_path):
    faults = faults_of(GOOD.replace(BODY, f"{BODY}{LONG}0\n"), tmp_path)
    assert [fault.rule for fault in faults] == ["long line"]
    assert not faults_of(GOOD.replace(BODY, f"{BODY}{LONG}\n"), tmp_path)  # one character less


def test_parts_of_the_spine_that_change_places_are_reported(tmp_path):
    before, found, limits, after = re.split(r"## What we found(.*)## Limits(.*)## References", GOOD, flags=re.S)
    text = f"{before}## Limits{limits}## What we found{found}## References{after}"
    (fault,) = faults_of(text, tmp_path)
    assert (fault.rule, fault.what) == ("spine", "## Limits stands too early")


def test_the_share_of_open_cells_leaves_the_parameters_out(tmp_path):
    assert [fault.rule for fault in faults_of(GOOD, tmp_path, open_share=0.34)] == ["open share"]
    assert not faults_of(GOOD, tmp_path, open_share=0.33)
    folded = GOOD.replace("python\n# One", "python\n:tags: [hide-cell]\n\n# One")
    (fault,) = faults_of(folded, tmp_path)
    assert "0% of the code cells stand open" in str(fault)


def test_a_comprehension_of_a_folded_cell_may_have_another(tmp_path):
    text = GOOD.replace("load_words(9)", "load_words(len([1 for _ in models]))")
    assert not faults_of(text, tmp_path)


def test_each_cell_knows_its_lines(tmp_path):
    path = tmp_path / "good.md"
    path.write_text(GOOD)
    lines = GOOD.splitlines()
    for cell in read_chapter(path).cells:
        wanted = cell.text.splitlines()
        assert lines[cell.line - 1 : cell.line - 1 + len(wanted)] == wanted


def test_code_that_is_no_python_is_an_error_with_its_line(tmp_path):
    text = GOOD.replace(BODY, "rng.shuffle(\n")
    with pytest.raises(NotebookError, match=r"bad\.md:\d+: this cell is no Python"):
        faults_of(text, tmp_path)


def test_a_missing_ruff_is_an_error_that_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook_style.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotebookError, match="ruff is not installed; install it"):
        faults_of(GOOD, tmp_path)


@pytest.mark.parametrize("path", notebook_sources(), ids=lambda path: path.stem)
def test_the_chapters_keep_the_form(path):
    assert not [str(fault) for fault in check_chapter(path)]
