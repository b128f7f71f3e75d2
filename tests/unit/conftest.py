"""What several of these files share."""

from __future__ import annotations

import argon2
import pytest

from coach.exercises import Catalogue
from coach.people import passwords
from coach.store import Store
from tests.unit.world import World, populated


@pytest.fixture
def world(store: Store, catalogue: Catalogue) -> World:
    """Everybody, with all they wrote."""
    return populated(store, catalogue)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as strong as the real ones would make the tests slow; one test holds the strength of the real ones."""
    quick = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", quick)
    monkeypatch.setattr(passwords, "_NOBODY", quick.hash("nobody has this password"))
