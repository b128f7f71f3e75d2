"""A check-up of the installation: a line each, and for every failing one the command that mends it."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from coach.errors import AttuneError
from coach.schema import Frozen
from coach.settings import Settings

OLDEST_PYTHON = (3, 11)
OLD_HELPLINES_DAYS = 180


class Check(Frozen):
    """One line of the check-up."""

    name: str
    ok: bool
    says: str
    mend: str = ""


def examine(chosen: Settings) -> list[Check]:
    """All checks, in an order in which the first failing one is the one to mend first."""
    checks: list[tuple[str, str, Callable[[Settings], str]]] = [
        ("python", "install Python 3.11 or newer, then run: make run", _python),
        ("sqlite", "install Python with SQLite 3.35 or newer", _sqlite),
        ("data folder", "set COACH_DATA_DIR to a folder that can be written", _data_folder),
        ("guides", "install the app again: pip install .", _guides),
        ("exercises", "install the app again: pip install .", _exercises),
        ("guard", "install the app again: pip install .", _guard),
        ("helplines", "read the sources again and bring knowledge/helplines.yaml up to date", _helplines),
        ("weights", "coach setup", _weights),
        ("index", "coach ingest --rebuild", _index),
        ("database", "check COACH_DATABASE_URL, or set COACH_DATA_DIR to a folder that can be written", _database),
        ("model", "check COACH_OPENAI_BASE_URL, COACH_OPENAI_API_KEY and COACH_CHAT_MODEL, or unset them", _model),
        ("model guard", "use a larger model, or set COACH_MODEL_GUARD=false", _model_guard),
    ]
    done = []
    for name, mend, check in checks:
        try:
            done.append(Check(name=name, ok=True, says=check(chosen)))
        except AttuneError as error:
            done.append(Check(name=name, ok=False, says=error.sentence, mend=mend))
        except Exception as error:  # a check-up that breaks tells nothing; the name of the fault does
            done.append(Check(name=name, ok=False, says=f"failed with {type(error).__name__}", mend=mend))
    return done


def _python(chosen: Settings) -> str:
    if sys.version_info[:2] < OLDEST_PYTHON:
        raise AttuneError("Python is too old.")
    return sys.version.split()[0]


def _sqlite(chosen: Settings) -> str:
    if sqlite3.sqlite_version_info < (3, 35):
        raise AttuneError(f"SQLite {sqlite3.sqlite_version} is too old.")
    return sqlite3.sqlite_version


def _data_folder(chosen: Settings) -> str:
    probe = chosen.data_dir / ".doctor"
    try:
        chosen.data_dir.mkdir(parents=True, exist_ok=True)
        probe.write_text("ok", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise AttuneError(f"{chosen.data_dir} cannot be written.") from error
    return f"{chosen.data_dir} can be written"


def _guides(chosen: Settings) -> str:
    from coach.assemble import library

    books = library(chosen)
    added = sum(document.kind == "document" for document in books.documents)
    return f"{len(books.documents) - added} guides, {added} added documents, {len(books.passages)} passages"


def _exercises(chosen: Settings) -> str:
    from coach.exercises import Catalogue

    return f"{len(Catalogue.load(chosen.knowledge_dir / 'exercises'))} exercises"


def _guard(chosen: Settings) -> str:
    from coach.safety import Screen
    from coach.safety.referral import foreign, wordings

    wordings()
    foreign()
    screen = Screen.load(chosen.knowledge_dir / "safety")
    if not screen.whole:
        raise AttuneError("The classifier of the safety screen cannot be read.")
    if screen.screen(["How was your day?"]).refers:
        raise AttuneError("The safety screen is loaded but refers an ordinary message.")
    if not screen.screen(["I want to kill myself"]).refers:
        raise AttuneError("The safety rules are loaded but do not recognise danger.")
    return "rules and classifier loaded; English, and explicit danger in nine other languages"


def _helplines(chosen: Settings) -> str:
    from coach.safety.helplines import older_than

    old = older_than(OLD_HELPLINES_DAYS)
    if old:
        names = ", ".join(resource.id for resource in old[:5])
        raise AttuneError(f"{len(old)} helplines were last checked over {OLD_HELPLINES_DAYS} days ago: {names}.")
    return "all checked within half a year"


def _weights(chosen: Settings) -> str:
    from coach.encoder.weights import SHA256, find_weights

    if chosen.embed_model:
        return f"not needed: embeddings come from {chosen.embed_model}"
    weights = find_weights()
    if weights.sha256() != SHA256:
        raise AttuneError("The search model's file is not the published one.")
    return f"all-MiniLM-L6-v2 ({weights.source}), sha256 {weights.sha256()[:12]}"


def _index(chosen: Settings) -> str:
    from coach.assemble import embedder, library
    from coach.retrieval.index import connect, open_index

    index = open_index(connect(chosen.data_dir, chosen.chroma_url), library(chosen), embedder(chosen))
    if index is None:
        raise AttuneError("The passage index has not been built for these guides yet.")
    age = (datetime.now(UTC) - index.built_at).days
    return f"{len(index.passages)} passages, {len(index.vectors)} vectors by {index.embedder_name}, {age} days old"


def _database(chosen: Settings) -> str:
    from coach.assemble import store

    kept = store(chosen)
    name = kept.engine.dialect.name
    kept.close()
    return f"{name}, tables up to date"


def _model(chosen: Settings) -> str:
    from coach.assemble import endpoint
    from coach.replies.endpoint import ModelFailed

    if not (model := endpoint(chosen)):
        return "none set: answers come from the guides"
    try:
        for _ in model.stream([("human", "Say hello.")]):
            pass
    except ModelFailed as error:
        raise AttuneError(f"The model does not answer: {error.reason}.") from error
    return f"{model.model} answers"


def _model_guard(chosen: Settings) -> str:
    from coach.assemble import endpoint
    from coach.replies.endpoint import ModelFailed
    from coach.replies.third_guard import aptitude

    if not (model := endpoint(chosen)) or not chosen.model_guard:
        return "not asked: rules and classifier guard alone"
    try:
        tried = aptitude(model)
    except ModelFailed as error:
        raise AttuneError(f"The model gives no verdicts: {error.reason}.") from error
    told = (
        f"{model.model} would refer {tried.alarmed} of {tried.harmless} harmless messages and miss {tried.missed} of "
        f"{tried.dangerous} dangerous ones"
    )
    if not tried.fit:
        raise AttuneError(f"{told}.")
    return told
