"""Where to find help: a dated, sourced table. No number comes from anywhere else."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from coach.errors import GuardNotLoaded
from coach.schema import Category, Resource, Verdict
from coach.settings import content_root

EVERYWHERE = "*"
KINDS: dict[Category, str] = {
    "self_harm": "suicide",
    "partner_abuse": "domestic_violence",
    "sexual_violence": "sexual_harm",
    "child_safety": "youth",
    "harm_to_others": "suicide",
    "medical_emergency": "emergency",
    "severe_mental_health": "suicide",
    "eating_disorder": "general",
    "substance_use": "substance",
    "minor_user": "youth",
}


@lru_cache(maxsize=1)
def table(path: Path | None = None) -> tuple[Resource, ...]:
    """Every row.

    Raises:
        GuardNotLoaded: when the table is missing or damaged.
    """
    file = path or content_root() / "knowledge" / "helplines.yaml"
    try:
        return tuple(Resource.model_validate(row) for row in yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError, TypeError) as error:
        raise GuardNotLoaded(detail="helplines") from error


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Two-letter code -> name, of every country in the table, by name.

    Raises:
        GuardNotLoaded: when the names are missing or damaged.
    """
    file = content_root() / "knowledge" / "countries.yaml"
    try:
        names: dict[str, str] = yaml.safe_load(file.read_text(encoding="utf-8"))
        known = {row.country for row in table()}
        return dict(sorted(((code, name) for code, name in names.items() if code in known), key=lambda pair: pair[1]))
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise GuardNotLoaded(detail="countries") from error


def resources_for(verdict: Verdict, country: str | None) -> tuple[Resource, ...]:
    """At most two rows: the emergency number first where it is urgent, then the line for this; else the directory."""
    wanted: list[Resource] = []
    if verdict.urgency == "now":
        wanted += _rows(country, "emergency")[:1]
    kind = KINDS.get(verdict.category) if verdict.category else None
    if kind and kind != "emergency":
        wanted += (_rows(country, kind) or (_rows(country, "suicide") if kind == "sexual_harm" else []))[:1]
    if len(wanted) < 2 and (not wanted or wanted[0].kind == "emergency"):
        wanted += _rows(EVERYWHERE, "general")[:1]
    return tuple(wanted[:2])


def older_than(days: int, today: date | None = None) -> list[Resource]:
    """Rows that were last checked more than `days` days ago."""
    now = today or date.today()
    return [row for row in table() if (now - date.fromisoformat(row.checked)).days > days]


@lru_cache(maxsize=1)
def numbers() -> frozenset[str]:
    """Every number of the table as bare digits."""
    found = (text for row in table() for text in (row.call, row.text) if text)
    return frozenset("".join(c for c in text if c.isdigit()) for text in found)


def _rows(country: str | None, kind: str) -> list[Resource]:
    return [row for row in table() if row.country == country and row.kind == kind]
