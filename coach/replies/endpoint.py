"""A model behind an OpenAI-compatible endpoint: every wait is bounded, and every failure has a name.

LangChain's client reads in a thread of its own; whoever reads here waits a bounded time for the first piece, for each
further one, and for the whole. A breaker leaves a dead endpoint alone for a while, so that nobody waits for it again.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from coach.errors import AttuneError
from coach.replies.prompt import Message

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

log = logging.getLogger(__name__)

Reason = Literal[
    "key refused", "unknown model", "not found", "too many requests", "server error", "not reached", "no first word",
    "stalled", "cut off", "empty", "endless", "held back by its filter", "not understood", "resting", "refused",
]  # fmt: skip
Shape = TypeVar("Shape", bound=BaseModel)
Answer = TypeVar("Answer")
MODERATION = "omni-moderation-latest"


class _Absent(Exception):
    """The endpoint does not have what was asked for."""


class ModelFailed(AttuneError):
    """The model gave no usable answer; `reason` is one of a few words, for the log and for the owner."""

    default = "The language model could not answer just now, so this comes from the guides alone."

    def __init__(self, reason: Reason) -> None:
        super().__init__(detail=reason)
        self.reason: Reason = reason


class Waits(BaseModel):
    """Seconds that are waited, and how long an answer may grow."""

    first: float = 15.0
    """For the first piece."""
    between: float = 8.0
    """For each further one."""
    whole: float = 45.0
    """For all of it."""
    rest: float = 60.0
    """For which an endpoint that failed `failures` times running is left alone."""
    failures: int = 3
    tokens: int = 500
    """Longest answer."""
    letters: int = 4000


@dataclass
class Used:
    """What an answer took."""

    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0


@dataclass
class Breaker:
    """Counts failures in a row; while it rests nothing is asked."""

    waits: Waits
    _failed: int = 0
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """Raises ModelFailed while resting; after the rest one try is let through."""
        with self._lock:
            if time.monotonic() < self._until:
                raise ModelFailed("resting")

    def done(self, *, well: bool) -> None:
        """Report how a try ended."""
        with self._lock:
            self._failed = 0 if well else self._failed + 1
            if self._failed >= self.waits.failures:
                self._until = time.monotonic() + self.waits.rest


class Endpoint:
    """One model at one address."""

    def __init__(self, model: str, base_url: str | None, api_key: str | None, waits: Waits | None = None) -> None:
        self.model, self.base_url = model, base_url
        self.waits = waits or Waits()
        self._key = api_key or "none"
        self._breaker = Breaker(self.waits)
        self._moderates = True

    def stream(self, messages: Sequence[Message], used: Used | None = None) -> Generator[str]:
        """The pieces of an answer as they come. It is asked at once; closing the generator ends the request.

        Raises:
            ModelFailed: with what went wrong; what came before it has been given already.
        """
        self._breaker.check()
        pieces: queue.Queue[str | BaseException | None] = queue.Queue()
        stop = threading.Event()
        reading = (messages, pieces, stop, used)
        threading.Thread(target=self._read, args=reading, name="model-answer", daemon=True).start()
        return self._given(self._bounded(pieces, time.monotonic()), stop, used)

    def _given(self, pieces: Iterator[str], stop: threading.Event, used: Used | None) -> Generator[str]:
        well = False
        started = time.monotonic()
        try:
            length = 0
            for piece in pieces:
                length += len(piece)
                if length > self.waits.letters:
                    raise ModelFailed("endless")
                yield piece
            if not length:
                raise ModelFailed("empty")
            well = True
        except GeneratorExit:
            well = True  # a reader that has enough says nothing against the endpoint
            raise
        finally:
            stop.set()
            self._breaker.done(well=well)
            if used:
                used.seconds = time.monotonic() - started

    def structured(self, messages: Sequence[Message], shape: type[Shape], seconds: float) -> Shape:
        """One answer in the given shape.

        Raises:
            ModelFailed: when it does not come within `seconds`, or is not of that shape.
        """

        def ask() -> Shape:
            asked = self._client().with_structured_output(shape, method="json_schema").invoke(list(messages))
            return shape.model_validate(asked)

        return self._within(seconds, ask)

    def flagged(self, text: str, seconds: float) -> frozenset[str]:
        """The categories that OpenAI's moderation finds in a text; none where the endpoint has no moderation.

        Raises:
            ModelFailed: when there is one and it does not answer within `seconds`.
        """
        import openai

        if not self._moderates:
            return frozenset()

        def ask() -> frozenset[str]:
            with openai.OpenAI(base_url=self.base_url, api_key=self._key, timeout=seconds, max_retries=1) as client:
                found = client.moderations.create(model=MODERATION, input=text).results[0].categories
            return frozenset(name for name, present in found.model_dump(by_alias=True).items() if present)

        try:
            return self._within(seconds, ask, absent_is_fine=True)
        except _Absent:
            # Most compatible servers have none; asking them once is enough.
            self._moderates = False
            return frozenset()

    def _within(self, seconds: float, ask: Callable[[], Answer], *, absent_is_fine: bool = False) -> Answer:
        """What `ask` gives, when it comes in time; counted by the breaker."""
        self._breaker.check()
        answers: queue.Queue[Answer | Exception] = queue.Queue(1)

        def run() -> None:
            try:
                answers.put(ask())
            except Exception as error:
                answers.put(error)

        threading.Thread(target=run, name="model-guard", daemon=True).start()
        try:
            answer = answers.get(timeout=seconds)
        except queue.Empty:
            answer = ModelFailed("no first word")
        if not isinstance(answer, Exception):
            self._breaker.done(well=True)
            return answer
        named = _named(answer)
        if absent_is_fine and named.reason in ("not found", "unknown model", "refused"):
            raise _Absent from None
        self._breaker.done(well=False)
        raise named from None

    def _read(
        self,
        messages: Sequence[Message],
        pieces: queue.Queue[str | BaseException | None],
        stop: threading.Event,
        used: Used | None,
    ) -> None:
        """In a thread of its own: hand over every piece, then None or what went wrong."""
        ended = ""
        try:
            for chunk in self._client().stream(list(messages)):
                if stop.is_set():
                    return
                if used and chunk.usage_metadata:
                    used.tokens_in = chunk.usage_metadata["input_tokens"]
                    used.tokens_out = chunk.usage_metadata["output_tokens"]
                if chunk.text:
                    pieces.put(chunk.text)
                ended = chunk.response_metadata.get("finish_reason") or ended
                if ended == "content_filter":
                    raise ModelFailed("held back by its filter")
            # A connection that was closed early looks like an end; only the model's own word makes it one.
            pieces.put(None if ended else ModelFailed("cut off"))
        except BaseException as error:
            pieces.put(error)

    def _bounded(self, pieces: queue.Queue[str | BaseException | None], started: float) -> Iterator[str]:
        began = False
        while True:
            left = started + self.waits.whole - time.monotonic()
            wait = min(left, self.waits.between if began else self.waits.first)
            try:
                piece = pieces.get(timeout=max(wait, 0.001))
            except queue.Empty:
                raise ModelFailed("endless" if wait == left else "stalled" if began else "no first word") from None
            if piece is None:
                return
            if isinstance(piece, BaseException):
                named = _named(piece)
                raise ModelFailed("cut off") if began and named.reason == "not reached" else named
            began = True
            yield piece

    def _client(self) -> ChatOpenAI:
        from langchain_openai import ChatOpenAI

        # Chat Completions is what compatible servers speak; one quick retry, and never the client's ten minutes.
        return ChatOpenAI(
            model=self.model,
            base_url=self.base_url,
            api_key=SecretStr(self._key),
            use_responses_api=False,
            timeout=self.waits.whole,
            stream_chunk_timeout=self.waits.whole,
            max_retries=1,
            stream_usage=True,
            max_completion_tokens=self.waits.tokens,
            temperature=0.3,
        )


def _named(error: BaseException) -> ModelFailed:
    """The failure of the client in our words; nothing of what was said is in it."""
    import openai

    if isinstance(error, ModelFailed):
        return error
    names: list[tuple[type[BaseException], Reason]] = [
        (openai.AuthenticationError, "key refused"),
        (openai.PermissionDeniedError, "key refused"),
        (openai.NotFoundError, "not found"),
        (openai.RateLimitError, "too many requests"),
        (openai.InternalServerError, "server error"),
        (openai.BadRequestError, "refused"),
        (openai.APIConnectionError, "not reached"),
        (ValidationError, "not understood"),
        (ValueError, "not understood"),
        (OSError, "not reached"),
    ]
    reason: Reason = next((named for kind, named in names if isinstance(error, kind)), "not understood")
    if reason == "not found" and "model" in str(getattr(error, "code", "") or ""):
        reason = "unknown model"
    return ModelFailed(reason)


__all__ = ["Endpoint", "ModelFailed", "Reason", "Used", "Waits"]
