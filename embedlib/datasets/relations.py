"""Readers of word relations and of analogies: BATS, word2vec's questions, and the MSR set."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from embedlib.datasets.ratings import clean_words
from embedlib.datasets.text_files import numbered_lines
from embedlib.errors import InputError

_GROUPS = {"I": "inflectional", "D": "derivational", "E": "encyclopedic", "L": "lexicographic"}
_NAMED = re.compile(r"[IDEL]\d\d(?!\d).*")  # as BATS names a relation: "I01 [noun - plural_reg]"
_CODE = re.compile(r"[IDEL]\d\d(?!\d)")
_NUMBERED = re.compile(r"\d+_.+")  # as BATS names a group: "1_Inflectional_morphology"


def read_relations(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read relations in BATS's layout: a folder a group, a file a relation, `source TAB a/b/c` a line.

    Gives the columns group, relation, source and targets, a tuple of right answers (gladkova2016analogy).
    `path` is the folder of the groups, one above it, one of the groups, a folder of relations without
    groups, or the file of one relation. Hidden files, as macOS writes them, are left out. The name of a group is that
    of its folder if this has a number, otherwise it comes from the letter of its files. A source on two lines has the
    answers of both. Raises `InputError` with file and line for a malformed line, and for a folder without relations.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "I01 [noun - plural_reg].txt")
        ...     _ = path.write_text("cactus\tcacti/cactuses\n")
        ...     read_relations(path).iloc[0].to_list()
        ['inflectional', 'I01 [noun - plural_reg]', 'cactus', ('cacti', 'cactuses')]
    """
    rows = []
    for file in _relation_files(path):
        answers_of: dict[str, tuple[str, ...]] = {}
        for place, line in numbered_lines(file, encoding):
            source, targets = _relation_line(place, line)
            answers_of[source] = tuple(dict.fromkeys([*answers_of.get(source, ()), *targets]))
        rows += [(_group(file), file.stem, source, targets) for source, targets in answers_of.items()]
    return pd.DataFrame(rows, columns=["group", "relation", "source", "targets"])


def _relation_line(place: str, line: str) -> tuple[str, tuple[str, ...]]:
    """Split a line at its tab. Some lines of BATS have a space instead, which is clear if it is the only one."""
    source, tab, answers = line.strip(" ").rstrip().partition("\t")
    if not tab and len(parts := line.split()) == 2:
        source, answers = parts
    source = clean_words(source)
    targets = tuple(word for target in answers.split("/") if (word := clean_words(target)))
    if not source or not targets or "\t" in answers.strip():
        raise InputError(f"{place}: {line[:200]!r} is not `word TAB answer/answer/...`")
    return source, targets


def _relation_files(path: Path) -> list[Path]:
    """Find the files of relations: in folders of groups, else in the folder itself, else two folders below it."""
    if path.is_file():
        return [path]
    depths: dict[int, list[Path]] = {}
    for depth, pattern in ((2, "*/*.txt"), (1, "*.txt"), (3, "*/*/*.txt")):
        depths[depth] = [
            file for file in sorted(path.glob(pattern))
            if file.is_file() and not any(p.startswith((".", "__MACOSX")) for p in file.relative_to(path).parts)
            and not re.match(r"(?i)(readme|licen[cs]e)\b", file.name)
        ]  # fmt: skip
    named = [depth for depth, files in depths.items() if any(_NAMED.fullmatch(file.stem) for file in files)]
    if len(named) > 1:
        first, second = (next(f for f in depths[depth] if _NAMED.fullmatch(f.stem)) for depth in named[:2])
        raise InputError(f"{path}: relations at two depths, {first} and {second}; give a folder that holds one set")
    found = depths[named[0]] if named else next((files for files in depths.values() if files), [])
    if not found:
        raise InputError(
            f"{path}: no relations here: wanted is the folder of BATS, which has a folder for each group (such as "
            f"1_Inflectional_morphology) with a .txt file for each relation (such as 'I01 [noun - plural_reg].txt'); "
            f"found: {_listed(path)}"
        )
    known: dict[str, Path] = {}
    for file in found:
        if known.setdefault(file.stem, file) != file and _NAMED.fullmatch(file.stem):
            raise InputError(f"{path}: the relation {file.stem!r} is in two files, {known[file.stem]} and {file}")
    return found


def _listed(path: Path) -> str:
    names = sorted(f"{item.name}/" if item.is_dir() else item.name for item in path.iterdir())
    return f"{', '.join(names[:5])}{' and more' if len(names) > 5 else ''}" or "nothing"


def _group(file: Path) -> str:
    """Name a relation's group: by its folder, "1_Inflectional_morphology" is inflectional, or by its letter."""
    folder = file.absolute().parent.name
    if not _NUMBERED.fullmatch(folder) and _NAMED.fullmatch(file.stem):
        return _GROUPS[file.stem[0]]
    return folder.lstrip("0123456789_").split("_")[0].lower() or folder


