"""The network over the states of the tokens: one layer a token, the highest and the mean over tokens, one layer more.

A message is dangerous by a few of its words in their places, so what counts is what the strongest token says. It is
small because it runs with every message; the language model below it has read the words in their context already.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

Floats = npt.NDArray[np.float32]
States = Sequence[npt.NDArray[np.float16]]
"""One array of shape (tokens, width) a message."""

HIDDEN = 384
ROUNDS = 7
GROUP = 48
"""Messages a step."""
RATE, DECAY, SMOOTHING = 1e-3, 0.01, 0.05
DROPPED_IN, DROPPED_OUT = 0.1, 0.3
"""Shares of the input and of the pooled values left out at random while learning."""


class Network:
    """Fitted on messages; afterwards plain arrays."""

    def __init__(self, states: States, labels: npt.NDArray[np.int64], classes: int, seed: int = 1) -> None:
        torch.manual_seed(seed)
        some = np.concatenate([one[::3] for one in states[::4]]).astype(np.float32)
        self._mean, self._spread = some.mean(axis=0), np.maximum(some.std(axis=0), 0.02)
        self._token = torch.nn.Linear(some.shape[1], HIDDEN)
        self._out = torch.nn.Linear(2 * HIDDEN, classes)
        self._fit(states, labels, np.random.default_rng(seed))

    def _fit(self, states: States, labels: npt.NDArray[np.int64], chance: np.random.Generator) -> None:
        lengths = np.array([len(one) for one in states])
        weights = [*self._token.parameters(), *self._out.parameters()]
        optimiser = torch.optim.AdamW(weights, lr=RATE, weight_decay=DECAY)
        steps = ROUNDS * (len(states) // GROUP + 1)
        pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.1)
        for _ in range(ROUNDS):
            # Messages of like length go together, so that little is padded; which ones, chance decides.
            order = np.argsort(lengths + chance.uniform(-8, 8, len(lengths)))
            groups = [order[start : start + GROUP] for start in range(0, len(order), GROUP)]
            chance.shuffle(groups)
            for group in groups:
                pooled = self._pooled([states[row] for row in group], DROPPED_IN)
                scores = self._out(torch.nn.functional.dropout(pooled, DROPPED_OUT))
                loss = torch.nn.functional.cross_entropy(
                    scores, torch.from_numpy(labels[group]), label_smoothing=SMOOTHING
                )
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call,unused-ignore]  # PyTorch leaves it untyped
                optimiser.step()
                pace.step()

    def _pooled(self, some: States, dropped: float = 0.0) -> torch.Tensor:
        longest = max(len(one) for one in some)
        padded = np.zeros((len(some), longest, len(self._mean)), dtype=np.float32)
        there = np.zeros((len(some), longest, 1), dtype=np.float32)
        for row, one in enumerate(some):
            padded[row, : len(one)] = (one.astype(np.float32) - self._mean) / self._spread
            there[row, : len(one)] = 1
        inside = torch.from_numpy(there)
        tokens = torch.relu(self._token(torch.nn.functional.dropout(torch.from_numpy(padded), dropped, dropped > 0)))
        tokens = tokens * inside
        return torch.cat([tokens.max(dim=1).values, tokens.sum(dim=1) / inside.sum(dim=1)], dim=1)

    def pooled(self, states: States) -> Floats:
        """What the last layer reads, shape (messages, 2 * HIDDEN)."""
        made = np.empty((len(states), 2 * HIDDEN), dtype=np.float32)
        order = np.argsort([len(one) for one in states])
        with torch.no_grad():
            for start in range(0, len(order), 64):
                group = order[start : start + 64]
                made[group] = self._pooled([states[row] for row in group]).numpy()
        return made

    def log_odds(self, states: States) -> Floats:
        """Log-probabilities of the classes, shape (messages, classes)."""
        with torch.no_grad():
            return np.asarray(torch.log_softmax(self._out(torch.from_numpy(self.pooled(states))), dim=1).numpy())

    def arrays(self) -> dict[str, Floats]:
        """The weights; the standardising is folded into the first layer."""
        token = self._token.weight.detach().numpy().T / self._spread[:, None]
        return {
            "token": token,
            "token_offset": self._token.bias.detach().numpy() - self._mean @ token,
            "out": self._out.weight.detach().numpy().T,
            "out_offset": self._out.bias.detach().numpy(),
        }


class Joined:
    """Several networks as one: their layers stand side by side, and its log-odds are the mean of theirs."""

    def __init__(self, parts: Sequence[Network]) -> None:
        self.parts = parts

    def pooled(self, states: States) -> Floats:
        """What the last layer reads, shape (messages, 2 * HIDDEN * networks): all the highest, then all the means."""
        return _side_by_side([one.pooled(states) for one in self.parts], axis=1)

    def arrays(self) -> dict[str, Floats]:
        """The weights as `coach.safety.classifier` reads them."""
        of = [one.arrays() for one in self.parts]
        return {
            "token": np.hstack([one["token"] for one in of]),
            "token_offset": np.hstack([one["token_offset"] for one in of]),
            "out": _side_by_side([one["out"] for one in of], axis=0) / len(of),
            "out_offset": np.mean([one["out_offset"] for one in of], axis=0),
        }


def _side_by_side(of: list[Floats], axis: int) -> Floats:
    """Joined along what the last layer reads, of which the first half are the highest and the second the means."""
    highest, means = zip(*(np.split(one, 2, axis=axis) for one in of), strict=True)
    return np.concatenate([*highest, *means], axis=axis)
