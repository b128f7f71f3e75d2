"""Answers as text for a terminal."""

from __future__ import annotations

from coach.retrieval.library import Outcome
from coach.schema import Reply, SearchResult, Suggestion, Verdict


def reply(made: Reply) -> None:
    """The text, its sources, the help, the card."""
    print(made.text)
    if made.citations:
        print()
    for citation in made.citations:
        first, last = citation.lines
        print(f"[{citation.n}] {citation.guide_title}: {citation.title} ({citation.guide}, lines {first}-{last})")
    if made.referral:
        for resource in made.referral.resources:
            ways = ", ".join(part for part in (resource.call, resource.text, resource.web) if part)
            print(f"- {resource.name}: {ways}")
    if made.suggestion:
        card = made.suggestion
        print(f"\nFor tonight: {card.title} ({card.minutes} minutes, {card.exercise})")


def search(result: SearchResult) -> None:
    """A line a passage."""
    if not result.answerable:
        print("The guides do not seem to cover this. Nearest:")
    for found in result.found:
        first, last = found.passage.lines
        print(f"{found.score:.2f}  {found.passage.title}  ({found.passage.guide}, lines {first}-{last})")


def outcome(made: Outcome) -> str:
    """What became of one file, on one line."""
    tail = f": {made.reason}" if made.reason else f" as {made.guide}, {made.passages} passages"
    return f"{made.status:8} {made.file}{tail}"


def verdict(made: Verdict) -> None:
    """The action, and what it is about."""
    print(f"{made.action}" + (f": {made.category}, {made.role}" if made.category else ""))


def suggestion(made: Suggestion) -> None:
    """The cards with their reasons and steps."""
    if made.reason:
        print(made.reason)
    for option in made.options:
        print(f"\n[{option.fit}] {option.title} ({option.minutes} minutes, {option.exercise})")
        for reason in option.why:
            print(f"  - {reason}")
        for step in option.steps:
            print(f"  {step.minutes:2} min {step.who:2} {step.say}")
        print(f"  Not when: {option.not_when}")
