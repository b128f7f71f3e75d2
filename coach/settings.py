"""Every setting of Attune in one typed object. Environment variables start with COACH_."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from coach.errors import SettingsWrong

_BUNDLED = Path(__file__).parent / "bundled"
_CHECKOUT = Path(__file__).parent.parent


def content_root() -> Path:
    """The folder that holds `knowledge/` and `app.py`: inside an installed package, or the checkout itself."""
    return _BUNDLED if _BUNDLED.is_dir() else _CHECKOUT


def country_code(text: str) -> str:
    """`gb`, `UK` -> `GB`.

    Raises:
        ValueError: when it is not two letters.
    """
    code = text.strip().upper()
    if len(code) != 2 or not code.isalpha():
        raise ValueError("a country is its two-letter code, such as GB or US")
    return {"UK": "GB"}.get(code, code)


class Settings(BaseSettings):
    """Read once from the environment; nothing else in the code looks at environment variables."""

    model_config = SettingsConfigDict(env_prefix="COACH_", extra="ignore", frozen=True)

    data_dir: Path = Field(default_factory=lambda: user_data_path("attune"))
    """Everything the app writes lives below this folder."""
    database_url: str | None = None
    """SQLAlchemy URL; SQLite in the data folder when not set."""
    keys: SecretStr | None = None
    """Encryption keys, separated by commas, the one that seals first; a key file in the data folder when not set."""
    openid_metadata_url: str | None = None
    """Discovery address of an OpenID provider; with it everybody signs in there, and there are no passwords here."""
    openid_client_id: str | None = None
    openid_client_secret: SecretStr | None = None
    openid_cookie_secret: SecretStr | None = None
    """Long and random; the same on every server that shares the sign-ins."""
    public_url: str | None = None
    """Address people open, such as https://attune.example; the provider sends them back there."""
    redis_url: str | None = None
    """Where rate limits are counted, for several processes; in memory when not set."""
    chroma_url: str | None = None
    """Address of a Chroma server; the embedded one in the data folder when not set."""
    openai_base_url: str | None = None
    openai_api_key: SecretStr | None = None
    chat_model: str | None = None
    model_first_seconds: float = Field(default=15.0, gt=0)
    """Seconds that the first words of a model are waited for."""
    model_seconds: float = Field(default=45.0, gt=0)
    """Seconds that a whole answer of a model may take."""
    model_daily_tokens: int = Field(default=200_000, ge=0)
    """Tokens a day that a model may use for one person; then the guides answer until the next day."""
    model_guard: bool = True
    """Whether the language model also looks for danger in each message; switch it off for one too small to judge."""
    embed_model: str | None = None
    """Name of an embedding model at the OpenAI-compatible endpoint; the built-in one when not set."""
    country: str | None = None
    """ISO code used for helplines when the person has not said where they are."""
    max_document_mb: int = 25
    """Largest document `coach ingest` reads."""

    @field_validator("country")
    @classmethod
    def _two_letters(cls, value: str | None) -> str | None:
        return country_code(value) if value and value.strip() else None

    @field_validator(
        "database_url",
        "chroma_url",
        "redis_url",
        "openid_metadata_url",
        "public_url",
        "openai_base_url",
        "chat_model",
        "embed_model",
    )
    @classmethod
    def _blank_is_unset(cls, value: str | None) -> str | None:
        return value.strip() or None if value else None

    @property
    def knowledge_dir(self) -> Path:
        """The app's own guides, exercises, helplines and safety rules."""
        return content_root() / "knowledge"

    @property
    def documents_dir(self) -> Path:
        """Cleaned text of the documents the site's owner has added."""
        return self.data_dir / "documents"

    @property
    def store_url(self) -> str:
        """The database in use."""
        return self.database_url or f"sqlite:///{self.data_dir / 'attune.sqlite3'}"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsWrong: with one sentence naming the variable that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "COACH_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsWrong(
            f"The setting {name} cannot be used: {first['msg'].removeprefix('Value error, ')}."
        ) from error
