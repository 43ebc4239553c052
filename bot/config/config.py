"""Settings from environment variables, and labels and channels from triage.toml."""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.config.cards import CardsConfig
from bot.config.emoji_names import is_emoji_name, standard_name
from bot.config.problems import file_problems, reason
from classifiers.base import Label, LabelSet
from classifiers.config import LlmConfig, LocalConfig
from classifiers.llm.prompt import UNSURE
from classifiers.text import legible
from learning.config import DriftConfig, GateConfig, TrainConfig
from storage.config import IntakeConfig, KeepConfig
from storage.server import address


class ConfigError(Exception):
    """A setting is wrong; the message names it, says what is wrong and what to do."""


class Mode(StrEnum):
    """The visibility of the bot in a channel."""

    MONITOR = "monitor"
    SUGGEST = "suggest"
    ROUTE = "route"


def _emoji(name: str) -> str:
    bare = standard_name(name)
    if not is_emoji_name(bare):
        raise ValueError('not an emoji. Write its name in Slack, such as "moneybag".')
    return bare


def _label_name(name: str) -> str:
    if legible(name) != name:
        raise ValueError("contains control characters. Remove them.")
    if name != name.strip():
        raise ValueError("begins or ends with a space. Remove it.")
    if "\n" in name:
        raise ValueError("contains a line break. Write the name on one line.")
    if name.casefold() == UNSURE.casefold():
        raise ValueError(
            f"{UNSURE} is reserved: the LLM answers it if no label fits. Choose another name."
        )
    return name


def _channel(name: str) -> str:
    if not re.fullmatch(r"#[^\s#A-Z]{1,80}|[CG][A-Z0-9]{2,}", name):
        raise ValueError(
            'not a channel. Write "#name" in lower case, or an id such as "C0123ABCD".'
        )
    return name


def _people(name: str) -> str:
    if not re.fullmatch(r"@[^\s@]{1,80}|[SUW][A-Z0-9]{2,}", name):
        raise ValueError(
            'not a person or group. Write a group as "@handle" or by its id "S…", '
            'and a person by the id "U…".'
        )
    return name


