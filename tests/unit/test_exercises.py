"""Tonight's limits hold whatever is asked, and the catalogue holds together."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from coach.companion import Companion
from coach.errors import ContentWrong
from coach.exercises import Catalogue, suggest
from coach.exercises.limits import FOR_HEAT, LimitBroken
from coach.exercises.match import CALM, make_option
from coach.schema import Exercise, Suggestion, Tonight, Verdict
from evals.metrics.limits_kept import violations

MINUTES = st.integers(0, 120)
DIALS = st.builds(
    Tonight,
    minutes=MINUTES,
    who=st.lists(st.sampled_from(["together", "remote", "solo"]), min_size=1, max_size=3, unique=True).map(tuple),
    energy=st.lists(st.sampled_from(["low", "medium", "high"]), min_size=1, max_size=2).map(tuple),
    comfort=st.lists(st.integers(1, 5), min_size=1, max_size=2).map(tuple),
    heat=st.integers(0, 10),
    wish=st.sampled_from(["close", "calm", "fun", "repair", "understand", None]),
    private=st.booleans(),
    recent=st.lists(st.integers(1, 65).map(lambda n: f"EX{n:02}"), max_size=12, unique=True).map(tuple),
    days_since_betrayal=st.one_of(st.none(), st.integers(0, 200)),
    felt_safe_lately=st.integers(0, 4),
    late=st.booleans(),
)
VERDICTS = st.sampled_from(
    [
        CALM,
        Verdict(action="check_in", category="partner_abuse"),
        Verdict(action="check_in", category="self_harm"),
        Verdict(action="refer", category="betrayal"),
        Verdict(action="refer", category="separation"),
        Verdict(action="refer", category="severe_mental_health"),
        Verdict(action="crisis", category="partner_abuse"),
        Verdict(action="emergency", category="self_harm"),
    ]
)
MANY = settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(tonight=DIALS, verdict=VERDICTS)
@MANY
def test_no_suggestion_ever_breaks_a_limit(catalogue: Catalogue, tonight: Tonight, verdict: Verdict) -> None:
    made = suggest(catalogue, tonight, verdict)
    assert violations(made, tonight, {exercise.id: exercise for exercise in catalogue}) == []


@given(tonight=DIALS, verdict=VERDICTS)
@MANY
def test_danger_gets_no_exercise_and_a_referral_nothing_for_two(
    catalogue: Catalogue, tonight: Tonight, verdict: Verdict
) -> None:
    made = suggest(catalogue, tonight, verdict)
    if verdict.action in ("crisis", "emergency"):
        assert made.action == "refer"
        assert made.options == ()
    if verdict.refers:
        assert made.action == "refer"
        assert all(option.who == "solo" for option in made.options)


@given(tonight=DIALS)
@MANY
def test_every_card_names_what_was_used_and_the_easier_one_is_no_harder(catalogue: Catalogue, tonight: Tonight) -> None:
    made = suggest(catalogue, tonight)
    by_fit = {option.fit: option for option in made.options}
    assert len({option.exercise for option in made.options}) == len(made.options)
    for option in made.options:
        assert any(f"{tonight.minutes} minutes" in reason for reason in option.why)
    if "easier" in by_fit:
        assert by_fit["easier"].minutes <= by_fit["best"].minutes
        assert by_fit["easier"].comfort <= by_fit["best"].comfort
    if "solo" in by_fit:
        assert by_fit["solo"].who == "solo"


@given(tonight=DIALS)
@MANY
def test_reasons_do_not_tell_whose_limit_it_was(catalogue: Catalogue, tonight: Tonight) -> None:
    swapped = tonight.model_copy(
        update={"comfort": tuple(reversed(tonight.comfort)), "energy": tuple(reversed(tonight.energy))}
    )
    assert suggest(catalogue, tonight).options == suggest(catalogue, swapped).options


def test_an_option_that_breaks_a_limit_cannot_be_built(catalogue: Catalogue) -> None:
    tonight = Tonight(minutes=5, comfort=(1,), energy=("low",))
    deep = catalogue.get("EX16")
    assert deep
    with pytest.raises(LimitBroken):
        make_option("best", (deep, "together"), tonight, CALM)
    long_evening = Tonight(minutes=60, comfort=(5,), energy=("high",), recent=("EX27",))
    option = make_option("best", (deep, "together"), long_evening, CALM)
    with pytest.raises(ValidationError, match="breaks a limit"):
        Suggestion(action="suggest", tonight=tonight, options=(option,))


def test_in_the_heat_only_cooling_down_is_offered(catalogue: Catalogue) -> None:
    made = suggest(catalogue, Tonight(minutes=60, comfort=(5, 5), energy=("high",), heat=8))
    assert made.options
    assert {option.exercise for option in made.options} <= FOR_HEAT
    assert made.options[0].exercise == "EX39"


def test_deep_exercises_wait_for_house_rules_or_two_safe_evenings(catalogue: Catalogue) -> None:
    """F00: emotional safety comes before depth."""
    ids = {exercise.id for exercise in catalogue if exercise.comfort >= 4}
    open_night = Tonight(minutes=120, comfort=(5, 5), energy=("high", "high"), wish="close")
    offered = set()
    for _ in range(len(catalogue)):
        made = suggest(catalogue, open_night.model_copy(update={"recent": tuple(offered)}))
        if not made.options:
            break
        offered |= {option.exercise for option in made.options}
        if "EX27" in offered:
            offered.discard("EX27")
            break
    assert not offered & ids
    opened = suggest(catalogue, open_night.model_copy(update={"felt_safe_lately": 2, "minutes": 90}))
    assert opened.options


def test_no_minute_means_not_tonight_with_a_kind_word(catalogue: Catalogue) -> None:
    made = suggest(catalogue, Tonight(minutes=0))
    assert made.action == "not_tonight"
    assert made.reason


def test_a_dangerous_note_gets_help_and_no_card(attune: Companion) -> None:
    made = attune.tonight(Tonight(minutes=30, note="he hit me last night and i am scared to go to bed"))
    assert made.action == "refer"
    assert made.options == ()


def test_the_catalogue_covers_every_item_that_can_be_done(catalogue: Catalogue, knowledge: Path) -> None:
    items = yaml.safe_load((knowledge / "inventory.yaml").read_text(encoding="utf-8"))
    doable = {item["id"] for item in items if "X" in item["needs"]}
    assert doable <= {source for exercise in catalogue for source in exercise.source}
    known = {item["id"] for item in items}
    assert {source for exercise in catalogue for source in exercise.source} <= known


def test_there_are_at_least_65_exercises_with_a_solo_way_for_every_wish(catalogue: Catalogue) -> None:
    assert len(catalogue) >= 65
    for wish in ("close", "calm", "repair", "understand"):
        assert any("solo" in exercise.who and wish in exercise.wishes for exercise in catalogue)


def test_every_joint_exercise_carries_the_fear_code_and_every_one_the_crisis_code(catalogue: Catalogue) -> None:
    for exercise in catalogue:
        assert "X-CRISIS" in exercise.contraindications, exercise.id
        if exercise.who != ("solo",):
            assert "X-SAFE" in exercise.contraindications, exercise.id


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"duration_min": 99}, "add up"),
        ({"contraindications": ["X-NONE"]}, "contraindications"),
        ({"comfort": 6}, "comfort"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_broken_entry_is_named(catalogue: Catalogue, tmp_path: Path, change: dict[str, object], says: str) -> None:
    entry = next(iter(catalogue)).model_dump(mode="json") | change
    (tmp_path / "one.yaml").write_text(yaml.safe_dump([entry]), encoding="utf-8")
    with pytest.raises(ContentWrong, match=says):
        Catalogue.load(tmp_path)


def test_an_id_used_twice_is_named(catalogue: Catalogue, tmp_path: Path) -> None:
    entry = next(iter(catalogue)).model_dump(mode="json")
    (tmp_path / "two.yaml").write_text(yaml.safe_dump([entry, entry]), encoding="utf-8")
    with pytest.raises(ContentWrong, match="twice"):
        Catalogue.load(tmp_path)


def test_words_promise_nothing_and_push_nobody(catalogue: Catalogue) -> None:
    for exercise in catalogue:
        text = " ".join(
            [exercise.not_when, exercise.less_open_adaptation, *(step.say for step in exercise.steps)]
        ).lower()
        assert "therapy" not in text.replace("not therapy", ""), exercise.id
        assert "persuade" not in text, exercise.id


def test_exercise_is_frozen(catalogue: Catalogue) -> None:
    exercise: Exercise = next(iter(catalogue))
    with pytest.raises(ValidationError):
        exercise.comfort = 5  # type: ignore[misc]
