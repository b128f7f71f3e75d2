"""A reply written by a model: asked at once, the message judged by it meanwhile, and shown through the gate."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

from coach.replies.compose import cite
from coach.replies.endpoint import Endpoint, Used
from coach.replies.gate import Gate
from coach.replies.prompt import for_reply, prompt
from coach.replies.support import Support
from coach.replies.third_guard import ThirdGuard
from coach.schema import Citation, Context, Option, SearchResult, Verdict, Written


class Writer:
    """Starts replies: a model, what the gate measures support with, and the titles it must not mix up."""

    def __init__(
        self,
        endpoint: Endpoint,
        support: Callable[[], Support],
        titles: Mapping[str, str],
        daily_tokens: int = 200_000,
        *,
        guards: bool = True,
    ) -> None:
        """Holds the model and what its replies are checked with.

        Args:
            endpoint: the model.
            support: gives what the gate measures support with; called for each reply.
            titles: exercise id -> title, of the whole catalogue.
            daily_tokens: for one person.
            guards: whether the model is asked as third guard, too.
        """
        self.endpoint = endpoint
        self.support = support
        self.titles = titles
        self.daily_tokens = daily_tokens
        self.guards = guards

    @property
    def name(self) -> str:
        """As `Reply.written_by` names it."""
        return f"model:{self.endpoint.model}"

    @property
    def where(self) -> str:
        """Where the model runs, as a person reads it and agrees to it."""
        return f"{self.endpoint.model} at {self.endpoint.base_url or 'api.openai.com'}"[:200]

    def start(
        self, turns: Sequence[str], context: Context, result: SearchResult, chosen: Option | None, verdict: Verdict
    ) -> Draft:
        """Ask the model, at once, for what it makes of the message and for a reply.

        Args:
            turns: the person's own, the last one last.
            context: who is speaking.
            result: what the guides hold; without an answer in it no reply is asked for.
            chosen: tonight's exercise.
            verdict: what the screen left.

        Raises:
            ModelFailed: when the endpoint is resting.
        """
        others = [title for exercise, title in self.titles.items() if not chosen or exercise != chosen.exercise]
        gate = Gate(result.found, self.support(), verdict, chosen, others)
        used = Used()
        guard = self._guard(turns)
        wanted = result.answerable and verdict.action == "coach"
        pieces = (
            self.endpoint.stream(for_reply(turns[-1], context, result.found, chosen), used) if wanted else _nothing()
        )
        return Draft(gate, pieces, guard, used)

    def raised(self, turns: Sequence[str], verdict: Verdict) -> Verdict:
        """The verdict on a message that is not answered, raised where the model sees danger in it.

        Raises:
            ModelFailed: when the model did not say, or not in time.
        """
        return self._guard(turns).raised(verdict)

    def _guard(self, turns: Sequence[str]) -> ThirdGuard:
        return ThirdGuard.start(self.endpoint, turns) if self.guards else ThirdGuard.off()


class Draft:
    """One reply under way: the model works while the rest of the turn is done."""

    def __init__(self, gate: Gate, pieces: Generator[str], guard: ThirdGuard, used: Used) -> None:
        self._gate, self._pieces, self._guard, self._used = gate, pieces, guard, used

    def raised(self, verdict: Verdict) -> Verdict:
        """The verdict, raised where the model sees more in the message; it never lowers one.

        Raises:
            ModelFailed: when the model did not say, or not in time.
        """
        return self._guard.raised(verdict)

    def pieces(self) -> Iterator[str]:
        """Checked paragraphs. Raises ModelFailed as `Endpoint.stream` does."""
        return self._gate.pass_through(self._pieces)

    def stop(self) -> None:
        """End the request; nothing more of it is wanted."""
        self._pieces.close()

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The passages that what was shown rests on."""
        return tuple(
            cite(number, self._gate.found[number - 1].passage, " ".join(sentences))
            for number, sentences in sorted(self._gate.cited.items())
        )

    def written(self, failed: str = "") -> Written:
        """How it was written, for the owner, the coach and the evaluations."""
        return Written(
            prompt=prompt("reply").digest,
            tokens_in=self._used.tokens_in,
            tokens_out=self._used.tokens_out,
            seconds=round(self._used.seconds, 3),
            dropped=tuple(self._gate.dropped),
            failed=failed,
        )


def _nothing() -> Generator[str]:
    yield from ()


__all__ = ["Draft", "Writer"]