Emoji = Annotated[str, AfterValidator(_emoji)]
Channel = Annotated[str, AfterValidator(_channel)]
People = Annotated[str, AfterValidator(_people)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PacingConfig(BaseModel):
    """The table `[pacing]`: the share of Slack's published rate limits to use; 0 is unlimited."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factor: float = Field(default=1.0, ge=0.0)


class LabelConfig(_Frozen):
    """One label: its meaning, its emoji, and the channel that its requests are routed to."""

    name: Annotated[str, AfterValidator(_label_name)] = Field(min_length=1, max_length=60)
    description: str = ""
    emoji: Emoji
    channel: Channel | None = None
    mention: People | None = None
    examples: tuple[str, ...] = ()


class TriageConfig(_Frozen):
    """The table `[triage]`: people, emoji and the target precision."""

    target_precision: float = Field(default=0.9, gt=0.0, lt=1.0)
    confirm_emoji: Emoji = "white_check_mark"
    needs_human_emoji: Emoji = "raising_hand"
    needs_human_channel: Channel | None = None
    admin_channel: Channel | None = None
    agents: tuple[People, ...] = ()
    admins: tuple[People, ...] = ()
    allowed_bots: frozenset[str] = frozenset()


class Config(_Frozen):
    """All of triage.toml."""

    triage: TriageConfig = TriageConfig()
    llm: LlmConfig = LlmConfig()
    local: LocalConfig = LocalConfig()
    intake: IntakeConfig = IntakeConfig()
    keep: KeepConfig = KeepConfig()
    pacing: PacingConfig = PacingConfig()
    cards: CardsConfig = CardsConfig()
    channels: dict[Channel, Mode] = {}
    labels: tuple[LabelConfig, ...] = Field(min_length=1)
    gate: GateConfig = GateConfig()
    drift: DriftConfig = DriftConfig()
    train: TrainConfig = TrainConfig()

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        numbers: dict[str, int] = {}
        for number, label in enumerate(self.labels, 1):
            first = numbers.setdefault(label.name, number)
            if first != number:
                raise ValueError(
                    f'duplicate label name "{label.name}" (labels {first} and {number}). '
                    "Rename one of them."
                )
        owners = {self.triage.confirm_emoji: "triage.confirm_emoji"}
        others = [(self.triage.needs_human_emoji, "triage.needs_human_emoji")]
        others += [(label.emoji, f"label {label.name}") for label in self.labels]
        for emoji, owner in others:
            if emoji in owners:
                raise ValueError(
                    f'duplicate emoji "{emoji}" ({owners[emoji]} and {owner}). '
                    "Give each an emoji that nothing else uses."
                )
            owners[emoji] = owner
        return self

    @property
    def label_set(self) -> LabelSet:
        """Return the labels as classifiers see them."""
        return LabelSet(
            tuple(Label(label.name, label.description, label.examples) for label in self.labels)
        )

    def label(self, name: str) -> LabelConfig:
        """Return the label of this name, which must exist."""
        return next(label for label in self.labels if label.name == name)

    def label_of_emoji(self, emoji: str) -> str | None:
        """Return the name of the label that an emoji stands for, or None."""
        return next((label.name for label in self.labels if label.emoji == emoji), None)


_TOKENS = {  # prefix, and the page of api.slack.com/apps that shows the token
    "slack_bot_token": ("xoxb-", "OAuth & Permissions"),
    "slack_app_token": ("xapp-", "Basic Information, App-Level Tokens"),
}


class Settings(_Frozen):
    """Settings from environment variables; docs/operator.md describes each."""

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    redis_url: str | None = None
    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-6-luna"
    azure_openai_api_key: SecretStr | None = None
    azure_tenant_id: str = ""
    azure_client_id: str = ""
    azure_client_secret: SecretStr | None = None
    nebius_api_key: SecretStr | None = None
    triage_config: Path = Path("triage.toml")
    triage_host: str = "127.0.0.1"
    triage_metrics_port: int | None = Field(default=None, ge=1, le=65535)
    triage_data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("support-triage")
    )

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, url: str | None) -> str | None:
        if url is not None:
            address.parse(url)
        return url

    @field_validator("slack_api_url", "openai_base_url")
    @classmethod
    def _http(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts, port = urlsplit(url), urlsplit(url).port
        except ValueError:  # its message may quote a password
            raise ValueError("not a URL. Check the host and the port.") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
            raise ValueError("not a URL. Write one that starts with https:// or http://.")
        if re.search(r"\s", url) or parts.query or parts.fragment:
            raise ValueError("contains a space, ? or #. Remove it and everything after it.")
        if parts.path.rstrip("/").endswith("/chat/completions"):
            raise ValueError("ends in /chat/completions. Remove that: the bot adds it.")
        return url if url.endswith("/") else url + "/"

    @field_validator("*")
    @classmethod
    def _secret(cls, value: Any) -> Any:
        if isinstance(value, SecretStr) and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("contains a space or a character outside ASCII. Copy it again.")
        return value

    @field_validator("triage_config", "triage_data_dir")
    @classmethod
    def _path(cls, path: Path) -> Path:
        try:
            return path.expanduser()
        except RuntimeError:
            raise ValueError("~ cannot be resolved: no home folder. Write the full path.") from None

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _token(cls, token: SecretStr | None, info: Any) -> SecretStr | None:
        prefix, place = _TOKENS[info.field_name]
        if token is not None and not token.get_secret_value().startswith(prefix):
            raise ValueError(f"does not start with {prefix}. Copy it from {place}.")
        return token

    def key_of(self, backend: str) -> str:
        """Return the API key of a training backend, "" if it has none."""
        keys = {
            "openai": self.openai_api_key,
            "azure": self.azure_openai_api_key,
            "nebius": self.nebius_api_key,
        }
        return revealed(keys.get(backend))


def revealed(secret: SecretStr | None) -> str:
    """Return a secret's value, "" if it is not set."""
    return "" if secret is None else secret.get_secret_value()


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in environment variables; raise ConfigError that names each wrong one.

    White space around a value is dropped, as tokens read from files end in a newline. An empty
    variable counts as unset.
    """
    known = {name.upper(): name for name in Settings.model_fields}
    trimmed = {known[key]: value.strip() for key, value in environment.items() if key in known}
    given = {key: value for key, value in trimmed.items() if value}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)  # values may be secret
        names = [str(wrong["loc"][0]).upper() for wrong in errors]
        lines = (
            f"{name}: {reason(wrong, name)}" for name, wrong in zip(names, errors, strict=True)
        )
        raise ConfigError("\n".join(lines)) from None


def load_config(path: Path) -> Config:
    """Return triage.toml, validated; raise ConfigError that names each wrong key."""
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file. Create it with `triage config init {path}`, "
            "or set TRIAGE_CONFIG."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not encoded as UTF-8. Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot read the file: {error.strerror or error}. "
            "Make it a file that this user may read."
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        lines = file_problems(error.errors(include_url=False), Config)
        raise ConfigError("\n".join(f"{path}: {line}" for line in lines)) from None


def shipped_config() -> Path:
    """Return the path of the triage.toml that the package, or the checkout, comes with."""
    package = Path(str(files("bot")))
    installed = package / "triage.toml"
    return installed if installed.exists() else package.parent / "triage.toml"
