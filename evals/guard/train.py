"""Train the classifier of the screen: `python -m evals.guard.train` writes `knowledge/safety/classifier-1.npz`.

Two models vote: a network over the tokens (`network.py`) and a linear one over words, pairs of words and
the hints of the rules. A tenth of the messages is left out of their training. The vote is sharpened to be calibrated,
and thresholds are set (`thresholds.py`), on this tenth, never on the test messages. The report is kept beside the file.
Needs the `train` group of `pyproject.toml`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import typer
from scipy.special import log_softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from coach.encoder import ids, open_session
from coach.safety.classifier import FILE, VERSION, words
from coach.safety.rules import Rules
from coach.settings import content_root
from evals.guard.messages import Message, messages, reactions
from evals.guard.network import HARMLESS, Ids, Network
from evals.guard.network import Floats as Pooled
from evals.guard.objections import Head, fit
from evals.guard.thresholds import EVERYDAY, LEANING, LeftOut, calibration_error, figures, thresholds

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Terms = list[list[str]]

FEWEST = 12
"""Messages a kind needs to be learned by itself; a rarer one is learned as the nearest kind of its action."""
NEAREST = {
    "crisis": "harm_to_others",
    "refer": "severe_mental_health",
    "check_in": "self_harm",
    "decline": "out_of_scope",
}
MEANING_SHARE = 0.65
"""Weight of the network's vote beside the one by words."""
SHARES, SEED = 10, 1
"""Shares of the messages, of which the first is left out."""
BLOCK = 24
"""Neighbouring messages that are left out together: they may be turns of one chat, which would tell of each other."""
COMPARED = 1000
"""Messages with which it is checked that whole numbers say what the network says."""
EVERY = 3
"""Of the dangerous and of the everyday messages every third teaches what is no objection; they are alike in that."""
NOW = 0.7
"""Probability from which a crisis counts as happening now."""


