"""The command line as others' scripts meet it: shapes, exit codes, one sentence for bad input."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from chromadb.api.shared_system_client import SharedSystemClient

from coach import cli
from coach.settings import Settings, settings


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.split("\n")[:-1]]


Run = Callable[..., Ran]


@pytest.fixture
def run(
    held_search: None, chosen: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs the command in this process, over the index that all tests share."""
    monkeypatch.setenv("COACH_DATA_DIR", str(chosen.data_dir))

    def _run(*arguments: str) -> Ran:
        settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["coach", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return _run


@pytest.fixture
def data(run: Run, chosen: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of one test alone, with the index in place, for what is changed."""
    folder = tmp_path / "data"
    for name in ("index", "models"):
        if (chosen.data_dir / name).is_dir():
            shutil.copytree(chosen.data_dir / name, folder / name)
    monkeypatch.setenv("COACH_DATA_DIR", str(folder))
    return folder


def batch(folder: Path, *lines: object) -> str:
    path = folder / "batch.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return str(path)


def test_ask_gives_one_object_with_its_sources(run: Run) -> None:
    made = run("ask", "we keep having the same fight about chores", "--json")
    assert made.code == 0
    assert set(made.json) >= {"action", "text", "citations", "suggestion", "referral", "written_by"}
    assert made.json["action"] == "coach"
    assert made.json["written_by"] == "guides"
    for citation in made.json["citations"]:
        assert set(citation) == {"n", "passage", "guide", "section", "lines", "quote"}
        first, last = citation["lines"]
        assert 1 <= first <= last


def test_ask_in_danger_gives_help_of_the_country_and_nothing_else(run: Run) -> None:
    made = run("ask", "he hit me last night and I am scared to go home", "--country", "uk", "--json").json
    assert made["citations"] == []
    assert made["suggestion"] is None
    assert any("0808" in (resource["call"] or "") for resource in made["referral"]["resources"])


def test_ask_as_text_shows_numbers_that_lead_to_sources(run: Run) -> None:
    out = run("ask", "how do i apologise so she believes it").out
    assert "[1]" in out
    assert "lines " in out


def test_search_gives_passages_with_lines_and_says_what_is_not_covered(run: Run) -> None:
    found = run("search", "how do we take a break in an argument", "--k", "3", "--json").json
    assert found["answerable"]
    assert len(found["passages"]) == 3
    assert set(found["passages"][0]) == {"id", "guide", "section", "title", "lines", "text", "score"}
    assert not run("search", "how do I reset my router", "--json").json["answerable"]


def test_search_within_a_guide_stays_there_and_an_unknown_guide_is_named(run: Run) -> None:
    found = run("search", "saying sorry", "--guide", "fair-fighting", "--json").json
    assert {passage["guide"] for passage in found["passages"]} == {"fair-fighting"}
    wrong = run("search", "saying sorry", "--guide", "nowhere", "--json")
    assert wrong.code == 1
    assert wrong.err.startswith("There is no guide called nowhere. There are: attachment")


def test_every_line_of_a_batch_gets_its_line_in_order(run: Run, tmp_path: Path) -> None:
    path = batch(
        tmp_path,
        {"id": "a", "query": "how do we take a break"},
        "not json",
        "",
        {"id": "b"},
        "[1, 2]",
        {"id": 7, "query": "before\u2028after: how do we say sorry"},
    )
    made = run("search", "--jsonl", path)
    assert made.code == 1
    assert [line["id"] for line in made.lines] == ["a", None, None, "b", None, 7]
    assert [("error" in line) for line in made.lines] == [False, True, True, True, True, False]
    assert made.lines[1]["error"] == "Line 2 is not JSON in UTF-8."


def test_half_a_character_in_a_batch_stops_nothing(run: Run, tmp_path: Path) -> None:
    path = batch(tmp_path, '{"id": 1, "text": "\\ud83d how do we talk more"}', '{"id": 2, "text": "a\\u0000b"}')
    made = run("ask", "--jsonl", path)
    assert made.code == 0
    assert [line["id"] for line in made.lines] == [1, 2]


def test_screen_reads_all_turns_of_a_person(run: Run, tmp_path: Path) -> None:
    path = batch(
        tmp_path,
        {"id": "x", "text": "we argue about dishes"},
        {"id": "y", "turns": ["I want to kill myself", "what should we cook"]},
        {"id": "z", "turns": "no list"},
    )
    first, second, third = run("screen", "--jsonl", path).lines
    assert set(first) == {"id", "action", "category", "role", "urgency", "confidence", "signals"}
    assert first["action"] == "coach"
    assert second["action"] in ("crisis", "emergency")
    assert third["error"] == "turns must be a list of texts, oldest first."


def test_ask_answers_the_last_turn_and_knows_the_ones_before(run: Run, tmp_path: Path) -> None:
    path = batch(
        tmp_path,
        {"id": "x", "turns": ["he hit me last night and I am scared of him", "what could we do tonight"]},
        {"id": "y", "turns": ["my sister annoys me", "how do we take a break in an argument"]},
        {"id": "z", "turns": ["my sister annoys me", " "]},
    )
    first, second, third = run("ask", "--jsonl", path).lines
    assert first["referral"]["category"] == "partner_abuse"
    assert second["citations"]
    assert third["error"] == "The line has no text."


def test_suggest_takes_the_dials_as_options_or_as_a_batch(run: Run, tmp_path: Path) -> None:
    dials = ["--minutes", "10", "--energy", "low", "--energy", "medium", "--comfort", "3", "--comfort", "2"]
    alone = run("suggest", *dials, "--who", "together,solo", "--wish", "calm", "--json").json
    path = batch(
        tmp_path,
        {
            "id": "n1",
            "minutes": 10,
            "who": "together,solo",
            "energy": ["low", "medium"],
            "comfort": [3, 2],
            "wish": "calm",
            "private": True,
            "note": "",
            "recent": [],
            "days_since_betrayal": None,
        },
    )
    (line,) = run("suggest", "--jsonl", path).lines
    assert line == {**alone, "id": "n1"}
    assert line["action"] == "suggest"
    for option in line["options"]:
        assert set(option) >= {"fit", "exercise", "title", "minutes", "comfort", "energy", "steps", "why", "not_when"}
        assert option["minutes"] == sum(step["minutes"] for step in option["steps"]) <= 10
        assert option["comfort"] <= 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"minutes": "ten"}, "minutes: "),
        ({"minuts": 5}, "minuts: "),
        ({"heat": 11}, "heat: "),
        ({"who": "everybody"}, "who: "),
        ({"comfort": []}, "comfort: "),
    ],
)
def test_a_dial_that_cannot_be_is_named(run: Run, tmp_path: Path, line: dict[str, object], says: str) -> None:
    (answer,) = run("suggest", "--jsonl", batch(tmp_path, {"id": 1, **line})).lines
    assert answer["error"].startswith(says)


def test_several_wishes_may_be_given(run: Run, tmp_path: Path) -> None:
    (line,) = run("suggest", "--jsonl", batch(tmp_path, {"wish": "close,calm,fun,repair,understand"})).lines
    assert line["action"] == "suggest"


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", "  "],
        ["ask", "hello", "--jsonl", "x.jsonl"],
        ["ask", "hello", "--country", "Britain"],
        ["suggest", "--energy", "tired"],
        ["suggest", "--minutes", "5", "--jsonl", "x.jsonl"],
        ["ingest"],
        ["nonsense"],
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: list[str]) -> None:
    made = run(*arguments)
    assert made.code == 2
    assert "Traceback" not in made.err


def test_a_file_that_is_not_there_is_one_sentence_and_exit_code_1(run: Run) -> None:
    made = run("screen", "--jsonl", "nowhere.jsonl")
    assert made.code == 1
    assert made.err == "nowhere.jsonl cannot be read: No such file or directory.\n"


@pytest.mark.parametrize(
    "command",
    "ask search screen suggest ingest eval bench serve setup doctor user export erase backup".split(),
)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    made = run(command, "--help")
    assert made.code == 0
    assert f"coach {command}" in made.out


@pytest.mark.usefixtures("data")
def test_a_document_is_added_skipped_and_taken_out(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "Harbour Evenings.md"
    text = "# Harbour evenings\n\n## The lantern talk\n\n" + (
        "Light a lantern on the balcony and let each of you speak about the tide of the day while the other one "
        "listens. The lantern talk ends when the candle inside has burnt down to the mark. "
    )
    path.write_text(text, encoding="utf-8")
    added = run("ingest", str(path), "--json")
    assert (added.code, added.json["status"], added.json["guide"]) == (0, "added", "harbour-evenings")
    assert run("ingest", str(path), "--json").json["status"] == "skipped"
    (best, *_) = run("search", "what is the lantern talk", "--json").json["passages"]
    assert best["guide"] == "harbour-evenings"
    assert best["lines"][0] >= 3
    assert run("ingest", "--remove", "harbour-evenings").code == 0
    guides = {p["guide"] for p in run("search", "what is the lantern talk", "--k", "20", "--json").json["passages"]}
    assert "harbour-evenings" not in guides
    gone = run("ingest", "--remove", "harbour-evenings")
    assert (gone.code, gone.err) == (1, "There is no added document called harbour-evenings.\n")


def test_a_refused_document_leaves_the_index_as_it_was(run: Run, data: Path, tmp_path: Path) -> None:
    before = sorted((path.name, path.stat().st_size) for path in (data / "index").rglob("*"))
    (tmp_path / "empty.txt").touch()
    made = run("ingest", str(tmp_path / "empty.txt"))
    assert made.code == 1
    assert "empty.txt is empty." in made.out
    assert sorted((path.name, path.stat().st_size) for path in (data / "index").rglob("*")) == before
    assert not (data / "documents").exists()


@pytest.mark.usefixtures("data")
def test_of_two_files_with_one_name_the_second_is_refused(run: Run, tmp_path: Path) -> None:
    for name in ("a", "b", ".hidden"):
        (tmp_path / "texts" / name).mkdir(parents=True)
        (tmp_path / "texts" / name / "notes.txt").write_text(f"{name} " + "walk and talk together " * 10)
    made = run("ingest", str(tmp_path / "texts"), "--json")
    assert [line["status"] for line in made.lines] == ["added", "refused"]
    assert made.lines[1]["reason"] == "notes.txt has the same name as notes.txt; rename it first."


def test_doctor_passes_and_says_what_mends_what_fails(run: Run, data: Path) -> None:
    fine = run("doctor", "--json")
    assert fine.code == 0, fine.out
    assert {line["name"] for line in fine.lines} >= {
        "python",
        "sqlite",
        "weights",
        "index",
        "model",
        "guard",
        "data folder",
    }
    shutil.rmtree(data / "index")
    SharedSystemClient.clear_system_cache()  # as in a new process
    broken = run("doctor")
    assert broken.code == 1
    assert "FAIL index" in broken.out
    assert broken.out.count("FAIL") == 1
    assert "-> coach ingest --rebuild" in broken.out


def test_doctor_names_a_model_that_does_not_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACH_CHAT_MODEL", "some-model")
    monkeypatch.setenv("COACH_OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    made = run("doctor", "--json")
    model = next(line for line in made.lines if line["name"] == "model")
    assert made.code == 1
    assert not model["ok"]
    assert "COACH_OPENAI_BASE_URL" in model["mend"]


def test_a_setting_that_cannot_be_used_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACH_COUNTRY", "Narnia")
    made = run("ask", "hello")
    assert made.code == 1
    assert made.err.startswith("The setting COACH_COUNTRY cannot be used: a country is its two-letter code")


@pytest.mark.usefixtures("data")
def test_export_backup_and_erase(run: Run, tmp_path: Path) -> None:
    from coach.assemble import store
    from coach.store.conversations import LOCAL, ensure_person, keep_message, new_thread, threads

    settings.cache_clear()
    kept = store(settings())
    me = ensure_person(kept, LOCAL)
    keep_message(kept, me, new_thread(kept, me), "a sentence only this test wrote")
    assert run("export", str(tmp_path / "all.json")).code == 0
    assert "a sentence only this test wrote" in (tmp_path / "all.json").read_text(encoding="utf-8")
    assert run("backup", str(tmp_path / "copy.sqlite3")).code == 0
    assert b"a sentence only this test wrote" not in (tmp_path / "copy.sqlite3").read_bytes()
    assert run("export", str(tmp_path / "all.html")).code == 0
    assert "<p>a sentence only this test wrote</p>" in (tmp_path / "all.html").read_text(encoding="utf-8")
    assert run("erase", "--yes").code == 0
    assert threads(kept, me) == []
    assert run("restore", str(tmp_path / "copy.sqlite3"), "--yes").code == 0
    assert run("export", str(tmp_path / "again.json")).code == 0
    assert "a sentence only this test wrote" in (tmp_path / "again.json").read_text(encoding="utf-8")
    assert run("keys", "rotate").code == 0
    assert run("export", str(tmp_path / "rotated.json")).code == 0
    assert "a sentence only this test wrote" in (tmp_path / "rotated.json").read_text(encoding="utf-8")
    kept.close()


@pytest.mark.usefixtures("data")
def test_the_owner_makes_accounts_sets_passwords_and_brings_a_coach(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from coach.assemble import store
    from coach.people.accounts import sign_in
    from coach.people.limiter import Limiter
    from coach.store.couples import couple_of

    said = iter(["anna's password", "carla's password", "anna's new password"])
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(said))
    settings.cache_clear()
    assert run("user", "add", "Anna").code == 0
    assert run("user", "add", "Carla").code == 0
    assert run("user", "password", "anna").code == 0
    kept = store(settings())
    anna = sign_in(kept, Limiter(), "Anna", "anna's new password", "here")
    assert run("user", "coach", "carla", "anna").code == 0
    couple = couple_of(kept, anna)
    assert couple
    assert [one.name for one in couple.coaches] == ["Carla"]
    again = run("user", "coach", "carla", "anna")
    assert again.code == 1
    assert "in that couple already" in again.err
    assert run("user", "coach", "nobody", "anna").err.startswith("There is no account called nobody")
    assert run("export", "x.json").err.startswith("There are accounts here; say whose with --name")
    kept.close()


def test_an_unexpected_fault_is_one_sentence_without_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a private sentence")

    monkeypatch.setattr(cli.look_after, "settings", broken)
    made = run("doctor")
    assert made.code == 1
    assert "ZeroDivisionError" in made.err
    assert "Traceback" not in made.err
    assert "a private sentence" not in made.err
