"""Kill a process that holds turns, again and again, and look at what is left of them in the database.

`python -m evals.faults.kill --kills 200 --url sqlite:///faults.sqlite3` prints a table by what was being done at
the moment of the kill. A kill is meant for each of these in turn, at a random fraction of the time that it usually
takes. The database must be one without people in it; what the measurement wrote is erased from it in the end. It ends
with code 1 when anything was lost, left half or there twice.

A kill of the process is not a power cut: what the operating system has taken, it still writes.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, get_args

import typer

from coach.assemble import library
from coach.errors import AttuneError
from coach.schema import Frozen
from coach.settings import Settings, settings
from coach.store import Store, open_store
from coach.store.conversations import ensure_person
from coach.store.rights import erase_person
from coach.store.tables import new_id
from coach.store.vault import new_key
from coach.store.whole import empty, look
from evals.cases_io import load
from evals.faults.child import Child, Report
from evals.faults.holder import READY, Phase, Work, hold

PHASES: tuple[Phase, ...] = get_args(Phase)
SLOW = ("chromadb", "onnxruntime", "tokenizers", "alembic.command", "coach.retrieval.index", "coach.encoder")
"""Read in once by the parent; none of them starts a thread before it is used."""
START_SECONDS, TURN_SECONDS = 300.0, 30.0
"""What a child may take before it is given up: the first one may have to build the index."""
TO_LEARN = 8
"""Turns after which it is known how long each part of a turn takes."""
CARDS = ("What can we do tonight to feel a bit closer?", "Something short for tonight, we are both tired")
"""A card is kept with the reply to these."""


class Row(Frozen):
    """What came of the kills in one phase."""

    phase: str
    kills: int = 0
    stored: int = 0
    """Messages and replies that the store had said to have taken, since the kill before."""
    lost: int = 0
    half: int = 0
    twice: int = 0
    open: int = 0
    """Messages that waited for a reply after the kill."""
    recovered: int = 0
    """How many of these have exactly one reply in the end."""

    def plus(self, **more: int) -> Row:
        """With more of some of it."""
        return self.model_copy(update={name: getattr(self, name) + number for name, number in more.items()})

    @property
    def well(self) -> bool:
        """Nothing wrong here."""
        return not (self.lost or self.half or self.twice) and self.open == self.recovered


class Outcome(Frozen):
    """The whole measurement."""

    rows: tuple[Row, ...]
    damage: tuple[str, ...]
    """What the database said of its own file."""
    seconds: float

    @property
    def well(self) -> bool:
        """Nothing was lost, half or twice, everything was answered in the end, and the file is sound."""
        return all(row.well for row in self.rows) and not self.damage


class Measurement:
    """One database, one person, one child after the other."""

    def __init__(self, url: str, chosen: Settings, seed: int, folder: Path) -> None:
        for name in SLOW:
            import_module(name)
        self._draw = random.Random(seed)  # noqa: S311 - moments and texts
        asked = [case["ask"] for case in load("retrieval") if case["split"] == "dev"]
        told = [case["text"] for case in load("screening") if case["split"] == "dev" and case.get("text")]
        self._work = Work(
            url=url,
            keys=(new_key(),),
            owner=new_id(),
            chosen=chosen,
            books=library(chosen),
            texts=tuple(CARDS * 10 + (*asked[:60], *told[:20])),
            log=folder / "stored",
        )
        self._work.log.touch()
        self._took: dict[str, list[float]] = defaultdict(list)
        self._rows: dict[str, Row] = {phase: Row(phase=phase) for phase in PHASES}
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._logged = 0
        self._wrong: frozenset[str] = frozenset()
        self._damage: list[str] = []
        with _opened(self._work) as store:
            if not empty(store):
                raise AttuneError("There are people in this database. Please name an empty one.")
            ensure_person(store, self._work.owner)

    def run(self, kills: int) -> Outcome:
        """Kill that often, have everything answered that waits, and look once more."""
        began = time.monotonic()
        for number in range(kills):
            self._look_after(self._killed(PHASES[number % len(PHASES)]))
        code, _ = Child(partial(hold, self._work, seed=0, only_answer=True)).ended(START_SECONDS)
        if code:
            raise AttuneError("The last child could not answer what was waiting.")
        with _opened(self._work) as store:
            kept = look(store, self._work.owner)
            erase_person(store, self._work.owner)
        for phase, waiting in self._waiting.items():
            answered = kept.ids - kept.open.keys() - kept.half - kept.twice
            self._rows[phase] = self._rows[phase].plus(recovered=sum(one in answered for one in waiting))
        return Outcome(rows=tuple(self._rows.values()), damage=tuple(self._damage), seconds=time.monotonic() - began)

    def _killed(self, aim: Phase) -> str:
        """Hold some turns in a child and kill it while it is, most likely, at `aim`; what it was at."""
        child = Child(partial(hold, self._work, seed=self._draw.getrandbits(32)))
        report = self._next(child, START_SECONDS)
        while report.phase != READY:
            report = self._next(child, START_SECONDS)
        patience = self._draw.randrange(3) if len(self._took[aim]) >= TO_LEARN else TO_LEARN
        while True:
            after = self._next(child, TURN_SECONDS)
            self._learn(report, after)
            report = after
            patience -= report.phase == aim
            if report.phase == aim and patience < 0:
                break
        time.sleep(self._draw.random() * statistics.median(self._took[aim]))
        for after in child.kill():
            self._learn(report, after)
            report = after
        return report.phase

    def _next(self, child: Child, within: float) -> Report:
        report = child.report(within)
        if report is None:
            raise AttuneError("The child ended by itself.")
        return report

    def _learn(self, before: Report, after: Report) -> None:
        if before.phase != READY:
            self._took[before.phase].append(after.at - before.at)

    def _look_after(self, phase: str) -> None:
        """Compare what is kept with what the killed child had written down."""
        with _opened(self._work) as store:
            kept = look(store, self._work.owner)
        logged = self._work.log.read_text(encoding="ascii").split()
        fresh, self._logged = logged[self._logged :], len(logged)
        self._waiting[phase] += kept.open
        self._rows[phase] = self._rows[phase].plus(
            kills=1,
            stored=len(fresh),
            lost=len(set(logged) - kept.ids - self._wrong),
            half=len(kept.half - self._wrong),
            twice=len(kept.twice - self._wrong),
            open=len(kept.open),
        )
        # What has been counted once is not counted again after the next kill.
        self._wrong |= (frozenset(logged) - kept.ids) | kept.half | kept.twice
        if kept.damage:
            self._damage.append(kept.damage)


def as_text(outcome: Outcome) -> str:
    """The table."""
    names = [name for name in Row.model_fields if name != "phase"]
    total = Row(phase="all")
    for row in outcome.rows:
        total = total.plus(**{name: getattr(row, name) for name in names})
    lines = [f"{'killed while':22}" + "".join(f"{name:>11}" for name in names)]
    for row in (*outcome.rows, total):
        lines.append(f"{row.phase:22}" + "".join(f"{getattr(row, name):11}" for name in names))
    lines += [f"damaged: {line}" for line in outcome.damage]
    return "\n".join([*lines, f"{outcome.seconds:.0f} seconds"])


@contextmanager
def _opened(work: Work) -> Iterator[Store]:
    """The store, in this process; closed again, so that no child inherits a connection."""
    store = open_store(work.url, work.keys)
    try:
        yield store
    finally:
        store.close()


def main(
    url: Annotated[str, typer.Option(help="an empty database: sqlite:///FILE or postgresql://...")],
    kills: Annotated[int, typer.Option(min=1)] = 200,
    seed: Annotated[int, typer.Option(help="of the moments and the texts")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Measure, and print the table."""
    with TemporaryDirectory() as folder:
        outcome = Measurement(url, settings(), seed, Path(folder)).run(kills)
    print(outcome.model_dump_json() if as_json else as_text(outcome))
    raise typer.Exit(0 if outcome.well else 1)


if __name__ == "__main__":
    typer.run(main)
