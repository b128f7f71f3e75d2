"""Text to tokens: the numbers of word pieces that the language models read, the search's and the guard's own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from coach.encoder.weights import find_weights

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_TOKENS = 256
"""What the models were trained to read; longer texts are cut there, as the authors do."""


@lru_cache(maxsize=1)
def tokenizer() -> Tokenizer:
    """The process's one tokenizer.

    Raises:
        WeightsMissing: when no weights are installed.
    """
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(find_weights().tokenizer))
    made.no_padding()
    made.enable_truncation(MAX_TOKENS)
    return made


def ids(text: str) -> list[int]:
    """The numbers of the tokens of a text, with the marks of its beginning and end."""
    return list(tokenizer().encode(text).ids)


__all__ = ["MAX_TOKENS", "ids", "tokenizer"]
