"""Batches for the command line: JSON lines in, JSON lines out, and the shapes that others read."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from coach.errors import AttuneError
from coach.schema import Option, Reply, SearchResult, Suggestion, Tonight, Verdict
from coach.settings import country_code

log = logging.getLogger(__name__)


class LineWrong(AttuneError):
    """A line of a batch cannot be used."""

    default = "This line cannot be used."


def run(path: Path, one: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Answer every line of the file in order; returns how many could not be answered (their line says why).

    A line is what stands between two line feeds, so that other separators inside a JSON text do not break it.

    Raises:
        AttuneError: when the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AttuneError(f"{path.name} cannot be read: {error.strerror or 'unknown reason'}.") from error
    failed = 0
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, raw in enumerate(lines[:-1] if not lines[-1].strip() else lines, start=1):
        given: dict[str, Any] = {}
        try:
            given = _object(raw, number)
            answer = {"id": given.get("id"), **one(given)}
        except AttuneError as error:
            failed += 1
            answer = {"id": given.get("id"), "error": error.sentence}
        except Exception as error:  # one line never stops the others; what it was is in the log, what it said is not
            log.debug("line %d failed", number, exc_info=error)
            failed += 1
            answer = {"id": given.get("id"), "error": f"{AttuneError.default} ({type(error).__name__})"}
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    return failed


def _object(raw: bytes, number: int) -> dict[str, Any]:
    try:
        given = json.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise LineWrong(f"Line {number} is not JSON in UTF-8.") from error
    if not isinstance(given, dict):
        raise LineWrong(f"Line {number} is not a JSON object.")
    # Half of a surrogate pair is valid in JSON and in nothing else.
    whole = json.dumps(given, ensure_ascii=False).encode("utf-8", "replace")
    return cast("dict[str, Any]", json.loads(whole))


def text_of(line: dict[str, Any], key: str) -> str:
    """The text of a line, under `key` or `text`."""
    text = line.get(key, line.get("text"))
    if not isinstance(text, str) or not text.strip():
        raise LineWrong(f"The line has no {key}.")
    return text


def country_of(line: dict[str, Any]) -> str | None:
    """The country of a line, where it names one."""
    try:
        return country_code(str(line["country"])) if line.get("country") else None
    except ValueError as error:
        raise LineWrong(f"{error}.") from error


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
