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
import typer
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
ENGLISH_EVERY = 30
"""Which of the harmless English messages stand among them: every so many."""
CERTAINTY = 10
"""How closely the linear model follows the messages (inverse of its regularisation)."""
NEAR = "_near"
"""End of the packs of neighbours that differ by a word or two: they teach, but no limit is set on them."""
FOLDS, SEED = 5, 1


def kind(message: Message) -> str:
    """What is learned to be told apart; what is merely referred, such as betrayal, is not."""
    return f"{message.category}:{message.role}" if message.action in ("crisis", "emergency") else COACH


def tongue(message: Message) -> str:
    """The language of a message: its pack begins with the two letters."""
    return message.pack[:2] if message.pack[:2].isalpha() else "en"


def train(folder: Path) -> dict[str, Any]:
    """Train, write the file and its report into `folder`, and return the report."""
    foreign = [*messages("languages_train"), *messages("languages_dev")]
    # English stands among them for the language to be told, harmless or not; its danger is for the other classifier.
    english = [message for message in messages("train") if message.action == "coach"][::ENGLISH_EVERY]
    learned = [*foreign, *english]
    texts, right = [message.text for message in learned], np.array([kind(message) for message in learned])
    counter = TfidfVectorizer(analyzer=_runs, min_df=2, sublinear_tf=True)
    model = make_pipeline(counter, LogisticRegression(C=CERTAINTY, max_iter=500))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    unseen = cross_val_predict(model, texts, right, cv=folds, method="predict_proba")
    kinds = sorted(set(right.tolist()))
    danger = 1 - unseen[:, kinds.index(COACH)]
    harmless = right == COACH
    natural = np.array([not message.pack.endswith(NEAR) and tongue(message) != "en" for message in learned])
    threshold = float(np.quantile(danger[harmless & natural], 1 - ALARM))
    model.fit(texts, right)
    linear: LogisticRegression = model[-1]
    tongues = LogisticRegression(C=CERTAINTY, max_iter=500).fit(
        counter.transform(texts), [tongue(message) for message in learned]
    )
    about = {
        "version": LANGUAGES_VERSION,
        "kinds": kinds,
        "languages": tongues.classes_.tolist(),
        "threshold": round(threshold, 4),
    }
    vocabulary = sorted(counter.vocabulary_, key=counter.vocabulary_.__getitem__)
    np.savez_compressed(
        folder / LANGUAGES_FILE,
        about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        runs=np.frombuffer("\n".join(vocabulary).encode(), dtype=np.uint8),
        rarity=counter.idf_.astype(np.float16),
        kind=linear.coef_.T.astype(np.float16),
        kind_offset=linear.intercept_.astype(np.float32),
        language=tongues.coef_.T.astype(np.float16),
        language_offset=tongues.intercept_.astype(np.float32),
    )
    found = danger >= threshold
    report = {
        **about,
        "messages": dict(Counter(tongue(message) for message in learned)),
        "left out in turn": {
            "danger referred": round(float(found[~harmless & natural].mean()), 3),
            "harmless referred": round(float(found[harmless & natural].mean()), 3),
        }
        | {
            f"{language}, danger referred": round(float(found[rows & ~harmless & natural].mean()), 3)
            for language in sorted({tongue(message) for message in foreign})
            if (rows := np.array([tongue(message) == language for message in learned])).any()
        },
        "trained_with": {name: version(name) for name in ("numpy", "scikit-learn")},
    }
    (folder / LANGUAGES_FILE).with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


def _runs(text: str) -> list[str]:
    return list(runs(text))


def main() -> None:
    """Train the model of other languages anew."""
    print(json.dumps(train(content_root() / "knowledge" / "safety"), indent=1))


if __name__ == "__main__":
    typer.run(main)
