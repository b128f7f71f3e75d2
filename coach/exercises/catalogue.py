"""The exercises, read from `knowledge/exercises/*.yaml` and checked as a whole at load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import ValidationError

from coach.errors import ContentWrong
from coach.schema import Exercise


class Catalogue:
    """All exercises by id. Loading fails on the first entry that does not hold together."""

    def __init__(self, exercises: list[Exercise]) -> None:
        self._by_id = {exercise.id: exercise for exercise in exercises}
        if len(self._by_id) != len(exercises):
            ids = [exercise.id for exercise in exercises]
            twice = sorted({item for item in ids if ids.count(item) > 1})
            raise ContentWrong(f"The exercise id {twice[0]} is used twice.")

    @classmethod
    def load(cls, folder: Path) -> Catalogue:
        """Read every file below `folder`.

        Raises:
            ContentWrong: naming the entry and what is wrong with it.
        """
        exercises: list[Exercise] = []
        for path in sorted(folder.glob("*.yaml")):
            try:
                entries = yaml.safe_load(path.read_text(encoding="utf-8"))
            except (OSError, yaml.YAMLError) as error:
                raise ContentWrong(f"The exercise file {path.name} cannot be read.") from error
            for entry in entries or []:
                try:
                    exercises.append(Exercise.model_validate(entry))
                except ValidationError as error:
                    first = error.errors()[0]
                    name = entry.get("id", "an entry") if isinstance(entry, dict) else "an entry"
                    where = ".".join(str(part) for part in first["loc"])
                    raise ContentWrong(f"In {path.name}, {name}: {where} {first['msg']}.") from error
        if not exercises:
            raise ContentWrong(f"No exercises were found in {folder.name}.")
        return cls(exercises)

    def __iter__(self) -> Iterator[Exercise]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, key: object) -> bool:
        return key in self._by_id

    def get(self, exercise_id: str) -> Exercise | None:
        """The exercise with this id, if there is one."""
        return self._by_id.get(exercise_id)
