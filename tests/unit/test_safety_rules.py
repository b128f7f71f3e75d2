"""Every rule of the screen fires on its examples and stays silent on the others; nothing in it is left untried."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from coach.errors import GuardNotLoaded
from coach.safety.rules import FILES, Rule, Rules
from coach.settings import content_root

RULES = Rules.load(content_root() / "knowledge" / "safety").rules
FIRES = [(rule, text) for rule in RULES for text in rule.fires_on]
SILENT = [(rule, text) for rule in RULES for text in rule.silent_on]


@pytest.mark.parametrize(("rule", "text"), FIRES, ids=[f"{rule.id}-{n}" for n, (rule, _) in enumerate(FIRES)])
def test_a_rule_fires_on_its_examples(rule: Rule, text: str) -> None:
    assert rule in Rules([rule]).firing(text)


@pytest.mark.parametrize(("rule", "text"), SILENT, ids=[f"{rule.id}-{n}" for n, (rule, _) in enumerate(SILENT)])
def test_a_rule_stays_silent_on_what_only_sounds_alike(rule: Rule, text: str) -> None:
    assert Rules([rule]).firing(text) == []


PATTERNS = [(rule, at) for rule in RULES for at in range(len(rule.any)) if len(rule.any) > 1]


@pytest.mark.parametrize(("rule", "at"), PATTERNS, ids=[f"{rule.id}-{at}" for rule, at in PATTERNS])
def test_every_pattern_of_a_rule_has_an_example_that_only_it_recognises(rule: Rule, at: int) -> None:
    fewer = [pattern for number, pattern in enumerate(rule.any) if number != at]
    without = Rules([Rule.model_validate(rule.model_dump() | {"any": fewer})])
    assert [text for text in rule.fires_on if not without.firing(text)]


def test_every_rule_says_why_it_is_there_and_has_a_name_of_its_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.why.strip() for rule in RULES)


def test_every_category_that_needs_help_has_a_rule() -> None:
    needed = {
        "self_harm", "partner_abuse", "sexual_violence", "child_safety", "harm_to_others", "medical_emergency",
        "severe_mental_health", "eating_disorder", "substance_use", "betrayal", "separation", "sexual_health",
        "minor_user", "out_of_scope", "prompt_injection",
    }  # fmt: skip
    assert needed <= {rule.category for rule in RULES}


@pytest.mark.parametrize("damage", ["", "rules: [", "rules:\n  - {id: x}", "words: {}"])
def test_damaged_rules_are_refused_and_never_skipped(tmp_path: Path, damage: str) -> None:
    for path in (content_root() / "knowledge" / "safety").glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "self_harm.yaml").write_text(damage, encoding="utf-8")
    with pytest.raises(GuardNotLoaded):
        Rules.load(tmp_path)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_of_rules_that_is_gone_is_missed(tmp_path: Path, name: str) -> None:
    for path in (content_root() / "knowledge" / "safety").glob("*.yaml"):
        if path.stem != name:
            (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(GuardNotLoaded):
        Rules.load(tmp_path)


def test_no_rules_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GuardNotLoaded):
        Rules.load(tmp_path)


def test_a_pattern_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (content_root() / "knowledge" / "safety").glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    Rules.load(tmp_path)
    rule = RULES[0].model_dump(mode="json") | {"any": ["(unclosed"]}
    (tmp_path / "one.yaml").write_text(yaml.safe_dump({"rules": [rule]}), encoding="utf-8")
    with pytest.raises(GuardNotLoaded):
        Rules.load(tmp_path)


KNOWN = yaml.safe_load((Path(__file__).parent / "known_dangers.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", KNOWN)
def test_no_rule_is_lost(name: str) -> None:
    assert name in {rule.id for rule in Rules(RULES).firing(KNOWN[name])}


def test_every_rule_is_known() -> None:
    assert set(KNOWN) == {rule.id for rule in RULES}