def relation_units(relations: pd.DataFrame, share: float = 0.75) -> pd.Series:
    """Say which relations are one unit, because they ask of the same words: the unit of each relation, by its name.

    `relations` is a frame as of `read_relations`. Two relations are one unit if a column of one, its sources or its
    first answers, and a column of the other have at least `share` of the distinct words of the longer one in common. So
    are those that a third one joins. What they measure is not independent: draw units, with
    `Bootstrap(units.unique(), ...)` and `of=units`. In the book's relations the third person, participle and past of a
    verb are three relations of the same verbs. A unit has the codes of its relations as its name, and a relation that
    is a unit by itself has its own name. Raises `InputError` for a share that is not above 0 and at most 1.

    Example:
        >>> rows = [("I05 [inf - 3pSg]", "go", ("goes",)), ("I06 [inf - Ving]", "go", ("going",)),
        ...         ("I10 [3pSg - Ved]", "goes", ("went",)), ("E10 [male - female]", "king", ("queen",))]
        >>> relations = pd.DataFrame(rows, columns=["relation", "source", "targets"])
        >>> relation_units(relations).to_list()
        ['I05-I06, I10', 'I05-I06, I10', 'I05-I06, I10', 'E10 [male - female]']
    """
    if not 0 < share <= 1:
        raise InputError(f"share={share}: the share of words in common is above 0 and at most 1")
    from scipy.sparse.csgraph import connected_components

    names = relations["relation"].unique()
    first = relations.assign(answer=[targets[0] for targets in relations["targets"]])
    columns = {
        name: (set(part["source"].str.lower()), set(part["answer"].str.lower()))
        for name, part in first.groupby("relation", sort=False)
    }
    joined = np.zeros((len(names), len(names)), dtype=bool)
    for one, two in itertools.combinations(range(len(names)), 2):
        sides = itertools.product(columns[names[one]], columns[names[two]])
        joined[one, two] = max(len(left & right) / max(len(left), len(right)) for left, right in sides) >= share
    _, numbers = connected_components(joined, directed=False)
    units = [_unit_name([str(name) for name in names[numbers == number]]) for number in numbers]
    return pd.Series(units, pd.Index(names, name="relation"), name="unit")


def _unit_name(names: list[str]) -> str:
    """Name a unit by the codes of its relations: I05, I06, I07 and I09 are "I05-I07, I09"."""
    if len(names) == 1:
        return names[0]
    codes = sorted(found.group() if (found := _CODE.match(name)) else name for name in names)
    runs: list[list[str]] = []
    for code in codes:
        last = runs[-1][-1] if runs else ""
        if _CODE.fullmatch(code) and _CODE.fullmatch(last) and code == f"{last[0]}{int(last[1:]) + 1:02}":
            runs[-1].append(code)
        else:
            runs.append([code])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def read_questions(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read questions in word2vec's layout: a line `: name` before each relation, then four words a line.

    Gives the columns relation, a, a2, b and b2 (mikolov2013efficient). Raises `InputError` with file and line for a
    line without four words.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "questions.txt")
        ...     _ = path.write_text(": capitals\nAthens Greece Oslo Norway\n")
        ...     read_questions(path).iloc[0].to_list()
        ['capitals', 'Athens', 'Greece', 'Oslo', 'Norway']
    """
    rows, relation = [], path.stem
    for place, line in numbered_lines(path, encoding):
        if line.lstrip().startswith(":"):
            relation = line.strip()[1:].strip()
            continue
        words = _four(line)
        if len(words) != 4:
            raise InputError(f"{place}: {line[:200]!r} has {len(words)} words; a question has 4")
        rows.append((relation, *words))
    return pd.DataFrame(rows, columns=["relation", "a", "a2", "b", "b2"])


def _four(line: str) -> list[str]:
    """Split a question at its tabs if it has three, since its words may then be phrases; otherwise at blanks."""
    cells = [clean_words(cell) for cell in line.strip().split("\t")]
    return cells if len(cells) == 4 and all(cells) else [clean_words(word) for word in re.split("[ \t]+", line.strip())]


def read_msr(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    """Read the MSR set: a folder of questions (three words) and answers (tag, word), or a file in word2vec's layout.

    Gives the columns of `read_questions` (mikolov2013linguistic). Raises `InputError` with file and line for a
    malformed line, and for files that are missing or do not fit each other.
    """
    if path.is_file():
        return read_questions(path, encoding)
    asked, answers = (list(part) for part in _msr_files(path, encoding))
    if len(asked) != len(answers):
        raise InputError(f"{path}: {len(asked)} questions and {len(answers)} answers")
    rows = []
    for (place, question), (answer_place, answer) in zip(asked, answers, strict=True):
        words, parts = question.split(), answer.split()
        if len(words) != 3:
            raise InputError(f"{place}: {question[:200]!r} has {len(words)} words; a question has 3")
        if len(parts) != 2:
            raise InputError(f"{answer_place}: {answer[:200]!r} is not a tag and a word")
        rows.append((parts[0], *(clean_words(word) for word in [*words, parts[1]])))
    return pd.DataFrame(rows, columns=["relation", "a", "a2", "b", "b2"])


def _msr_files(path: Path, encoding: str) -> Iterator[Iterator[tuple[str, str]]]:
    for ending in ("questions", "answers"):
        file = path / f"word_relationship.{ending}"
        if not file.is_file():
            raise InputError(f"{path}: no word_relationship.{ending} in it; found: {_listed(path)}")
        yield numbered_lines(file, encoding)
