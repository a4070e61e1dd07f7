"""The errors that embedlib raises on purpose.

Every message says what was wrong, what is allowed and, for a misspelt name, the nearest match.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Self


class EmbedlibError(Exception):
    """Base of every error that embedlib raises on purpose."""


class UnknownNameError(EmbedlibError, ValueError):
    """A name that is not among the allowed ones (a model, a parameter, a pooling, a layer)."""

    @classmethod
    def of(cls, kind: str, value: object, allowed: Iterable[object]) -> Self:
        """Say that `value` is no `kind`, list the `allowed` ones and point at the nearest.

        Parameters are displayed with `str`; the order of `allowed` is kept.
        """
        names = [str(name) for name in allowed]
        close = difflib.get_close_matches(str(value), names, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        return cls(f"unknown {kind} {str(value)!r}.{hint} Allowed: {', '.join(names) or 'none'}.")


class InputError(EmbedlibError, ValueError):
    """A value of the right kind that cannot be used: an empty list, a span outside its sentence."""


class ParameterError(EmbedlibError, ValueError):
    """A notebook parameter that its parameters cell does not allow."""


class ArtifactError(EmbedlibError):
    """A file of a model or of a wheel that is missing, truncated or not the one that is listed."""


class NotebookError(EmbedlibError):
    """A notebook that failed, or that does not follow the house's conventions."""


class RecordError(EmbedlibError, ValueError):
    """A value that cannot be recorded: an unsupported type, a duplicate key, an infinity."""
