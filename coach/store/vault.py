"""Encryption of what people wrote, at rest: Fernet (AES-128-CBC with HMAC-SHA256) of the `cryptography` library.

Keys come from `COACH_KEYS` or from a key file beside the data, made on first use. The first key seals; every one opens,
so a key is exchanged by putting a new one first and sealing everything anew (`coach keys rotate`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from filelock import FileLock
from sqlalchemy import Dialect, Text, TypeDecorator

from coach.errors import AttuneError

FILE = "attune.key"


class KeyWrong(AttuneError):
    """The key does not open what is kept, or is not a key."""

    default = "What is kept cannot be opened with this key. Put the right key file back, or set COACH_KEYS."


class Vault:
    """Seals and opens text."""

    def __init__(self, keys: list[str]) -> None:
        """`keys`: Fernet keys, the one that seals first.

        Raises:
            KeyWrong: when one of them is not a key, or there is none.
        """
        try:
            self._fernets = MultiFernet([Fernet(key) for key in keys])
        except (ValueError, TypeError) as error:
            raise KeyWrong("An encryption key cannot be used: it must be made by `coach keys new`.") from error

    def seal(self, text: str) -> str:
        """The sealed form; another one each time."""
        return self._fernets.encrypt(text.encode("utf-8", "surrogatepass")).decode("ascii")

    def open(self, sealed: str) -> str:
        """What was sealed.

        Raises:
            KeyWrong: when no key opens it, or it was changed.
        """
        try:
            return self._fernets.decrypt(sealed.encode("ascii")).decode("utf-8", "surrogatepass")
        except (InvalidToken, UnicodeError) as error:
            raise KeyWrong from error


def new_key() -> str:
    """A fresh key."""
    return Fernet.generate_key().decode("ascii")


def read_keys(keys: str | None, folder: Path) -> list[str]:
    """The keys of an installation: those set, else those of the key file, which is made on first use.

    Args:
        keys: `COACH_KEYS`, separated by commas or spaces.
        folder: the data folder.

    Raises:
        KeyWrong: when the file cannot be read or made.
    """
    if keys:
        return keys.replace(",", " ").split()
    path = folder / FILE
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            # Two that start together agree on one key.
            with FileLock(folder / f"{FILE}.lock", timeout=30):
                if not path.exists():
                    write_keys([new_key()], folder)
        return path.read_text(encoding="ascii").split()
    except (OSError, UnicodeError) as error:
        raise KeyWrong("The key file cannot be read or made. Run `coach doctor` to see why.") from error


def write_keys(keys: list[str], folder: Path) -> None:
    """Replace the key file, as a whole; only its owner can read it."""
    path, fresh = folder / FILE, folder / f"{FILE}.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class Sealed(TypeDecorator[str]):
    """A text that is sealed in the database; `open_store` gives the dialect its vault."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        # An empty text hides nothing, and so it can still be asked for.
        return _vault(dialect).seal(value) if value else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return _vault(dialect).open(value) if value else value


class SealedJson(TypeDecorator[Any]):
    """As `Sealed`, for plain data."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else _vault(dialect).seal(json.dumps(value, ensure_ascii=False))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:
        return None if value is None else json.loads(_vault(dialect).open(value))


def _vault(dialect: Dialect) -> Vault:
    vault: Vault = dialect.attune_vault  # type: ignore[attr-defined]  # set by open_store
    return vault


__all__ = ["FILE", "KeyWrong", "Sealed", "SealedJson", "Vault", "new_key", "read_keys", "write_keys"]
