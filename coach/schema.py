"""The vocabulary of Attune: the types that every room of the house speaks in.

Everything here is a frozen pydantic model, so a value checked once stays checked. Nothing here does any work.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Frozen(BaseModel):
    """Base of the vocabulary: immutable, and unknown fields are refused rather than dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- Knowledge -------------------------------------------------------------------------------------------------------

Lines = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
"""First and last line of a text in its own file, both counted from 1 and both included."""

GuideKind = Literal["retelling", "companion", "document"]
"""retelling: the article in our words. companion: written for this app. document: added by the site's owner."""


class Passage(Frozen):
    """One findable piece of a guide: a section, or part of a long one, of roughly 60 to 220 words."""

    id: str
    guide: str
    guide_title: str
    kind: GuideKind
    section: str
    title: str
    headings: tuple[str, ...] = ()
    lines: Lines
    text: str
    covers: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    heard: str = ""
    """The app's own sentence that says back what somebody asking this would want."""
    question: str = ""
    """The app's own closing question for this subject."""
    page: int | None = None


class Found(Frozen):
    """A passage with how well it fits the question; `score` is a fused similarity, higher is better."""

    passage: Passage
    score: float


class SearchResult(Frozen):
    """What the guides hold on a question. `answerable` is False when they do not cover it."""

    query: str
    answerable: bool
    found: tuple[Found, ...] = ()


class Citation(Frozen):
    """Where a sentence of a reply comes from; `n` is its number in the reply."""

    n: int
    passage: str
    guide: str
    guide_title: str = ""
    section: str
    title: str = ""
    lines: Lines
    quote: str


# --- Safety ----------------------------------------------------------------------------------------------------------

Action = Literal["emergency", "crisis", "refer", "check_in", "decline", "coach"]
Category = Literal[
    "self_harm",
    "partner_abuse",
    "sexual_violence",
    "child_safety",
    "harm_to_others",
    "medical_emergency",
    "severe_mental_health",
    "eating_disorder",
    "substance_use",
    "betrayal",
    "separation",
    "sexual_health",
    "minor_user",
    "out_of_scope",
    "prompt_injection",
]
Role = Literal["self", "perpetrator", "third_party", "past", "hypothetical"]
Urgency = Literal["none", "low", "soon", "now"]

SEVERITY: dict[Action, int] = {"coach": 0, "check_in": 1, "decline": 2, "refer": 3, "crisis": 4, "emergency": 5}
"""How the actions outrank each other: a later layer of the screen may only move up."""


BY_A_MODEL = ("model:", "moderation:")
"""What the signals of a language model begin with."""


class Verdict(Frozen):
    """What the screen decided about a message. `signals` say what fired and are never shown to a partner."""

    action: Action
    category: Category | None = None
    role: Role | None = None
    urgency: Urgency = "none"
    confidence: float = Field(default=1.0, ge=0, le=1)
    signals: tuple[str, ...] = ()
    language: str | None = Field(default=None, exclude=True)
    """Two letters of the language where it is not English, or `other`: the referral is then in that language."""

    @property
    def severity(self) -> int:
        """Rank of the action, 0 (coach) to 5 (emergency)."""
        return SEVERITY[self.action]

    @property
    def refers(self) -> bool:
        """True where professional help comes instead of coaching."""
        return self.severity >= SEVERITY["refer"]

    @property
    def raised_by_model(self) -> bool:
        """True where a language model saw more in the latest message than the screen had."""
        return any(one.startswith(BY_A_MODEL) and one.endswith("@0") for one in self.signals)


class Resource(Frozen):
    """A line or place that helps. `call` and `text` are as printed by the source; `checked` is when we read it."""

    id: str
    name: str
    country: str
    kind: str
    call: str | None = None
    text: str | None = None
    web: str | None = None
    note: str = ""
    source: str = ""
    checked: str = ""


class Buttons(Frozen):
    """What stands on the buttons beside a referral and below it, in its language."""

    leave: str = "Leave this page now"
    keys: str = "or press Escape twice"
    call: str = "Call"
    """Before a number."""
    misread: str = "If I have misread you, tell me so in your own words."
    """Below what is too grave to be taken back by a button. Only English words of one's own are understood."""


