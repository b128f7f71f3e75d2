"""What a model is asked: the prompts as files with a digest, and everything else fenced as material."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from coach.schema import Context, Found, Frozen, Option, Turn

Message = tuple[str, str]
"""Role (`system`, `human`) and text, as LangChain takes them."""

FOLDER = Path(__file__).parent / "prompts"
HISTORY_TOKENS = 500
"""Room for the earlier turns."""
OPENINGS_TOKENS = 150
"""Of it, what is kept for the openings of older ones."""
OPENING = 90
"""Characters that are kept of an older turn."""
LETTERS_A_TOKEN = 4
"""A rough measure that no tokenizer of a foreign model is needed for."""


class Prompt(Frozen):
    """One prompt. The digest is kept on every reply, so that it can be told which wording it was written under."""

    name: str
    text: str
    digest: str


@lru_cache(maxsize=8)
def prompt(name: str) -> Prompt:
    """Read `prompts/<name>.md`."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8").strip()
    return Prompt(name=name, text=text, digest=hashlib.sha256(text.encode("utf-8")).hexdigest()[:12])


def fenced(text: str) -> str:
    """Material between fences that it cannot close."""
    return "<<<\n" + text.replace("<<<", "« ").replace(">>>", " »").strip() + "\n>>>"


def for_reply(message: str, context: Context, found: tuple[Found, ...], option: Option | None) -> list[Message]:
    """What the model is asked for one reply. Only this person's own turns are in it."""
    passages = "\n\n".join(
        f"[{number}] {item.passage.guide_title}, {item.passage.title}\n{item.passage.text}"
        for number, item in enumerate(found, start=1)
    )
    parts = ["Answer in the language of the last message."]
    if context.country:
        parts.append(f"The person lives in {context.country}.")
    parts.append(f"Passages:\n{fenced(passages)}")
    if option:
        reasons = " ".join(option.why)
        parts.append(f"Exercise for tonight ({option.minutes} minutes):\n{fenced(f'{option.title}. {reasons}')}")
    else:
        parts.append("No exercise is given.")
    earlier = _recent(context.turns)
    if earlier:
        parts.append(f"Earlier in this conversation, oldest first:\n{fenced(earlier)}")
    parts.append(f"The last message:\n{fenced(message)}")
    return [("system", prompt("reply").text), ("human", "\n\n".join(parts))]


def for_guard(turns: list[str]) -> list[Message]:
    """What the model is asked as the third layer of the screen."""
    earlier = [Turn(by="user", text=text) for text in turns[:-1]]
    before = f"Earlier messages, oldest first:\n{fenced(_recent(tuple(earlier)))}\n\n" if earlier else ""
    return [("system", prompt("guard").text), ("human", f"{before}The last message:\n{fenced(turns[-1])}")]


def _recent(turns: tuple[Turn, ...]) -> str:
    """What was said before, oldest first: the newest turns in their words, of older ones the opening of each."""
    room = HISTORY_TOKENS * LETTERS_A_TOKEN
    left, kept = room, list[str]()
    for back, turn in enumerate(reversed(turns)):
        line = _line(turn, room // 3)
        if len(line) > left - (OPENINGS_TOKENS * LETTERS_A_TOKEN if back else 0):
            line = _line(turn, OPENING)
        if len(line) > left:
            break
        kept.insert(0, line)
        left -= len(line)
    return "\n".join(kept)


def _line(turn: Turn, longest: int) -> str:
    text = " ".join(turn.text.split())
    if len(text) > longest:
        text = text[:longest].rsplit(" ", 1)[0] + " …"
    return f"{'Person' if turn.by == 'user' else 'You'}: {text}"


__all__ = ["Message", "Prompt", "for_guard", "for_reply", "prompt"]
