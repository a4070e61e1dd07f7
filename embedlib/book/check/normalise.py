"""What may differ between two good runs of a cell, and the text that the drift gate compares in its place.

`RULES` is the table: what is replaced, by what, and an example. Nothing else is: a number without a unit of
time, a date without a time of day, the order of a list or dict, and names of hosts and users stay as they are.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

import regex

_STOP = "a|and|are|as|at|by|for|from|had|has|in|into|is|of|on|or|than|the|to|took|was|were|with"
_CHAR = r"[\w\u0300-\u036f.+@~%$-]"
_WORDS = rf"{_CHAR}+(?:[ ](?!(?:{_STOP})\b|\d*\.\d)(?:{_CHAR}|[()&])+){{0,3}}"  # a part of a path, with spaces
_SEP = r"(?:\\+|/)"
_ROOT = (
    r"(?<![\w\u0300-\u036f/.>\\~<])"
    r"(?:(?:file://[\w.-]*)?/(?=[^/\s])|~\w*[\\/](?=\w)|[A-Za-z]:(?:\\+|/)(?=[^/\s])|\\\\+[\w.$-]+\\+(?=\w))"
)
_NAME = r"[^\\/\n'\"`]*?\.[A-Za-z][A-Za-z0-9]{0,9}"  # a file's name, by its ending
_TOP = r"(?:app|builds?|content|home|kaggle|mnt|opt|root|srv|tmp|Users|Volumes|work|workspace)"

_N = r"(?<![\w.,\u2212])\d+(?:[.,]\d+)*[ ]?"
_NEXT = r",?[ ]?(?:and[ ])?"
_END = r"(?![\w/-])"
_HOURS, _MINUTES = r"(?:h|hrs?|hours?)", r"(?:min|mins|minutes?)"
_SECONDS = r"(?:s|secs?|seconds?)"
_SMALL = r"(?:ms|[\u00b5\u03bcu]s|ns|milliseconds?|microseconds?|nanoseconds?)"
_M = r"\d+(?:\.\d+)?[ ]?"
_DURATION = (
    rf"{_N}(?:"
    rf"{_HOURS}(?:{_NEXT}{_M}(?:{_MINUTES}|m))?(?:{_NEXT}{_M}{_SECONDS})?"
    rf"|(?:{_MINUTES}|m){_NEXT}{_M}{_SECONDS}"
    rf"|(?<!\b(?:max|mean|median)\b[^\n]*)min(?![^\n]*\b(?:max|mean|median)\b)"
    rf"|(?:mins|minutes?)"
    rf"|(?<!\b\d{{2,3}}0)s(?:ecs?|econds?)?(?:{_NEXT}{_M}{_SMALL})?"
    rf"|{_SMALL}){_END}"
)
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:[ ]?[AaPp]\.?[Mm]\.?)?(?:[ ]?(?:Z|UTC|GMT|[A-Z]{3,4}|[+-]\d\d:?\d\d))?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?[ ])?"
_SPAN = r"\d+:\d\d(?::\d\d)?"
_BAR = rf"\[{_SPAN}(?:<(?:{_SPAN}|\?))?(?:,\s*[^,\]\s]+/[^,\]\s]+)?(?P<more>(?:, [^\]\n]*)?)\]"


@dataclass(frozen=True)
class Rule:
    """One kind of volatile text: `pattern` is replaced by `becomes`; `example` has one in it."""

    what: str
    pattern: regex.Pattern[str]
    becomes: str
    example: str


def _rule(what: str, pattern: str, becomes: str, example: str) -> Rule:
    return Rule(what, regex.compile(pattern, regex.MULTILINE), becomes, example)


# In the order in which they are applied.
RULES = (
    _rule("progress bar that a message cut in two", rf"\d+%\|[^|\n]*\|\s*\S+/\S+ {_BAR}(?=[^\s\x1b])", "<bar>",
          " 35%|███▌      | 7/20 [00:00<00:01,  9.87it/s]a warning"),
    _rule("progress bar: its times, rate and drawing; not its counts", rf"(\d+%)\|[^|\n]*\|\s*(\S+/\S+) {_BAR}",
          r"\1 \2 <time>\g<more>", "words: 100%|██████████| 10/10 [00:01<00:00,  9.87it/s, loss=0.5]"),
    _rule("progress without a total", rf"(?<=\b\d+\S*) {_BAR}", r" <time>\g<more>", "20it [00:01,  9.87it/s]"),
    _rule("progress bar of rich", r"[━╸╺]{3,}[ ]+(\d+%)[ ]+(?:-:--:--|\d+:\d\d:\d\d)", r"\1 <time>",
          "Working ━━━━━━━━━━ 100% 0:00:01"),
    _rule("%timeit", rf"{_DURATION}(?: ± {_DURATION})? per loop(?: \([^)\n]*\))?|"
          r"[\d,]+ loops?, best of \d+: .* per loop", "<time> per loop",
          "1.2 ms ± 30 µs per loop (mean ± std. dev. of 7 runs, 1,000 loops each)"),
    _rule("what %timeit and %%time say of some runs only", r"^(?:The slowest run took .*|This could mean that an "
          r"intermediate result.*|Compiler *: .*)\n?", "", "The slowest run took 4.53 times longer than the fastest."),
    _rule("what embedlib logs when it writes or repairs a file",
          r"^.*: (?:damaged shard set aside as .*|damaged and is made again|reading the word vectors once|"
          r"converting the GGUF file once .*|\d+ words are listed twice; the first of each counts|"
          r"\d+ words have a vector of zeros and are left out)$\n?", "",
          "own.vec: 2 words are listed twice; the first of each counts"),
    _rule("%%time", r"^CPU times: .*", "CPU times: <time>", "CPU times: user 1min 2s, sys: 310 ms, total: 1min 3s"),
    _rule("%memit", r"peak memory: .* MiB, increment: .* MiB", "peak memory: <size>",
          "peak memory: 123.45 MiB, increment: 0.10 MiB"),
    _rule("address in memory", r"(?<=\bat )0x[0-9a-fA-F]+|\b0x[0-9a-fA-F]{8,}|(?<=\bid[ =:]{1,3})\d{9,}\b",
          "<address>", "<object object at 0x7f3a2b1c4d5e>"),
    _rule("random id", r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|(?<=\bT_)[0-9a-f]{5}(?=[_\"' {])", "<id>",
          "3f2b8c1e-0a4d-4c1b-9e57-5d2a1c3b4e6f"),
    _rule("process number", r"\b(p?pid|PID|[Pp]rocess (?:id|ID|number|no\.))([ =:#]+)\d+\b", r"\1\2<process>",
          "pid 4242"),
    _rule("process number", r"\b([Pp]rocess )\d+\b"
          r"(?=[^\w\s]|\s*$|\s+(?:is|was|has|at|in|on|exited|ended|started|finished)\b)",
          r"\1<process>", "working as process 4242"),
    _rule("name that a temporary file got", r"\btmp[a-z0-9_]{8}(?![a-z0-9_])", "<temporary>", "tmpk3j2h1_x.csv"),
    _rule("path in quotes: its folders",
          rf"(?<=(?P<quote>['\"`])){_ROOT}(?:[^\\/\n'\"`]+{_SEP})*(?P<name>{_NAME})(?=\1)",
          r"<path>/\g<name>", "'/mnt/ann/my book/out.csv'"),
    _rule("path in quotes to a folder", rf"(?<=(?P<quote>['\"`])){_ROOT}(?:[^\\/\n'\"`]+{_SEP})+[^\\/\n'\"`]*(?=\1)",
          "<path>", "'C:\\Users\\ann\\my book'"),
    _rule("path from the root, a drive or ~: its folders; the name of a file stays",
          rf"{_ROOT}(?:{_WORDS}{_SEP})*?(?P<name>{_CHAR}+?(?:[ ](?!(?:{_STOP})\b|\d*\.\d){_CHAR}+?){{0,3}}"
          r"\.[A-Za-z][A-Za-z0-9]{0,9})(?=[^\w\\/.-]|\.?\s|\.?$)", r"<path>/\g<name>",
          "saved to /mnt/ann/my book/out.csv"),
    _rule("path to a folder", rf"{_ROOT}(?:{_CHAR}+{_SEP})+{_CHAR}*|(?<![\w/.>\\~<])/{_TOP}\b|"
          rf"(?<![\w/.>\\~<])(?:[A-Za-z]:\\+|~/|\\\\+[\w.$-]+\\+){_CHAR}+", "<path>", "in /tmp/some/folder"),
    _rule("port of this machine", r"(?<=\b(?:localhost|127\.0\.0\.1):)\d+", "<port>", "http://localhost:41233"),
    _rule("date with a time of day", rf"\b{_DAY}(?:\d{{4}}[-/]\d\d[-/]\d\d(?:T|,?[ ])|\d\d?[./]\d\d?[./]\d{{4}},?[ ]|"
          rf"\d\d?[ ]{_MONTH}[ ]\d{{4}},?[ ](?:at[ ])?|{_MONTH}[ ]\d\d?,?[ ]\d{{4}},?[ ](?:at[ ])?){_CLOCK}", "<time>",
          "2026-01-02 03:04:05"),
    _rule("date as ctime writes it", rf"\b{_DAY}{_MONTH}[ ]+\d\d?[ ]\d\d:\d\d:\d\d(?:[ ][A-Z]{{3,4}})?[ ]\d{{4}}\b",
          "<time>", "Thu Nov 26 14:13:01 2026"),
    _rule("how long ago", r"(?:\b(?:about )?(?:an?|a few|\d+) (?:second|minute|hour|day|week|month|year)s?|"
          rf"{_DURATION}) ago\b|\bjust now\b", "<time> ago", "3 minutes ago"),
    _rule("duration or time of day with seconds", r"(?<![\w:.])(?:\d+ days?,? )?\d{1,3}:\d\d:\d\d(?:[.,]\d+)?(?![\w:])",
          "<time>", "0:00:01.234567"),
    _rule("rate", r"(?<![\w.,])\d[\d.,]*[ ]?(?:[A-Za-z]+/s(?:ec)?|[A-Za-z]+ (?:per|a) second)\b|"
          r"(?<![\w.,])\d[\d.,]*[ ]?s/[A-Za-z]+\b", "<rate>", "120.5 words/s"),
    _rule("duration", _DURATION, "<time>", "Wall time: 1min 2s"),
)  # fmt: skip

_SCREEN = regex.compile(
    r"\r|\n|\x1b\[(\d*)A|\x1b\[\d*[KJ]|[^\r\n\x1b]+|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b"
)


def normalise(text: str) -> str:
    """Give a cell's text without what may differ: what a terminal would show, by `RULES`, each set in one order."""
    text = _shown(text)
    for rule in RULES:
        text = rule.pattern.sub(rule.becomes, text)
    return _sorted_sets(text.rstrip())


