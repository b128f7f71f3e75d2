"""What a person reads in place of coaching: worded twice, at most two resources, and no number but the table's."""

from __future__ import annotations

import re
from itertools import product
from typing import get_args

import pytest

from coach.safety.helplines import countries, numbers, table
from coach.safety.referral import refer, wordings
from coach.safety.way_out import MISREAD, SAFE
from coach.schema import Action, Category, Role, Verdict

ACTIONS = [action for action in get_args(Action) if action != "coach"]
ALL = list(product(ACTIONS, get_args(Category)))


@pytest.mark.parametrize(("action", "category"), ALL)
@pytest.mark.parametrize("country", ["GB", "US", "DE", None, "ZZ"])
def test_every_verdict_has_words_and_at_most_two_resources(
    action: Action, category: Category, country: str | None
) -> None:
    referral = refer(Verdict(action=action, category=category), country)
    assert len(referral.text) > 20
    assert len(referral.resources) <= 2
    for resource in referral.resources:
        assert resource.source, resource.id
        assert resource.checked, resource.id


def test_a_second_referral_does_not_repeat_the_first() -> None:
    for action in ACTIONS:
        for key, several in getattr(wordings(), action).items():
            assert len({words.text for words in several}) == len(several) >= 2, (action, key)


@pytest.mark.parametrize("category", ["self_harm", "partner_abuse", "child_safety"])
@pytest.mark.parametrize(("signal", "name"), [(SAFE, "safe"), (MISREAD, "misread")])
def test_who_says_that_they_are_safe_or_were_misread_is_asked_in_other_words_than_anybody_else(
    category: Category, signal: str, name: str
) -> None:
    asked = Verdict(action="check_in", category=category, role="self", signals=("a-rule@1", f"{signal}@0"))
    by_key = wordings().check_in
    assert refer(asked, "GB").text == by_key.get(f"{category}/{name}", by_key[f"any/{name}"])[0].text
    assert not refer(asked, "GB").text.startswith("Before")
    friend = asked.model_copy(update={"role": "third_party"})
    assert refer(friend, "GB").text not in {words.text for key in by_key if key.endswith(name) for words in by_key[key]}


@pytest.mark.parametrize("role", ["perpetrator", "third_party"])
def test_who_may_be_hurting_someone_and_who_worries_for_a_friend_are_asked_their_own_question(role: Role) -> None:
    question = refer(Verdict(action="check_in", category="partner_abuse", role=role), "GB").question
    assert question
    assert question != refer(Verdict(action="check_in", category="partner_abuse", role="self"), "GB").question


@pytest.mark.parametrize("category", ["self_harm", "partner_abuse"])
def test_in_danger_there_is_somebody_to_call_in_every_country(category: Category) -> None:
    for country in ("GB", "US", "IE", "DE", "FR", None, "ZZ"):
        resources = refer(Verdict(action="crisis", category=category), country).resources
        assert any(resource.call or resource.web for resource in resources), country


def test_no_number_stands_in_the_words_themselves() -> None:
    for action in ACTIONS:
        for several in getattr(wordings(), action).values():
            assert not any(re.search(r"\d{3}", words.text) for words in several)
    assert numbers()


def test_fear_is_never_sent_to_couples_counselling() -> None:
    for action, role in product(("emergency", "crisis", "check_in"), get_args(Role)):
        verdict = Verdict(action=action, category="partner_abuse", role=role)
        assert not re.search(r"couples? (therapist|counsel)", refer(verdict, "GB").text.lower())


def test_each_wording_asks_at_most_one_question_beside_the_text() -> None:
    for action in ACTIONS:
        for several in getattr(wordings(), action).values():
            assert all(words.question is None or words.question.count("?") == 1 for words in several)


def test_danger_from_a_partner_offers_a_quick_way_out_of_the_page() -> None:
    assert refer(Verdict(action="crisis", category="partner_abuse"), "GB").quick_exit


def test_help_is_known_in_at_least_25_countries_and_every_one_has_a_name() -> None:
    helped = {
        code
        for code in {row.country for row in table()} - {"*"}
        if {row.kind for row in table() if row.country == code} >= {"emergency"}
        and {row.kind for row in table() if row.country == code} & {"suicide", "domestic_violence"}
    }
    assert len(helped) >= 25
    assert set(countries()) == {row.country for row in table()} - {"*"}
