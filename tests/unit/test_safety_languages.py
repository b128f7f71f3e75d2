"""Messages in other languages: explicit danger is referred in them, and nothing else is guessed at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coach.companion import Companion
from coach.safety import language
from coach.safety.language import english, language_of
from coach.safety.other_languages import LANGUAGES_FILE
from coach.safety.referral import foreign, refer
from coach.safety.screen import Screen
from coach.schema import Buttons, Context, Verdict
from coach.settings import Settings

NINE = ("ar", "de", "es", "fr", "hi", "it", "pl", "pt", "zh")

HARMLESS = {
    "es": "¿Qué ejercicio corto podemos hacer esta noche mi mujer y yo?",
    "fr": "Comment parler de mes sentiments à mon copain sans qu'il se ferme ?",
    "de": "Wie können wir uns nach dem Streit von gestern wieder näherkommen?",
    "pt": "Como faço para conversar com minha esposa sem brigar toda vez?",
    "it": "Che cosa possiamo fare stasera per sentirci più vicini?",
    "pl": "Jak mogę rozmawiać z mężem o uczuciach, żeby się nie zamykał?",
    "ar": "كيف أطلب من زوجي اهتماما أكثر دون أن يشعر أنني ألومه؟",
    "hi": "हम दोनों आज रात कौन सा छोटा अभ्यास कर सकते हैं?",
    "zh": "今晚我们可以一起做什么让彼此更亲近？",
}


@pytest.fixture(scope="module")
def guard(chosen: Settings) -> Screen:
    return Screen.load(chosen.knowledge_dir / "safety")


@pytest.mark.parametrize(("code", "text"), HARMLESS.items())
def test_what_is_not_english_is_answered_in_its_language_with_the_directory(
    guard: Screen, code: str, text: str
) -> None:
    verdict = guard.screen([text])
    assert (verdict.action, verdict.language) == ("decline", code)
    referral = refer(verdict, None)
    assert referral.text.startswith(foreign()[code].decline["any"][0].text)
    assert [row.kind for row in referral.resources] == ["general"]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("es", "ya no aguanto más, me quiero matar"),
        ("es", "me pega"),
        ("fr", "il m'a violée"),
        ("hi", "wo mujhe roz marte hain"),
        ("fr", "mon mari me frappe devant les enfants"),
        ("de", "ich will nicht mehr leben"),
        ("ar", "زوجي يضربني كل يوم"),
        ("hi", "मेरा पति मुझे मारता है"),
        ("zh", "我不想活了"),
    ],
)
def test_explicit_danger_is_referred_in_the_language_it_was_said_in(guard: Screen, code: str, text: str) -> None:
    verdict = guard.screen([text])
    assert (verdict.action, verdict.language) == ("crisis", code)
    wordings = foreign()[code].crisis[verdict.category or ""]
    assert refer(verdict, "ES").text == wordings[0].text
    assert refer(verdict, "ES", seen=1).text == wordings[1 % len(wordings)].text


def test_every_language_has_words_for_the_danger_its_rules_recognise(guard: Screen) -> None:
    spoken = {rule.language for rule in guard._rules.rules if rule.language}
    assert spoken == set(NINE)
    for rule in guard._rules.rules:
        if rule.language:
            verdict = Verdict(action=rule.action, category=rule.category, role=rule.role, language=rule.language)
            assert refer(verdict, "GB").text in {
                words.text for several in foreign()[rule.language].crisis.values() for words in several
            }


def test_the_ways_to_call_and_to_leave_the_page_are_named_in_the_language_of_the_referral() -> None:
    for code in NINE:
        verdict = Verdict(action="crisis", category="partner_abuse", language=code)
        named, english = refer(verdict, "GB").buttons, Buttons()
        assert len({named.leave, english.leave}) == len({named.keys, english.keys}) == 2, code
        assert named.call != english.call, code
        assert named.misread != english.misread, code
    assert refer(Verdict(action="crisis", category="partner_abuse"), "GB").buttons == Buttons()


def test_what_the_directory_holds_is_said_in_the_language_of_the_referral() -> None:
    (english,) = refer(Verdict(action="crisis", category="partner_abuse"), None).resources
    said = {english.note}
    for code in NINE:
        (directory,) = refer(Verdict(action="crisis", category="partner_abuse", language=code), None).resources
        assert directory.web == english.web
        assert "130" in str(directory.note)
        said.add(directory.note)
    assert len(said) == len(NINE) + 1


def test_a_language_that_has_no_words_here_is_answered_in_plain_english(guard: Screen) -> None:
    verdict = guard.screen(["Как нам снова стать ближе друг к другу после ссоры?"])
    assert verdict.action == "decline"
    assert refer(verdict, None).text.startswith(foreign()["other"].decline["any"][0].text)


@pytest.mark.parametrize(
    "text",
    [
        "feel like killin miself every time him walk out and lef me, mi serious",
        "oxytocin and dopamine and couples?",
        "gimme a cute gnight text",
        "yaar my wife is not talking to me since 2 days, kya karun",
        "hygge",
    ],
)
def test_slang_and_single_foreign_words_are_read_as_english(guard: Screen, text: str) -> None:
    assert guard.screen([text]).language is None


@pytest.mark.parametrize(
    ("text", "category", "role"),
    [
        ('Last night he texted me: "Si me dejas te mato". What should I say back?', "partner_abuse", "self"),
        ("my wife said 'te voy a matar' when I came home late", "partner_abuse", "self"),
        ("My husband wrote 我要杀了你 on the mirror. Date ideas?", "partner_abuse", "self"),
        ('She told me "voglio morire", and left', "self_harm", "third_party"),
        ('My wife sent me this: "me quiero morir". What does she need from me?', "self_harm", "third_party"),
    ],
)
def test_danger_repeated_in_another_language_is_referred_in_english(
    guard: Screen, text: str, category: str, role: str
) -> None:
    verdict = guard.screen([text])
    assert (verdict.action, verdict.category, verdict.role) == ("crisis", category, role)
    assert verdict.language is None


def test_a_kind_word_in_another_language_is_no_danger(guard: Screen) -> None:
    asked = 'She wrote me: "Cariño, te echo de menos, vuelve pronto a casa". What is a good reply?'
    assert guard.screen([asked]).action == "coach"


def test_danger_that_was_said_in_english_stays_when_the_language_changes(guard: Screen) -> None:
    assert guard.screen(["i want to kill myself", HARMLESS["es"]]).action == "crisis"


def test_a_message_is_still_answered_where_the_language_cannot_be_told(
    guard: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise OSError

    monkeypatch.setattr(language, "_identifier", gone)
    assert language_of(HARMLESS["pl"]) == language.OTHER
    assert guard.screen([HARMLESS["pl"]]).action == "decline"


def test_how_much_of_a_message_is_english_is_the_share_of_its_known_words() -> None:
    assert english("thanks amigo", {"thanks"}) == 0.5
    assert 0 < english("muchas gracias", {"thanks"}) < 0.5
    assert english("спасибо", {"thanks"}) == 0


def test_the_companion_coaches_nothing_it_cannot_read(attune: Companion) -> None:
    reply = attune.answer(HARMLESS["es"], Context())
    assert reply.action == "decline"
    assert reply.suggestion is None
    assert "inglés" in reply.text


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_without_its_file_nothing_in_another_language_is_coached(chosen: Settings, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "safety"
    shutil.copytree(chosen.knowledge_dir / "safety", folder)
    (folder / LANGUAGES_FILE).unlink()
    if damage == "damaged":
        (folder / LANGUAGES_FILE).write_bytes(b"not weights")
    lame = Screen.load(folder)
    assert not lame.whole
    assert lame.screen(["me quiero morir"]).action == "crisis"
    assert lame.screen(["mi pareja me forzó, me sujetó las manos y no paró"]).action == "decline"
    assert lame.screen(["How do we spend a nice evening together?"]).action == "coach"


def test_whoever_speaks_is_heard_in_another_language_too(guard: Screen) -> None:
    friend = guard.screen(["meine beste Freundin hat gestern geschrieben, dass sie sich umbringen will"])
    assert (friend.action, friend.category, friend.role) == ("crisis", "self_harm", "third_party")
