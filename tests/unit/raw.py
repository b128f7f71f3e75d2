"""The database as somebody reads it who has no key: every value of every table, as it is kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, select, type_coerce

from coach.store import Store
from coach.store.tables import Base
from coach.store.vault import Sealed, SealedJson

SEALED = [
    column
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Sealed | SealedJson)
]


def column_values(store: Store, column: Any) -> list[Any]:
    """One column as it is kept."""
    with store.engine.connect() as connection:
        return list(connection.execute(select(type_coerce(column, Text))).scalars())


def rows(store: Store) -> dict[str, list[str]]:
    """Every row by table."""
    with store.engine.connect() as connection:
        return {
            table.name: sorted(
                str(tuple(row))
                for row in connection.execute(select(*(type_coerce(column, Text) for column in table.columns)))
            )
            for table in Base.metadata.sorted_tables
        }


def everything(store: Store) -> str:
    """All of it as one text."""
    return "\n".join(row for table in rows(store).values() for row in table)
