"""Every rule of the screen fires on its examples and stays silent on the others; nothing in it is left untried."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from coach.errors import GuardNotLoaded
from coach.safety.rules import Rule, Rules
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


def test_no_rules_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GuardNotLoaded):
        Rules.load(tmp_path)


def test_a_pattern_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    rule = RULES[0].model_dump(mode="json") | {"any": ["(unclosed"]}
    (tmp_path / "one.yaml").write_text(yaml.safe_dump({"rules": [rule]}), encoding="utf-8")
    with pytest.raises(GuardNotLoaded):
        Rules.load(tmp_path)
