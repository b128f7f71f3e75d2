"""The `coach` command itself: its commands are in the files beside this one."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, Literal

import typer

from coach.errors import AttuneError
from coach.settings import settings

app = typer.Typer(
    name="coach",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Attune, a coaching companion for couples: ask, search, screen, suggest, and look after the installation.",
)


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


def search_of() -> Any:
    from coach.assemble import Search

    held = Search(settings())
    with Progress("Reading the guides") as progress:
        held.open(progress)
    return held


class Progress:
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
