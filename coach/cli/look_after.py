"""Looking after an installation: what it knows, how good and how fast it is, and whether it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coach import printing
from coach.cli.app import Progress, app, search_of
from coach.cli.ask import Json
from coach.errors import AttuneError
from coach.settings import settings


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
        with Progress("Making the index") as progress:
            Search(chosen).open(progress, rebuild=rebuild)
    if rebuild and not as_json:
        print("The passage index is new.")
    if paths and {"refused"} >= set(statuses):
        raise typer.Exit(1)


@app.command(name="eval")
def evaluate(
    suites: Annotated[
        list[str] | None, typer.Argument(help="retrieval, answerable, suggestion, screening, gate; all if none.")
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

    with Progress("Reading the guides") as progress:
        search_of().open(progress)
    run_app(port, address, headless=headless)


@app.command()
def setup() -> None:
    """Install the search model if it is missing, and build the passage index."""
    from coach.serve import install_weights

    install_weights()
    with Progress("Reading the guides") as progress:
        search_of().open(progress)
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
def usage(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days back.")] = 30, as_json: Json = False
) -> None:
    """What the language model took, by day: replies, tokens, seconds, and sentences that were held back."""
    from coach.assemble import store
    from coach.store.usage import usage as used

    found = used(store(), days)
    if not found and not as_json:
        print("No replies yet.")
    for one in found:
        print(
            one.model_dump_json()
            if as_json
            else f"{one.day}  {one.written_by:24} {one.replies:5} replies  {one.tokens_in:8} tokens in "
            f"{one.tokens_out:8} out  {one.seconds:8.1f} s  {one.dropped:4} sentences held back  {one.failed:3} failed"
        )