class Model:
    """The voters, fitted on the messages whose rows were to be `seen`."""

    def __init__(self, terms: Terms, tokens: Ids, kinds: Numbers, roles: Numbers, seen: list[int]) -> None:
        self.counter = TfidfVectorizer(analyzer=_as_given, min_df=3, sublinear_tf=True)
        counted = self.counter.fit_transform(terms)
        self._by_words = LogisticRegression(C=10, max_iter=200, tol=1e-3).fit(counted[seen], kinds[seen])
        classes = int(kinds.max()) + 1, int(roles.max()) + 1
        self._exact = Network([tokens[row] for row in seen], kinds[seen], roles[seen], classes, SEED)
        self._of = self._exact.arrays()
        self._network = open_session(self._of["network"].tobytes())

    def pooled(self, tokens: Ids) -> Pooled:
        """What the network's last layer reads, made one by one as the screen makes it, shape (messages, width)."""
        made = [self._network.run(["pooled"], {"ids": [one]})[0][0] for one in tokens]
        return np.asarray(made)

    def alike(self, tokens: Ids) -> float:
        """Share of messages in which the network sees the same kind before and after its weights are whole numbers."""
        whole = self.pooled(tokens) @ self._of["out"] + self._of["out_offset"]
        return float((whole.argmax(axis=1) == self._exact.kinds(tokens)).mean())

    def votes(self, terms: Terms, pooled: Pooled) -> Floats:
        """Unsharpened log-odds of every kind, shape (messages, kinds)."""
        meaning = log_softmax(pooled @ self._of["out"] + self._of["out_offset"], axis=1)
        by_words = self._by_words.predict_log_proba(self.counter.transform(terms))
        return np.asarray(MEANING_SHARE * meaning + (1 - MEANING_SHARE) * by_words)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The weights as `coach.safety.classifier` reads them."""
        return self._of | {
            "rarity": self.counter.idf_,
            "word": self._by_words.coef_.T,
            "word_offset": self._by_words.intercept_,
        }


def _as_given(terms: list[str]) -> list[str]:
    return terms


def learned_kinds(learned: list[Message]) -> list[str]:
    """The kind of every message, rare ones put to the nearest."""
    counts = Counter(message.kind for message in learned)
    return [
        kind if counts[kind] >= FEWEST else f"{kind.split(':')[0]}:{NEAREST[kind.split(':')[0]]}"
        for kind in (message.kind for message in learned)
    ]


def odds(votes: Floats, sharpness: float) -> Floats:
    """Probabilities from votes."""
    scaled = sharpness * votes
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def sharpened(votes: Floats, right: npt.NDArray[np.int64]) -> float:
    """The sharpness at which probabilities are best calibrated: the least mean of -log(probability of the truth)."""
    rows = np.arange(len(right))
    tried = np.linspace(0.5, 3.0, 51)
    return float(min(tried, key=lambda sharp: -np.log(odds(votes, sharp)[rows, right] + 1e-12).mean()))


def shares(learned: list[Message]) -> Numbers:
    """The number of the share of every message; neighbours have the same."""
    starts = [row for row, one in enumerate(learned) if row == 0 or one.pack != learned[row - 1].pack]
    within = np.arange(len(learned)) - np.repeat(starts, np.diff([*starts, len(learned)]))
    block = np.cumsum(within % BLOCK == 0) - 1
    return np.asarray(np.random.default_rng(SEED).permutation(int(block[-1]) + 1)[block] % SHARES)


def train(folder: Path) -> dict[str, Any]:
    """Train, write the file and its report into `folder`, and return the report."""
    learned = messages("train")
    texts = [message.text for message in learned]
    kinds = learned_kinds(learned)
    names = sorted(set(kinds))
    labels = np.array([names.index(kind) for kind in kinds])
    role_names = sorted({message.role for message in learned})
    roles = np.array([HARMLESS if one.action == "coach" else role_names.index(one.role) for one in learned])
    rules = Rules.load(folder)
    firing = [rules.firing(text) for text in texts]
    terms = [words(text, fired) for text, fired in zip(texts, firing, strict=True)]
    tokens = [ids(text) for text in texts]

    share = shares(learned)
    model = Model(terms, tokens, labels, roles, np.flatnonzero(share != 0).tolist())
    pooled, rows = model.pooled(tokens), np.flatnonzero(share == 0).tolist()
    votes = model.votes([terms[row] for row in rows], pooled[rows])
    sharpness = sharpened(votes, labels[rows])
    left_out = LeftOut([learned[row] for row in rows], odds(votes, sharpness), names, [firing[row] for row in rows])
    limits = {**thresholds(left_out, LEANING), "emergency": NOW}

    grave = [row for row, message in enumerate(learned) if message.action in ("crisis", "emergency")]
    now = LogisticRegression(C=0.05, max_iter=400).fit(
        pooled[grave], [learned[row].action == "emergency" for row in grave]
    )
    objects = _objections(model, learned, terms, pooled, rules)
    limits["objects"] = objects.limit
    about = {
        "kinds": names,
        "roles": role_names,
        "meaning_share": MEANING_SHARE,
        "sharpness": sharpness,
        "leaning": LEANING,
        "thresholds": limits,
    }
    _save(folder / FILE, about, model, now, objects)
    report = {
        "version": VERSION,
        "messages": len(learned),
        "digest": hashlib.sha256("\n".join(texts).encode()).hexdigest(),
        "trained_with": {name: version(name) for name in ("scikit-learn", "torch", "numpy")},
        "by_action": dict(Counter(message.action for message in learned)),
        "by_kind": dict(Counter(kinds)),
        "by_role": dict(Counter(message.role for message in learned)),
        "sharpness": sharpness,
        "leaning": LEANING,
        "thresholds": limits,
        "left_out": figures(left_out, LEANING, limits)
        | {
            "calibration error": calibration_error(left_out.odds, labels[rows]),
            "same kind in whole numbers": model.alike([tokens[row] for row in rows[:COMPARED]]),
        },
    }
    (folder / FILE.replace(".npz", ".json")).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


def _objections(model: Model, learned: list[Message], terms: Terms, pooled: Pooled, rules: Rules) -> Head:
    """The part that tells who says they were misread, from reactions, dangerous messages and everyday ones.

    Without the everyday ones a mere change of subject was taken for an objection, one time in fourteen.
    """
    said = reactions("train")
    texts = [one.text for one in said]
    dangerous = [row for row, message in enumerate(learned) if message.action not in ("coach", "decline")][::EVERY]
    everyday = [row for row, message in enumerate(learned) if message.action == "coach" and message.pack in EVERYDAY]
    others = dangerous + everyday[::EVERY]
    of_texts = model.pooled([ids(text) for text in texts])
    of_terms = [words(text, rules.firing(text)) for text in texts] + [terms[row] for row in others]
    return fit(
        np.vstack([of_texts, pooled[others]]),
        model.counter.transform(of_terms),
        np.array([one.objects for one in said] + [False] * len(others)),
    )


def _save(path: Path, about: dict[str, Any], model: Model, now: LogisticRegression, objects: Head) -> None:
    """Write the arrays as `coach.safety.classifier` reads them: matrices in half precision, the rest in single."""
    vocabulary = sorted(model.counter.vocabulary_, key=model.counter.vocabulary_.__getitem__)
    arrays = model.arrays() | {"now": now.coef_.T, "now_offset": now.intercept_}
    arrays |= {"objects": objects.pooled, "objects_word": objects.words, "objects_offset": objects.offset}
    np.savez_compressed(
        path,
        about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        vocabulary=np.frombuffer("\n".join(vocabulary).encode(), dtype=np.uint8),
        **{name: _rounded(array) for name, array in arrays.items()},
    )


def _rounded(array: npt.NDArray[Any]) -> Any:
    """Matrices in half precision, the rest in single; the graph as it is."""
    if array.dtype == np.uint8:
        return array
    return array.astype(np.float16 if array.ndim == 2 else np.float32)


def main() -> None:
    """Train the classifier anew; it takes some fifty minutes on two cores."""
    print(json.dumps(train(content_root() / "knowledge" / "safety"), indent=1))


if __name__ == "__main__":
    typer.run(main)
