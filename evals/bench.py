"""Speed: each stage of a turn without a model, and the whole turn against one bare embedding of the same text."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from coach.assemble import Search, companion, embedder
from coach.companion import Companion
from coach.conversation import hold_turn
from coach.replies.compose import compose
from coach.schema import Context, Tonight
from coach.settings import settings
from coach.store import Store, open_store
from coach.store.conversations import ensure_person, new_thread
from coach.store.vault import new_key
from evals.cases_io import load

WARM_UP = 5


def run_bench(turns: int, *, as_json: bool) -> None:
    """Print p50 and p95 of every stage in milliseconds, and `turn_ratio`: median whole turn over median embedding.

    A turn here is `Companion.respond`: screen, search, suggest, compose, check. `kept_turn` adds storing the message
    before and the reply after it. The stages are timed one after the other on the same text, so that a busy machine
    weighs on all alike.
    """
    chosen = settings()
    search = Search(chosen)
    attune, vectors = companion(chosen, search), embedder(chosen)
    retriever = search()
    questions = [case["ask"] for case in load("retrieval") if case["split"] == "dev"]
    texts = [questions[i % len(questions)] for i in range(turns + WARM_UP)]
    times: dict[str, list[float]] = {}

    def timed(stage: str, work: Callable[[], object]) -> object:
        start = time.perf_counter()
        done = work()
        times.setdefault(stage, []).append((time.perf_counter() - start) * 1000)
        return done

    with TemporaryDirectory(dir=_folder(chosen.data_dir)) as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'bench.sqlite3'}", [new_key()])
        ensure_person(store, "bench")
        for number, text in enumerate(texts):
            if number == WARM_UP:
                times.clear()
            timed("embedding", partial(vectors.embed, [text]))
            timed("turn", partial(attune.answer, text, Context()))
            timed("screen", partial(attune.screen, [text]))
            timed("search", partial(retriever.search, text))
            result = retriever.search(text)
            timed("suggest", partial(attune.tonight, Tonight()))
            timed("compose", partial(compose, text, result.found, attune.wording))
            thread = new_thread(store, "bench")
            timed("kept_turn", partial(_kept, attune, store, thread, text))
        store.close()
    stages = {
        name: {
            "p50_ms": round(float(np.percentile(values, 50)), 2),
            "p95_ms": round(float(np.percentile(values, 95)), 2),
        }
        for name, values in times.items()
    }
    bare = float(np.median(times["embedding"]))
    figures = {
        "turns": turns,
        "stages": stages,
        "turn_ratio": round(float(np.median(times["turn"])) / bare, 3),
        "kept_turn_ratio": round(float(np.median(times["kept_turn"])) / bare, 3),
    }
    if as_json:
        print(json.dumps(figures))
        return
    for name, stage in stages.items():
        print(f"{name:10} p50 {stage['p50_ms']:7.2f} ms   p95 {stage['p95_ms']:7.2f} ms")
    print(f"turn_ratio {figures['turn_ratio']} (goal <= 1.5), with storing {figures['kept_turn_ratio']}")


def _kept(attune: Companion, store: Store, thread: str, text: str) -> None:
    for _ in hold_turn(attune, store, "bench", thread, text):
        pass


def _folder(data_dir: Path) -> Path:
    data_dir.mkdir(parents=True, exist_ok=True)
    return data_dir
