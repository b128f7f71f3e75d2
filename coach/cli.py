"""The command line. One JSON object an answer with --json; --jsonl FILE runs a batch, a line in, a line out.

Exit codes: 0 done, 1 the thing asked for failed (one sentence says why), 2 wrong usage. No traceback without --debug.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from coach import batch, printing
from coach.errors import AttuneError
from coach.schema import Context
from coach.settings import country_code, settings

app = typer.Typer(
    name="coach",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Attune, a coaching companion for couples: ask, search, screen, suggest, and look after the installation.",
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Jsonl = Annotated[
    Path | None, typer.Option("--jsonl", help="A file with one JSON object a line; prints one a line, in order.")
]


def main() -> None:
    """Entry of the `coach` command."""
    debug = "--debug" in sys.argv
    # What a terminal in another encoding hands over must not break the printing of the answer.
    arguments = [word.encode("utf-8", "replace").decode() for word in sys.argv[1:] if word != "--debug"]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    logging.basicConfig(level=logging.DEBUG if debug else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
    try:
        app(args=arguments, prog_name="coach")
    except AttuneError as error:
        if debug:
            raise
        print(error.sentence, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        logging.getLogger(__name__).debug("unexpected", exc_info=error)
        print(f"{AttuneError.default} ({type(error).__name__}; --debug shows more)", file=sys.stderr)
        sys.exit(1)


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

    attune = companion(search=_search())
    context = Context(country=_country(country))

    def answer(line: dict[str, Any]) -> dict[str, Any]:
        there = batch.country_of(line) or context.country
        return batch.reply_json(attune.answer(batch.text_of(line, "text"), Context(country=there)))

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
    retriever = _search()()
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


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or folders: .md .txt .html .pdf .docx")] = None,
    rebuild: Annotated[bool, typer.Option(help="Make the passage index anew.")] = False,
    remove: Annotated[str | None, typer.Option(help="Take a document out again, by its guide id.")] = None,
    as_json: Json = False,
) -> None:
    """Add documents to what the companion knows; each file is reported, and one failure stops nothing else."""
    from coach.assemble import Search, library
    from coach.retrieval.library import add_documents, remove_document

    chosen = settings()
    if not paths and not rebuild and not remove:
        raise typer.BadParameter("name a file or a folder, or use --rebuild")
    if remove and not remove_document(remove, chosen.documents_dir):
        raise AttuneError(f"There is no added document called {remove}.")
    own = frozenset(document.id for document in library(chosen).documents if document.kind != "document")
    statuses = []
    for outcome in add_documents(paths or [], chosen.documents_dir, own, chosen.max_document_mb * 1_000_000):
        print(outcome.model_dump_json() if as_json else printing.outcome(outcome), flush=True)
        statuses.append(outcome.status)
    if remove or rebuild or {"added", "changed"} & set(statuses):
        with _progress("Making the index") as progress:
            Search(chosen).open(progress, rebuild=rebuild)
    if rebuild and not as_json:
        print("The passage index is new.")
    if paths and {"refused"} >= set(statuses):
        raise typer.Exit(1)


@app.command(name="eval")
def evaluate(
    suites: Annotated[
        list[str] | None, typer.Argument(help="retrieval, answerable, suggestion, screening; all if none.")
    ] = None,
    split: Annotated[str, typer.Option(help="dev, test or second.")] = "test",
    html: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    document: Annotated[Path | None, typer.Option(help="Measure retrieval on this document, too.")] = None,
    as_json: Json = False,
) -> None:
    """Measure the companion on the cases that come with it."""
    from evals.run import run_suites

    run_suites(suites or [], split, html, document, as_json=as_json)


@app.command()
def bench(as_json: Json = False, turns: Annotated[int, typer.Option(min=5, max=2000)] = 60) -> None:
    """Time each stage of a turn, and a whole turn against one bare embedding of the same text."""
    from evals.bench import run_bench

    run_bench(turns, as_json=as_json)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
    address: Annotated[str, typer.Option(help="Only this machine by default.")] = "127.0.0.1",
    headless: Annotated[bool, typer.Option(help="Do not open a browser.")] = False,
) -> None:
    """Open the app in a browser. The first start reads the guides in, which takes some seconds."""
    from coach.serve import run_app

    with _progress("Reading the guides") as progress:
        _search().open(progress)
    run_app(port, address, headless=headless)


@app.command()
def setup() -> None:
    """Install the search model if it is missing, and build the passage index."""
    from coach.serve import install_weights

    install_weights()
    with _progress("Reading the guides") as progress:
        _search().open(progress)
    print("Ready.")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check the installation; every failing line names the command that mends it."""
    from coach.doctor import examine

    checks = examine(settings())
    for check in checks:
        if as_json:
            print(check.model_dump_json())
        else:
            print(
                f"{'ok  ' if check.ok else 'FAIL'} {check.name:12} {check.says}"
                + ("" if check.ok else f" -> {check.mend}")
            )
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@app.command()
def user(
    reset: Annotated[bool, typer.Option(help="Set the coach's password anew.")] = False,
) -> None:
    """Set or reset the password that opens the Review page."""
    from coach.assemble import store
    from coach.people.coach_password import is_set, set_password

    kept = store()
    if is_set(kept) and not reset:
        raise AttuneError("A coach's password is set already. Use --reset to set another.")
    password = typer.prompt("Password for the Review page", hide_input=True, confirmation_prompt=True)
    set_password(kept, password, replace=reset)
    print("The password is set.")


@app.command()
def export(to: Annotated[Path, typer.Argument(help="File to write.")] = Path("attune-export.json")) -> None:
    """Write everything said and suggested on this computer to one JSON file."""
    from coach.assemble import store
    from coach.store.rights import export_person

    data = export_person(store(), LOCAL)
    to.write_text(json.dumps(data, ensure_ascii=False, indent=2), encoding="utf-8")
    print(f"Written to {to}.")


@app.command()
def erase(yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False) -> None:
    """Erase every conversation and suggestion on this computer."""
    from coach.assemble import store
    from coach.store.rights import erase_person

    if not yes and not typer.confirm("Erase every conversation and suggestion? This cannot be undone."):
        raise typer.Exit(1)
    erase_person(store(), LOCAL)
    print("Erased.")


@app.command()
def backup(to: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Copy the database to a file while the app may go on running (SQLite)."""
    from coach.store.rights import backup_sqlite

    backup_sqlite(settings().store_url, to)
    print(f"Written to {to}.")


LOCAL = "me"
"""The one person of an installation that has no accounts."""


def _search() -> Any:
    from coach.assemble import Search

    held = Search(settings())
    with _progress("Reading the guides") as progress:
        held.open(progress)
    return held


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


class _progress:  # noqa: N801 - reads as a statement
    """A progress bar on standard error, only when there is something to wait for."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> Callable[[int, int], None]:
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(console=Console(stderr=True), transient=True)
        self._task: Any = None
        return self._step

    def _step(self, done: int, total: int) -> None:
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=total)
        self._bar.update(self._task, completed=done)

    def __exit__(self, *_: object) -> Literal[False]:
        if self._task is not None:
            self._bar.stop()
        return False
