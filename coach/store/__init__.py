"""Everything that is kept: tables, engine, migrations. Nothing outside this room speaks SQL."""

from coach.store.engine import Store, open_store

__all__ = ["Store", "open_store"]
