"""Run the suites and print or write their figures."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from coach.errors import AttuneError
from coach.settings import settings
from evals.cases_io import Split
from evals.report import as_html, as_text
from evals.suites import SUITES, Bench


def run_suites(names: list[str], split: str, html: Path | None, document: Path | None, *, as_json: bool) -> None:
    """Measure the named suites (all if none) on one split.

    Raises:
        AttuneError: for a suite or split that does not exist.
    """
    unknown = [name for name in names if name not in SUITES]
    if unknown or split not in get_args(Split):
        raise AttuneError(
            f"There is no suite or split called {(unknown or [split])[0]}; there are {', '.join(SUITES)}."
        )
    bench = Bench(settings(), document)
    results = [SUITES[name](bench, split) for name in names or list(SUITES)]
    for result in results:
        print(result.model_dump_json() if as_json else as_text(result))
    if html:
        html.write_text(as_html(results), encoding="utf-8")