class Referral(Frozen):
    """The fixed words that stand in place of coaching, with at most two resources."""

    category: Category
    text: str
    question: str | None = None
    resources: tuple[Resource, ...] = Field(default=(), max_length=2)
    quick_exit: bool = False
    buttons: Buttons = Buttons()
    neutral_title: bool = True


# --- Exercises -------------------------------------------------------------------------------------------------------

Who = Literal["together", "remote", "solo"]
StepWho = Literal["A", "B", "AB", "S"]
Energy = Literal["low", "medium", "high"]
ENERGY_RANK: dict[Energy, int] = {"low": 1, "medium": 2, "high": 3}
Wish = Literal["close", "calm", "fun", "repair", "understand"]
Code = Literal["X-SAFE", "X-CRISIS", "X-HOT", "X-BETRAY", "X-COERCE", "X-TRAUMA", "X-TIRED", "X-CHILD", "X-PEND"]
Comfort = Annotated[int, Field(ge=1, le=5)]


class Step(Frozen):
    """One step of an exercise: whose turn it is, for how many minutes, and what to do or say."""

    minutes: int = Field(ge=1, le=60)
    who: StepWho
    say: str = Field(min_length=1)


class Exercise(Frozen):
    """One entry of the catalogue. Minutes are ours unless `duration_source` says article."""

    id: str = Field(pattern=r"^EX\d{2,3}$")
    version: int = Field(default=1, ge=1)
    title: str
    goal: str
    skill: str
    source: tuple[str, ...] = Field(min_length=1)
    duration_min: int = Field(ge=1)
    duration_max: int = Field(ge=1)
    duration_source: str = "ours"
    steps: tuple[Step, ...] = Field(min_length=1)
    solo_steps: tuple[Step, ...] = ()
    remote_steps: tuple[Step, ...] = ()
    who: tuple[Who, ...] = Field(min_length=1)
    comfort: Comfort
    energy: Energy
    emotional_risk: Literal["low", "medium", "high"]
    wishes: tuple[Wish, ...] = Field(min_length=1)
    needs_privacy: bool = False
    setting: str
    frequency: str
    contraindications: tuple[Code, ...] = Field(min_length=1)
    not_when: str
    less_open_adaptation: str
    follow_up: str
    evidence_note: str
    evidence_grade: Literal["A", "B", "C", "D"]

    def steps_for(self, who: Who) -> tuple[Step, ...]:
        """The steps in the wording for this setting; the plain steps where no own wording exists."""
        if who == "solo" and self.solo_steps:
            return self.solo_steps
        if who == "remote" and self.remote_steps:
            return self.remote_steps
        return self.steps

    @model_validator(mode="after")
    def _minutes_add_up(self) -> Self:
        for name, steps in (
            ("steps", self.steps),
            ("solo_steps", self.solo_steps),
            ("remote_steps", self.remote_steps),
        ):
            total = sum(step.minutes for step in steps)
            if steps and total != self.duration_min:
                raise ValueError(f"{self.id}: {name} add up to {total} minutes, duration_min says {self.duration_min}")
        if self.duration_max < self.duration_min:
            raise ValueError(f"{self.id}: duration_max is below duration_min")
        if "solo" in self.who and self.who != ("solo",):
            solo = self.steps_for("solo")
            if any(step.who != "S" for step in solo):
                raise ValueError(f"{self.id}: offered solo, but its solo steps ask for a second person")
        return self


