"""A loopback server that speaks the OpenAI protocol and fails in every way a real one does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = (
    "It sounds lonely to sit next to each other and only talk about bills. "
    "\n\nTo get beyond logistics, ask one question a day whose answer you do not already know [1]. "
    "\n\nWhat would you like to hear from each other tonight?"
)


class ModelServer:
    """Behaves as `mode` says; `judged` is what it answers when asked for a verdict."""

    def __init__(self) -> None:
        self.mode = "good"
        self.answer = GOOD
        self.judged: dict[str, Any] | str = {"action": "coach", "category": "none"}
        self.flagged: list[str] | None = None
        """What its moderation finds; None where it has no moderation, as most servers."""
        self.requests: list[dict[str, Any]] = []
        self.address = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        state: ModelServer = self.server.state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state.requests.append(body | {"path": self.path})
        if self.path.endswith("/moderations"):
            self._moderate(state)
        elif "response_format" in body and state.mode not in ("401", "429", "500", "404"):
            text = state.judged if isinstance(state.judged, str) else json.dumps(state.judged)
            self._json(200, _whole(text))
        elif state.mode.isdigit():
            code = int(state.mode)
            error = {"message": "no", "type": "x", "code": "model_not_found" if code == 404 else None}
            self._json(code, {"error": error}, {"Retry-After": "1"} if code == 429 else {})
        else:
            self._stream(state)

    def _moderate(self, state: ModelServer) -> None:
        if state.flagged is None:
            self._json(404, {"error": {"message": "no such place", "type": "x", "code": None}})
            return
        names = ("self-harm", "self-harm/intent", "self-harm/instructions", "sexual/minors", "violence")
        found = {name: name in state.flagged for name in names}
        scores = dict.fromkeys(names, 0.5)
        self._json(
            200,
            {
                "id": "m",
                "model": "x",
                "results": [{"categories": found, "category_scores": scores, "flagged": any(found.values())}],
            },
        )

    def _json(self, code: int, answer: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, state: ModelServer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):
            self._pieces(state)

    def _pieces(self, state: ModelServer) -> None:
        words = state.answer.split(" ")
        mode = state.mode
        if mode == "no first word":
            time.sleep(20)
        if mode == "malformed":
            self._line("{not json at all")
            return
        if mode == "empty":
            words = []
        if mode == "endless":
            words = ["and", "on"] * 20_000
        for number, word in enumerate(words):
            if number == 25 and mode == "stalled":
                time.sleep(20)
            if number == 25 and mode == "cut off":
                self.connection.close()
                return
            self._line(json.dumps(_chunk(word + " ")))
            if number == 25 and mode == "filter":
                self._line(json.dumps(_chunk("", "content_filter")))
                break
        else:
            self._line(json.dumps(_chunk("", "stop")))
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        self._line(json.dumps(_chunk("", None) | {"choices": [], "usage": usage}))
        self._line("[DONE]")

    def _line(self, text: str) -> None:
        self.wfile.write(f"data: {text}\n\n".encode())
        self.wfile.flush()


def _chunk(text: str, reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": reason}
    return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def _whole(text: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """Run one on a free port."""
    state = ModelServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.state = state  # type: ignore[attr-defined]
    state.address = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()