def advise(old: str, new: str) -> str:
    """Say how a cell is written whose text differs in these two lines and should not."""
    if sorted(old) == sorted(new):
        return "equal text; where the order means nothing, print(sorted(...))"
    if regex.sub(r"[\d.,:]+", "0", old) == regex.sub(r"[\d.,:]+", "0", new):
        return "equal text; a number that moves is kept by record(name, value, tolerance=...), not printed"
    return "equal text; what differs from run to run is not printed, or its cell begins with %%capture"


def _shown(text: str) -> str:
    """Give what stays on a terminal: a line that was drawn again is what was drawn last."""
    lines, row, again = [""], 0, False
    for token in _SCREEN.finditer(text.replace("\r\n", "\n")):
        part = token.group()
        if part == "\n":
            row, again = row + 1, False
            lines += [""] * (row + 1 - len(lines))
        elif part == "\r":
            again = True
        elif part[0] == "\x1b":
            if part[-1] == "A":
                row, again = max(0, row - int(token[1] or 1)), True
            elif part[-1] == "K":
                again = True
        else:
            lines[row], again = (part if again else lines[row] + part), False
    return "\n".join(line.rstrip() for line in lines).rstrip()


def _sorted_sets(text: str) -> str:
    """Write the members of every printed set in one order."""
    done, place = [], 0
    opened: list[int] = []
    for mark in regex.finditer(r"[{}]", text):
        if mark.group() == "{":
            opened.append(mark.start())
        elif opened:
            start = opened.pop()
            if not opened:
                done += [text[place:start], _sorted_set(text[start : mark.end()])]
                place = mark.end()
    return "".join([*done, text[place:]])


def _sorted_set(text: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval")
        sets = [node for node in ast.walk(tree) if isinstance(node, ast.Set)]
        if not sets or not all(_is_value(node) for node in ast.walk(tree.body)):
            return text
        for node in reversed(sets):  # those inside first
            node.elts.sort(key=ast.unparse)
        return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text


_VALUES = (ast.Set, ast.Dict, ast.List, ast.Tuple, ast.Constant, ast.UnaryOp, ast.USub, ast.Load, ast.Call,
           ast.Attribute, ast.BinOp, ast.Add, ast.Sub)  # fmt: skip


def _is_value(node: ast.AST) -> bool:
    """Tell what stands in the repr of plain values: `{np.int64(1), frozenset({2})}`, but no names and no code."""
    return isinstance(node, _VALUES) or (isinstance(node, ast.Name) and node.id in {"np", "frozenset", "set"})
