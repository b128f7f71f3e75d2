"""Tonight's limits. Each is a filter: an exercise that breaks one is not offered, whatever else speaks for it.

Source of the gates: the contraindication codes of the catalogue and the order of work for a night (danger, hard limits,
then taste). The two global gates, heat and betrayal, hold whether or not an exercise lists their code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coach.errors import AttuneError
from coach.schema import ENERGY_RANK, Code, Exercise, Tonight, Verdict, Who

HOT = 7
"""Heat from which only the pause, the self check-in and the body map are offered (0 to 10)."""
FOR_HEAT = frozenset({"EX39", "EX08", "EX11"})
BETRAYAL_DAYS = 90
"""Days after a betrayal came to light in which only stabilising exercises are offered."""
AFTER_BETRAYAL = frozenset({"EX08", "EX39", "EX56", "EX57"})
STABILISING = frozenset({"EX08", "EX11", "EX39"})
"""What is left where somebody is referred to a professional; done alone."""
ONLY_AFTER_BETRAYAL = frozenset({"EX56", "EX57"})
FEAR = ("partner_abuse", "sexual_violence")
TRAUMA = ("severe_mental_health", "sexual_violence")
DEEP_COMFORT = 4
DEEP_MINUTES = 30
HOUSE_RULES = "EX27"
"""Agreeing how feelings are handled opens the deep exercises (as do two evenings that felt safe)."""
SAFE_EVENINGS = 2


class LimitBroken(AttuneError):
    """An option was about to be built that breaks a limit: a fault of ours, never shown as an exercise."""

    default = "No exercise could be chosen safely just now."


def betrayed(tonight: Tonight, verdict: Verdict) -> bool:
    """True while a betrayal is fresh, by the days given or by what was just said."""
    days = tonight.days_since_betrayal
    return (days is not None and days < BETRAYAL_DAYS) or (verdict.category == "betrayal" and verdict.refers)


@dataclass(frozen=True)
class Evening:
    """Tonight and the screen's verdict, worked out once for all exercises."""

    tonight: Tonight
    verdict: Verdict
    comfort: int
    energy: int
    betrayed: bool
    deep_opened: bool

    @classmethod
    def of(cls, tonight: Tonight, verdict: Verdict) -> Evening:
        """What the limits need to know."""
        return cls(
            tonight,
            verdict,
            tonight.lowest_comfort,
            ENERGY_RANK[tonight.lowest_energy],
            betrayed(tonight, verdict),
            HOUSE_RULES in tonight.recent or tonight.felt_safe_lately >= SAFE_EVENINGS,
        )


def _is_deep(exercise: Exercise) -> bool:
    return exercise.comfort >= DEEP_COMFORT or exercise.emotional_risk == "high"


def _coded(exercise: Exercise, *codes: Code) -> bool:
    return any(code in exercise.contraindications for code in codes)


Limit = Callable[[Exercise, Who, Evening], bool]
LIMITS: dict[str, Limit] = {
    "danger": lambda x, who, e: e.verdict.action in ("emergency", "crisis"),
    "who": lambda x, who, e: who not in x.who or (who != "solo" and who not in e.tonight.who),
    "minutes": lambda x, who, e: x.duration_min > e.tonight.minutes,
    "comfort": lambda x, who, e: x.comfort > e.comfort,
    "energy": lambda x, who, e: ENERGY_RANK[x.energy] > e.energy,
    "heat": lambda x, who, e: e.tonight.heat >= HOT and x.id not in FOR_HEAT,
    "betrayal": lambda x, who, e: e.betrayed and (x.id not in AFTER_BETRAYAL or who != "solo"),
    "referred": lambda x, who, e: e.verdict.refers and (x.id not in STABILISING | AFTER_BETRAYAL or who != "solo"),
    "fear": lambda x, who, e: e.verdict.category in FEAR and _coded(x, "X-SAFE", "X-COERCE"),
    "low": lambda x, who, e: e.verdict.category == "self_harm" and (x.id not in STABILISING or who != "solo"),
    "trauma": lambda x, who, e: e.verdict.category in TRAUMA and _coded(x, "X-TRAUMA"),
    "separation": lambda x, who, e: e.verdict.category == "separation" and _coded(x, "X-PEND"),
    "privacy": lambda x, who, e: not e.tonight.private and (x.needs_privacy or _coded(x, "X-CHILD")),
    "late": lambda x, who, e: e.tonight.late and _coded(x, "X-TIRED"),
    "time for depth": lambda x, who, e: x.emotional_risk == "high" and e.tonight.minutes < DEEP_MINUTES,
    "safety first": lambda x, who, e: _is_deep(x) and not e.deep_opened,
    "recent": lambda x, who, e: x.id in e.tonight.recent,
    "only after betrayal": lambda x, who, e: x.id in ONLY_AFTER_BETRAYAL and not e.betrayed,
}
"""Each answers True where the limit would be broken."""


def keeps_limits(exercise: Exercise, who: Who, evening: Evening) -> bool:
    """True when this exercise, done this way, may be offered tonight."""
    return not any(broken(exercise, who, evening) for broken in LIMITS.values())


def broken_limits(exercise: Exercise, who: Who, tonight: Tonight, verdict: Verdict) -> list[str]:
    """Names of the limits this exercise, done this way, would break tonight; empty when it may be offered."""
    evening = Evening.of(tonight, verdict)
    return [name for name, broken in LIMITS.items() if broken(exercise, who, evening)]
