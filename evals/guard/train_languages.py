"""Train what recognises explicit danger in other languages: `python -m evals.guard.train_languages`.

Writes `knowledge/safety/languages-1.npz` and its report. The limit is set by cross-validation on the training messages:
so that at most `ALARM` of the harmless ones are referred. Needs the `train` group of `pyproject.toml`.
"""

from __future__ import annotations

import json
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from coach.safety.other_languages import COACH, LANGUAGES_FILE, LANGUAGES_VERSION, runs
from coach.settings import content_root
from evals.guard.messages import Message, messages

ALARM = 0.1
"""Share of harmless messages that may be referred. Many more than in English: a third of these are idioms and films
full of alarming words, and the alternative is not coaching but to say that only English is read."""
CERTAINTY = 10
"""How closely the linear model follows the messages (inverse of its regularisation)."""
NEAR = "_near"
"""End of the packs of neighbours that differ by a word or two: they teach, but no limit is set on them."""
FOLDS, SEED = 5, 1


def kind(message: Message) -> str:
    """What is learned to be told apart."""
    return COACH if message.action == "coach" else f"{message.category}:{message.role}"


def train(folder: Path) -> dict[str, Any]:
    """Train, write the file and its report into `folder`, and return the report."""
    learned = [*messages("languages_train"), *messages("languages_dev")]
    texts, right = [message.text for message in learned], np.array([kind(message) for message in learned])
    counter = TfidfVectorizer(analyzer=_runs, min_df=2, sublinear_tf=True)
    model = make_pipeline(counter, LogisticRegression(C=CERTAINTY, max_iter=500))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    unseen = cross_val_predict(model, texts, right, cv=folds, method="predict_proba")
    kinds = sorted(set(right.tolist()))
    danger = 1 - unseen[:, kinds.index(COACH)]
    harmless = right == COACH
    natural = np.array([not message.pack.endswith(NEAR) for message in learned])
    threshold = float(np.quantile(danger[harmless & natural], 1 - ALARM))
    model.fit(texts, right)
    linear: LogisticRegression = model[-1]
    about = {"version": LANGUAGES_VERSION, "kinds": kinds, "threshold": round(threshold, 4)}
    vocabulary = sorted(counter.vocabulary_, key=counter.vocabulary_.__getitem__)
    np.savez_compressed(
        folder / LANGUAGES_FILE,
        about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        runs=np.frombuffer("\n".join(vocabulary).encode(), dtype=np.uint8),
        rarity=counter.idf_.astype(np.float16),
        weights=linear.coef_.T.astype(np.float16),
        offset=linear.intercept_.astype(np.float32),
    )
    found = danger >= threshold
    report = {
        **about,
        "messages": dict(Counter(message.pack for message in learned)),
        "left out in turn": {
            "danger referred": round(float(found[~harmless & natural].mean()), 3),
            "harmless referred": round(float(found[harmless & natural].mean()), 3),
        }
        | {
            f"{language}, danger referred": round(float(found[rows & ~harmless].mean()), 3)
            for language in sorted({message.pack for message in learned if not message.pack.endswith(NEAR)})
            if (rows := np.array([message.pack == language for message in learned])).any()
        },
        "trained_with": {name: version(name) for name in ("numpy", "scikit-learn")},
    }
    (folder / LANGUAGES_FILE).with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


def _runs(text: str) -> list[str]:
    return list(runs(text))


if __name__ == "__main__":
    print(json.dumps(train(content_root() / "knowledge" / "safety"), indent=1))
