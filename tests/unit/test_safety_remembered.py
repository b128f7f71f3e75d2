"""What the screen keeps of the texts it has seen."""

from __future__ import annotations

from coach.safety.remembered import Remembered


def test_what_was_made_of_a_text_is_found_again_and_of_another_nothing() -> None:
    kept: Remembered[int] = Remembered()
    assert kept.put("we talk so little", 3) == 3
    assert kept.get("we talk so little") == 3
    assert kept.get("we talk so much") is None


def test_the_text_that_was_asked_for_longest_ago_makes_room() -> None:
    kept: Remembered[int] = Remembered(most=2)
    kept.put("one", 1)
    kept.put("two", 2)
    kept.get("one")
    kept.put("three", 3)
    assert (kept.get("one"), kept.get("two"), kept.get("three")) == (1, None, 3)


def test_no_text_is_kept() -> None:
    kept: Remembered[int] = Remembered()
    kept.put("Bartholomew", 1)
    assert "Bartholomew" not in repr(vars(kept))
    assert b"Bartholomew" not in b"".join(kept._kept)


def test_a_letter_that_cannot_be_written_down_is_no_obstacle() -> None:
    kept: Remembered[int] = Remembered()
    assert kept.put("half a letter \ud83d", 1) == kept.get("half a letter \ud83d")