class Tonight(Frozen):
    """What is possible tonight. `comfort` and `energy` hold one value a person; the lower one always counts.

    Where several values may stand, a text with commas is taken, too.
    """

    minutes: int = Field(default=15, ge=0, le=24 * 60)
    who: tuple[Who, ...] = Field(default=("together",), min_length=1)
    energy: tuple[Energy, ...] = Field(default=("medium",), min_length=1, max_length=2)
    comfort: tuple[Comfort, ...] = Field(default=(3,), min_length=1, max_length=2)
    heat: int = Field(default=0, ge=0, le=10)
    wish: tuple[Wish, ...] = ()
    private: bool = True
    note: str = ""
    recent: tuple[str, ...] = ()
    days_since_betrayal: int | None = Field(default=None, ge=0)
    felt_safe_lately: int = Field(default=0, ge=0)
    late: bool = False
    """Late in the evening, or somebody says they are worn out: what needs a clear head is left for another day."""
    assumed: bool = False
    """True where nobody set these dials: they stand for a tired evening of which nothing is known."""

    @field_validator("who", "wish", "energy", "comfort", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return () if value is None else (value,) if isinstance(value, int) else value

    @property
    def lowest_comfort(self) -> int:
        """The ceiling for depth, 1 to 5."""
        return min(self.comfort)

    @property
    def lowest_energy(self) -> Energy:
        """The ceiling for effort."""
        return min(self.energy, key=lambda level: ENERGY_RANK[level])


class Option(Frozen):
    """One card that fits tonight, with the reasons in plain words, each naming an input it used."""

    fit: Literal["best", "easier", "solo"]
    exercise: str
    title: str
    who: Who
    minutes: int
    comfort: int
    energy: Energy
    steps: tuple[Step, ...]
    why: tuple[str, ...] = Field(min_length=1)
    not_when: str
    source: tuple[str, ...] = ()


class Suggestion(Frozen):
    """What tonight may hold: up to three options, or none with a kind reason, or a referral in their place."""

    action: Literal["suggest", "refer", "not_tonight"]
    tonight: Tonight
    options: tuple[Option, ...] = Field(default=(), max_length=3)
    reason: str = ""
    verdict: Verdict | None = None

    @model_validator(mode="after")
    def _within_limits(self) -> Self:
        for option in self.options:
            if (
                option.minutes > self.tonight.minutes
                or option.comfort > self.tonight.lowest_comfort
                or ENERGY_RANK[option.energy] > ENERGY_RANK[self.tonight.lowest_energy]
            ):
                raise ValueError(f"{option.exercise} breaks a limit of tonight")
        if self.action == "not_tonight" and self.options:
            raise ValueError("not tonight means no exercise")
        return self


# --- A turn ----------------------------------------------------------------------------------------------------------


class Turn(Frozen):
    """Something said earlier in this conversation by this person (`user`) or by the companion."""

    by: Literal["user", "companion"]
    text: str
    at: datetime | None = None
    raised: Verdict | None = None
    """What a language model made of it where it saw more than the screen: it holds for the turns that follow."""


class Context(Frozen):
    """Who is speaking, and what the companion may use for this turn: only this person's own turns."""

    person: str = "me"
    thread: str | None = None
    country: str | None = None
    language: str = "en"
    turns: tuple[Turn, ...] = ()
    tonight: Tonight | None = None
    referred_before: tuple[Action, ...] = ()
    """The actions of the referrals that came before in this conversation."""
    may_leave: bool = False
    """True where this person has agreed that what they write may leave the machine for the language model."""
    guides_because: str = ""
    """Why the guides answer although a model is set; said at the end of the answer."""


class Dropped(Frozen):
    """A sentence of a model that was held back, and why. Kept on the turn for coaches and evaluations."""

    text: str
    why: str


class Written(Frozen):
    """How a model's reply came about: what it took, what was held back, and what went wrong."""

    prompt: str
    """Digest of the prompt it was written under."""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    dropped: tuple[Dropped, ...] = ()
    failed: str = ""
    """Why the guides answered in its place, in a few words; empty when it stands."""


class Reply(Frozen):
    """What the person sees. `written_by` is `guides` or `model:NAME`."""

    action: Action
    text: str
    citations: tuple[Citation, ...] = ()
    suggestion: Option | None = None
    referral: Referral | None = None
    written_by: str = "guides"
    answerable: bool = True
    verdict: Verdict
    tonight: Tonight | None = None
    """The dials the suggestion was made for."""
    written: Written | None = None
    """How a model took part, where one did."""
    session: str | None = None
    """The kept session that holds the suggestion, once it is stored."""
