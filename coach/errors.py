"""Every way Attune can fail, each with the one sentence a person sees.

    AttuneError
    ├── SettingsWrong         a setting that cannot be used
    ├── ContentWrong          a guide, exercise or rule file of the app that does not hold together
    ├── DocumentRefused       a document that cannot be read in; the guides stay as they were
    ├── WeightsMissing        the sentence embedder has no weights
    ├── IndexUnusable         the passage index is missing or broken
    │   └── IndexOfAnother    it was made by another embedder
    ├── GuardNotLoaded        the safety rules cannot be read: nothing is coached until they can
    ├── StoreUnavailable      the database cannot be reached or written
    │   └── Conflict          what was to be kept is there already, or what it belongs to is gone
    └── NotAllowed            the person asked for something that is not theirs

`str(error)` is the sentence; `detail` is for the log and never holds what a person wrote.
"""

from __future__ import annotations

from typing import ClassVar


class AttuneError(Exception):
    """Base of all errors; `default` is what a person reads when nothing more exact is known."""

    default: ClassVar[str] = "Something went wrong on our side. Nothing you wrote is lost; please try again."

    def __init__(self, sentence: str | None = None, *, detail: str = "") -> None:
        self.sentence = sentence or self.default
        self.detail = detail
        super().__init__(self.sentence)


class SettingsWrong(AttuneError):
    """A setting has a value that cannot be used."""

    default = "A setting is not usable. Run `coach doctor` to see which one."


class ContentWrong(AttuneError):
    """One of the app's own content files does not hold together."""

    default = "One of the app's own content files is damaged. Run `coach doctor` to see which one."


class DocumentRefused(AttuneError):
    """A document cannot be read in."""

    default = "This document could not be read. The guides are as they were."


class WeightsMissing(AttuneError):
    """No weights for the encoder that the screen and the search read with."""

    default = (
        "The built-in language model is not installed, so messages cannot be screened and nothing is coached. "
        "Run `coach setup` to install it."
    )


class IndexUnusable(AttuneError):
    """The passage index is missing or broken."""

    default = "The passage index cannot be used. Run `coach ingest --rebuild` to make it anew."


class IndexOfAnother(IndexUnusable):
    """The passage index was made by another embedder. It may be wanted again, so nobody clears it away unasked."""


class GuardNotLoaded(AttuneError):
    """The safety rules cannot be read."""

    default = (
        "The safety rules could not be loaded, so no coaching is given until they are; `coach doctor` says why. "
        "If you or someone near you is in danger, please call your local emergency number now; "
        "findahelpline.com lists free lines in most countries."
    )


class StoreUnavailable(AttuneError):
    """The database cannot be reached or written."""

    default = "Your message could not be saved just now, so nothing was done with it. Please send it again in a moment."


class Conflict(StoreUnavailable):
    """What was to be kept is there already, or what it belongs to is gone."""


class NotAllowed(AttuneError):
    """Somebody asked for what is not theirs to see or do."""

    default = "That is not open to you."
