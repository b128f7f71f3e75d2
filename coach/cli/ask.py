"""Ask, search, screen, suggest: what the app does, as JSON with --json, and line by line with --jsonl."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from coach import batch, printing
from coach.cli.app import app, search_of
from coach.errors import AttuneError
from coach.schema import Context, Turn
from coach.settings import country_code, settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Jsonl = Annotated[
    Path | None, typer.Option("--jsonl", help="A file with one JSON object a line; prints one a line, in order.")
]


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="What you would say to the companion.")] = None,
    country: Annotated[
        str | None, typer.Option(help="Two-letter code of the country you are in, for helplines.")
    ] = None,
    as_json: Json = False,
    jsonl: Jsonl = None,
) -> None:
    """Ask the companion: a cited answer, an exercise if one fits, or a referral."""
    from coach.assemble import companion

    attune = companion(search=search_of())
    # On the command line, setting the endpoint is the consent.
    context = Context(country=_country(country), may_leave=settings().chat_model is not None)

    def answer(line: dict[str, Any]) -> dict[str, Any]:
        *before, last = batch.turns_of(line)
        said = batch.text_of({"text": last}, "text")
        turns = tuple(Turn(by="user", text=one) for one in before)
        there = context.model_copy(update={"country": batch.country_of(line) or context.country, "turns": turns})
        return batch.reply_json(attune.answer(said, there))

    _run(text, "text", jsonl, as_json, answer, lambda: printing.reply(attune.answer(text or "", context)))


@app.command()
def search(
    text: Annotated[str | None, typer.Argument(help="A question, in any words.")] = None,
    k: Annotated[int, typer.Option(min=1, max=50, help="How many passages.")] = 5,
    guide: Annotated[str | None, typer.Option(help="Only this guide, by its id.")] = None,
    as_json: Json = False,
    jsonl: Jsonl = None,
) -> None:
    """Find passages in the guides."""
    retriever = search_of()()
    if guide and guide not in {passage.guide for passage in retriever.passages.values()}:
        names = ", ".join(sorted({passage.guide for passage in retriever.passages.values()}))
        raise AttuneError(f"There is no guide called {guide}. There are: {names}.")

    def find(line: dict[str, Any]) -> dict[str, Any]:
        return batch.search_json(retriever.search(batch.text_of(line, "query"), k, line.get("guide") or guide))

    _run(text, "query", jsonl, as_json, find, lambda: printing.search(retriever.search(text or "", k, guide)))


@app.command()
def screen(
    text: Annotated[str | None, typer.Argument(help="A message.")] = None, as_json: Json = False, jsonl: Jsonl = None
) -> None:
    """Say what the safety screen makes of a message (English; explicit danger in some other languages)."""
    from coach.assemble import companion

    attune = companion()

    def judge(line: dict[str, Any]) -> dict[str, Any]:
        return batch.verdict_json(attune.screen(batch.turns_of(line)))

    _run(text, "text", jsonl, as_json, judge, lambda: printing.verdict(attune.screen([text or ""])))


@app.command()
def suggest(
    minutes: Annotated[int | None, typer.Option(min=0, max=1440, help="Minutes there are tonight.")] = None,
    who: Annotated[str | None, typer.Option(help="together, remote, solo; several with commas.")] = None,
    energy: Annotated[list[str] | None, typer.Option(help="low, medium or high; twice for two people.")] = None,
    comfort: Annotated[
        list[int] | None, typer.Option(help="Comfort with sharing, 1 to 5; twice for two people.")
    ] = None,
    heat: Annotated[int | None, typer.Option(min=0, max=10, help="How heated it is, 0 to 10.")] = None,
    wish: Annotated[str | None, typer.Option(help="close, calm, fun, repair or understand.")] = None,
    private: Annotated[bool | None, typer.Option(help="Can you talk without being overheard?")] = None,
    note: Annotated[str | None, typer.Option(help="Anything else about tonight.")] = None,
    recent: Annotated[list[str] | None, typer.Option(help="Ids of exercises done in the last days.")] = None,
    days_since_betrayal: Annotated[int | None, typer.Option(min=0, help="Days since a betrayal came to light.")] = None,
    as_json: Json = False,
    jsonl: Jsonl = None,
) -> None:
    """Find an exercise that fits tonight."""
    from coach.assemble import companion

    attune = companion()

    def fit(line: dict[str, Any]) -> dict[str, Any]:
        return batch.suggestion_json(attune.tonight(batch.tonight_of(line)))

    dials = {
        name: value
        for name, value in {
            "minutes": minutes,
            "who": who,
            "energy": energy,
            "comfort": comfort,
            "heat": heat,
            "wish": wish,
            "private": private,
            "note": note,
            "recent": recent,
            "days_since_betrayal": days_since_betrayal,
        }.items()
        if value not in (None, [])
    }
    if jsonl:
        if dials:
            raise typer.BadParameter("give either dials or --jsonl FILE")
        _batch(jsonl, fit)
        return
    try:
        suggestion = attune.tonight(batch.tonight_of(dials))
    except batch.LineWrong as error:
        raise typer.BadParameter(error.sentence) from error
    if as_json:
        print(json.dumps({"id": None, **batch.suggestion_json(suggestion)}, ensure_ascii=False))
    else:
        printing.suggestion(suggestion)


def _country(given: str | None) -> str | None:
    try:
        return country_code(given) if given is not None else settings().country
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _run(
    text: str | None,
    key: str,
    jsonl: Path | None,
    as_json: bool,
    one: Callable[[dict[str, Any]], dict[str, Any]],
    show: Callable[[], None],
) -> None:
    """One text or a batch of lines."""
    if (text is None) == (jsonl is None):
        raise typer.BadParameter("give either a text or --jsonl FILE")
    if jsonl:
        _batch(jsonl, one)
    elif not (text or "").strip():
        raise typer.BadParameter("the text is empty")
    elif as_json:
        print(json.dumps({"id": None, **one({key: text})}, ensure_ascii=False))
    else:
        show()


def _batch(jsonl: Path, one: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    if batch.run(jsonl, one):
        raise typer.Exit(1)
