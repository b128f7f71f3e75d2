"""What a message that is not in English calls for, and what an English one repeats in another language."""

from __future__ import annotations

from collections.abc import Container

from coach.safety.language import ENGLISH, FEWEST_WORDS, OTHER, SURELY_ENGLISH, english, language_of, repeated, words_of
from coach.safety.normalise import unquoted
from coach.safety.other_languages import OtherLanguages
from coach.schema import Role, Verdict

NOTHING = Verdict(action="coach")


class Foreign:
    """Reads what the English classifier cannot."""

    def __init__(self, languages: OtherLanguages | None, known: Container[str]) -> None:
        """Holds what recognises danger in other languages, if it is there, and the words that the classifier knows."""
        self._languages = languages
        self._known = known

    def in_english(self, text: str) -> bool:
        """True for a message that is in English, apart from what it quotes."""
        return self._english(text) >= SURELY_ENGLISH

    def verdict(self, text: str, where: str = "") -> Verdict:
        """A crisis for explicit danger, `decline` for anything else that is not English; plain coaching for English."""
        share = self._english(text)
        language = self._language(text) if share < SURELY_ENGLISH else "en"
        if language == "en":
            return self.repeated(text, where)
        found = self.danger(text, where)
        if found.refers:
            return found.model_copy(update={"language": language})
        # Of a few words in Latin letters it is only said that they are not English where their language is plain.
        plain = language != OTHER or share == 0 or len(words_of(text)) >= FEWEST_WORDS
        if not plain or (language == OTHER and share >= ENGLISH):
            return NOTHING
        return Verdict(action="decline", category="out_of_scope", language=language, signals=(f"language{where}",))

    def repeated(self, text: str, where: str = "") -> Verdict:
        """What an English message repeats in another language: a threat to the writer, or somebody else's despair."""
        worst = NOTHING
        for part in repeated(text):
            if self._language(part) in ("en", OTHER):
                continue
            found = self.danger(part, f"-quoted{where}")
            role: Role = "third_party" if found.category == "self_harm" else "self"
            if found.severity > worst.severity:
                worst = found.model_copy(update={"role": role})
        return worst

    def danger(self, text: str, where: str = "") -> Verdict:
        """A crisis for explicit danger in any of the nine languages, else plain coaching."""
        return self._languages.verdict(text, where) if self._languages else NOTHING

    def _english(self, text: str) -> float:
        own = unquoted(text)
        return english(own if len(words_of(own)) >= FEWEST_WORDS else text, self._known)

    def _language(self, text: str) -> str:
        likeliest = self._languages.language(text) if self._languages else OTHER
        return likeliest if likeliest != OTHER else language_of(text)


__all__ = ["Foreign"]
