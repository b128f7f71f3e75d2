"""Reads what a training wrote: arrays, and beside them what they are."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coach.errors import GuardNotLoaded

Arrays = dict[str, npt.NDArray[Any]]


def read_kept(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """The arrays of a trained file by name, and the JSON that it keeps as `about`.

    Raises:
        GuardNotLoaded: when it is missing or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        return arrays, json.loads(bytes(arrays.pop("about")))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise GuardNotLoaded(detail=f"{path.stem} {type(error).__name__}") from error


__all__ = ["Arrays", "read_kept"]
