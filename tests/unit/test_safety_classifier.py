"""The second layer: it recognises what no rule names, it only raises, and without it nothing is coached."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from coach.errors import GuardNotLoaded
from coach.safety.classifier import FILE, Classifier, Floats, Weighed
from coach.safety.gathering import gathered
from coach.safety.idioms import plainly
from coach.safety.rules import Rule, Rules
from coach.safety.screen import Screen
from coach.settings import Settings


@pytest.fixture(scope="module")
def folder(chosen: Settings) -> Path:
    return chosen.knowledge_dir / "safety"


@pytest.fixture(scope="module")
def guard(chosen: Settings, folder: Path) -> Screen:
    return Screen.load(folder)


@pytest.fixture(scope="module")
def classifier(folder: Path) -> Classifier:
    return Classifier.load(folder / FILE)


class _Broken(Classifier):
    """Its network breaks while it runs."""

    def pooled(self, text: str) -> Floats:
        raise RuntimeError(text)


def test_probabilities_add_up_and_are_the_same_each_time(classifier: Classifier) -> None:
    first, again = (classifier.weigh("we hardly talk any more") for _ in range(2))
    assert sum(first.odds.values()) == pytest.approx(1, abs=1e-4)
    assert first == again


def test_a_message_without_a_single_letter_is_looked_at_as_well(guard: Screen) -> None:
    for text in ("", " ", "\u200b", "!!!", "😀", "12"):
        assert guard.screen([text]).severity <= 1


@pytest.mark.parametrize("damage", ["missing", "empty", "not a zip", "cut in half", "of another shape"])
def test_without_the_classifier_danger_is_referred_and_nothing_else_is_answered(
    tmp_path: Path, folder: Path, chosen: Settings, damage: str
) -> None:
    shutil.copytree(folder, tmp_path / "safety")
    file = tmp_path / "safety" / FILE
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    elif damage == "of another shape":
        np.savez(file, about=np.zeros(3, dtype=np.uint8))
    else:
        file.write_bytes({"empty": b"", "not a zip": b"hello", "cut in half": whole[: len(whole) // 2]}[damage])
    guard = Screen.load(tmp_path / "safety")
    assert not guard.whole
    assert guard.screen(["I want to kill myself"]).action in ("crisis", "emergency")
    assert guard.screen(["my husband hit me last night"]).refers
    with pytest.raises(GuardNotLoaded):
        guard.screen(["how do we talk more"])


def test_a_network_that_breaks_while_it_runs_never_ends_in_an_answer(folder: Path) -> None:
    guard = Screen(Rules.load(folder), _Broken.load(folder / FILE))
    assert guard.screen(["I want to kill myself"]).refers
    with pytest.raises(GuardNotLoaded):
        guard.screen(["how do we talk more"])


def test_no_message_text_reaches_the_log(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    guard = Screen(Rules.load(folder), _Broken.load(folder / FILE))
    with pytest.raises(GuardNotLoaded):
        guard.screen(["a quiet evening with Bartholomew"])
    assert "Bartholomew" not in caplog.text


def test_a_conversation_is_weighed_once_and_not_again_with_every_message(folder: Path) -> None:
    read: list[str] = []

    class Counting(Classifier):
        def pooled(self, text: str) -> Floats:
            read.append(text)
            return super().pooled(text)

    guard = Screen(Rules.load(folder), Counting.load(folder / FILE))
    guard.screen(["we talk so little"])
    guard.screen(["we talk so little", "mostly about the bins"])
    assert read == ["we talk so little", "mostly about the bins", "we talk so little\nmostly about the bins"]
    guard.screen(["we talk so little", "mostly about the bins"])
    assert len(read) == 3


def test_the_rules_look_once_at_every_turn_and_every_pair_of_turns(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    rules = Rules.load(folder)
    firing = rules.firing

    def counted(text: str) -> list[Rule]:
        looked.append(text)
        return firing(text)

    monkeypatch.setattr(rules, "firing", counted)
    guard = Screen(rules, Classifier.load(folder / FILE))
    guard.screen(["we talk so little"])
    guard.screen(["we talk so little", "mostly about the bins"])
    assert looked == ["we talk so little", "mostly about the bins", "we talk so little\nmostly about the bins"]


def _turn(share: float) -> Weighed:
    return Weighed(odds={"coach": 1 - share, "check_in:self_harm": share}, role="self", danger={}, now=0)


def test_hopelessness_that_builds_up_is_asked_about_though_no_turn_says_enough() -> None:
    assert gathered([_turn(0.3)] * 2).action == "coach"
    verdict = gathered([_turn(0.3)] * 5)
    assert (verdict.action, verdict.category) == ("check_in", "self_harm")


def test_who_has_gone_on_to_other_things_is_not_asked_again() -> None:
    assert gathered([*[_turn(0.3)] * 5, _turn(0.01)]).action == "coach"


def test_one_turn_alone_gathers_nothing() -> None:
    assert gathered([]).action == "coach"
    assert gathered([_turn(0.9)]).action == "coach"


def test_a_figure_of_speech_is_not_taken_at_its_word(guard: Screen) -> None:
    assert plainly("I'm killing myself with these deadlines") == "I'm wearing myself out with these deadlines"
    for literal in (
        "im killing myself tonight",
        "he is killing me",
        "i keep thinking of killing myself at home",
        "i am sad that he beat me back then",
        "he beat me to the ground",
    ):
        assert plainly(literal) == literal
    assert guard.screen(["i'm killing myself at work and he never notices"]).action == "coach"
    for meant_otherwise in (
        "killing myself trying to get the house ready for his mum",
        "how do i punch above my weight in her family",
        "he brought me a can of coke and we talked",
    ):
        assert guard.screen([meant_otherwise]).action == "coach"
    assert guard.screen(["he uses me as his punching bag"]).severity >= 4
    for meant in ("i sit at work and think of killing myself", "i keep thinking about killing myself at work"):
        assert guard.screen([meant]).severity >= 4
