"""Batches for the command line: JSON lines in, JSON lines out, and the shapes that others read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from coach.errors import AttuneError
from coach.schema import Option, Reply, SearchResult, Suggestion, Tonight, Verdict


class LineWrong(AttuneError):
    """A line of a batch cannot be used."""

    default = "This line cannot be used."


def run(path: Path, one: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Answer every line of the file in order; returns how many could not be answered (their line says why).

    Raises:
        AttuneError: when the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AttuneError(f"{path.name} cannot be read.") from error
    failed = 0
    for number, raw in enumerate(filter(str.strip, text.splitlines()), start=1):
        given: Any = None
        try:
            try:
                given = json.loads(raw)
            except json.JSONDecodeError as error:
                raise LineWrong(f"Line {number} is not JSON.") from error
            if not isinstance(given, dict):
                raise LineWrong(f"Line {number} is not a JSON object.")
            answer = {"id": given.get("id"), **one(given)}
        except AttuneError as error:
            failed += 1
            answer = {"id": given.get("id") if isinstance(given, dict) else None, "error": error.sentence}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return failed


def text_of(line: dict[str, Any], key: str) -> str:
    """The text of a line, under `key` or `text`."""
    text = line.get(key, line.get("text"))
    if not isinstance(text, str) or not text.strip():
        raise LineWrong(f"The line has no {key}.")
    return text


def turns_of(line: dict[str, Any]) -> list[str]:
    """The person's own turns of a line, oldest first."""
    turns = line.get("turns")
    if turns is None:
        return [text_of(line, "text")]
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise LineWrong("turns must be a list of texts, oldest first.")
    return turns


def tonight_of(line: dict[str, Any]) -> Tonight:
    """Tonight's dials of a line; what is left out keeps its default."""
    dials = {name: value for name, value in line.items() if name != "id" and value is not None}
    try:
        return Tonight.model_validate(dials)
    except ValidationError as error:
        first = error.errors()[0]
        where = first["loc"][0] if first["loc"] else "the line"
        raise LineWrong(f"{where}: {first['msg']}.") from error


def reply_json(reply: Reply) -> dict[str, Any]:
    """A reply in the shape that others read."""
    return {
        "action": reply.action,
        "text": reply.text,
        "citations": [
            {
                "n": c.n,
                "passage": c.passage,
                "guide": c.guide,
                "section": c.section,
                "lines": list(c.lines),
                "quote": c.quote,
            }
            for c in reply.citations
        ],
        "suggestion": option_json(reply.suggestion) if reply.suggestion else None,
        "referral": {
            "category": reply.referral.category,
            "resources": [
                resource.model_dump(mode="json", exclude={"source", "checked"}) for resource in reply.referral.resources
            ],
        }
        if reply.referral
        else None,
        "written_by": reply.written_by,
    }


def search_json(result: SearchResult) -> dict[str, Any]:
    """Passages in the shape that others read."""
    return {
        "query": result.query,
        "answerable": result.answerable,
        "passages": [
            {
                "id": found.passage.id,
                "guide": found.passage.guide,
                "section": found.passage.section,
                "title": found.passage.title,
                "lines": list(found.passage.lines),
                "text": found.passage.text,
                "score": found.score,
            }
            for found in result.found
        ],
    }


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict in the shape that others read."""
    return verdict.model_dump(mode="json")


def option_json(option: Option) -> dict[str, Any]:
    """A card in the shape that others read."""
    return option.model_dump(mode="json", exclude={"source", "who"}) | {"who": option.who}


def suggestion_json(suggestion: Suggestion) -> dict[str, Any]:
    """Tonight's cards in the shape that others read."""
    return {
        "action": suggestion.action,
        "reason": suggestion.reason,
        "options": [option_json(option) for option in suggestion.options],
    }
