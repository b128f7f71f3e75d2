"""Reads what a training wrote: arrays, and beside them what they are."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from coach.errors import GuardNotLoaded

Arrays = dict[str, npt.NDArray[Any]]
Made = TypeVar("Made")


def load_kept(path: Path, make: Callable[[Arrays, dict[str, Any]], Made]) -> Made:
    """What `make` makes of the arrays of a trained file, by name, and of the JSON that it keeps as `about`.

    Raises:
        GuardNotLoaded: when it is missing or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        return make(arrays, json.loads(bytes(arrays.pop("about"))))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise GuardNotLoaded(detail=f"{path.stem} {type(error).__name__}") from error


__all__ = ["Arrays", "load_kept"]
