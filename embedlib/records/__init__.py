"""Records: what a notebook claims, typed.

`make` records a value in a notebook, `render` shows it, `read` finds it again, `phrases` writes numbers as words;
`record` has the types and how two runs differ, `tolerance` how far a number may move.
"""
