"""Settings from the environment, labels and channels from triage.toml; frozen, made once."""

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
from bot.config.problems import problems
from classifiers.base import Label, LabelSet
from classifiers.config import LlmConfig, LocalConfig
from classifiers.llm.prompt import UNSURE
from classifiers.text import legible
from learning.config import DriftConfig, GateConfig, TrainConfig
from storage.config import IntakeConfig, KeepConfig
from storage.server import address


class ConfigError(Exception):
    """A setting is wrong: the message names its key, what is wrong, and what would be right."""


class Mode(StrEnum):
    """What people in a channel see of the bot."""

    MONITOR = "monitor"
    SUGGEST = "suggest"
    ROUTE = "route"


def _emoji(name: str) -> str:
    bare = standard_name(name)
    if not is_emoji_name(bare):
        raise ValueError('an emoji is written by its Slack name, such as "moneybag"')
    return bare


def _label_name(name: str) -> str:
    if legible(name) != name:
        raise ValueError("a label's name must not contain control characters: remove them")
    if name.casefold() == UNSURE.casefold():
        raise ValueError(f"{UNSURE} is what the LLM answers if no label fits: choose another name")
    return name


def _channel(name: str) -> str:
    if not re.fullmatch(r"#[^\s#A-Z]{1,80}|[CG][A-Z0-9]{2,}", name):
        raise ValueError('a channel is "#name" (lower case) or an id such as "C0123ABCD"')
    return name


def _people(name: str) -> str:
    if not re.fullmatch(r"@[^\s@]{1,80}|[SUW][A-Z0-9]{2,}", name):
        raise ValueError('people are a group "@handle", a group id "S…" or a user id "U…"')
    return name


Emoji = Annotated[str, AfterValidator(_emoji)]
Channel = Annotated[str, AfterValidator(_channel)]
People = Annotated[str, AfterValidator(_people)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PacingConfig(BaseModel):
    """The table `[pacing]`: which part of Slack's published limits is used; 0 is unlimited."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factor: float = Field(default=1.0, ge=0.0)


class LabelConfig(_Frozen):
    """One label: what it means, the emoji that shows it, and where its messages go."""

    name: Annotated[str, AfterValidator(_label_name)] = Field(
        min_length=1, max_length=60, pattern=r"^\S(.*\S)?$"
    )
    description: str = ""
    emoji: Emoji
    channel: Channel | None = None
    mention: People | None = None
    examples: tuple[str, ...] = ()


class TriageConfig(_Frozen):
    """The table `[triage]`: people, emoji and the precision asked for."""

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
        names: set[str] = set()
        emoji = {
            self.triage.confirm_emoji: "triage.confirm_emoji",
        }
        taken = [(self.triage.needs_human_emoji, "triage.needs_human_emoji")]
        taken += [(label.emoji, f"label {label.name}") for label in self.labels]
        for name, owner in taken:
            if name in emoji:
                raise ValueError(
                    f'emoji "{name}" is used by {emoji[name]} and by {owner}: give each its own'
                )
            emoji[name] = owner
        for label in self.labels:
            if label.name in names:
                raise ValueError(f'label "{label.name}" is there twice: rename one of them')
            names.add(label.name)
        return self

    @property
    def label_set(self) -> LabelSet:
        """The labels as classifiers see them."""
        return LabelSet(
            tuple(Label(one.name, one.description, one.examples) for one in self.labels)
        )

    def label(self, name: str) -> LabelConfig:
        """The label of this name; KeyError where there is none."""
        return next(one for one in self.labels if one.name == name)

    def label_of_emoji(self, emoji: str) -> str | None:
        """The name of the label that this emoji stands for."""
        return next((one.name for one in self.labels if one.emoji == emoji), None)


class Settings(_Frozen):
    """What the environment says; see .env.example for each variable."""

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
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            raise ValueError("write an address that starts with https:// or http://")
        if re.search(r"\s", url) or parts.query or parts.fragment:
            raise ValueError("leave out spaces and all that begins with ? or #")
        if parts.path.rstrip("/").endswith("/chat/completions"):
            raise ValueError("leave out /chat/completions: it is added")
        return url if url.endswith("/") else url + "/"

    @field_validator("*")
    @classmethod
    def _secret(cls, value: Any) -> Any:
        if isinstance(value, SecretStr) and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("it has a space or a letter outside ASCII in it: copy it again")
        return value

    @field_validator("triage_config", "triage_data_dir")
    @classmethod
    def _path(cls, path: Path) -> Path:
        try:
            return path.expanduser()
        except RuntimeError:
            raise ValueError("~ is no home folder here: write the whole path") from None

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _token(cls, token: SecretStr | None, info: Any) -> SecretStr | None:
        prefix = "xoxb-" if info.field_name == "slack_bot_token" else "xapp-"
        if token is not None and not token.get_secret_value().startswith(prefix):
            raise ValueError(f"this token starts with {prefix}")
        return token

    def key_of(self, backend: str) -> str:
        """Return the key for a training backend's models, "" if there is none."""
        keys = {
            "openai": self.openai_api_key,
            "azure": self.azure_openai_api_key,
            "nebius": self.nebius_api_key,
        }
        return revealed(keys.get(backend))


def revealed(secret: SecretStr | None) -> str:
    """Return a secret's value, "" if it is not set."""
    return "" if secret is None else secret.get_secret_value()


def _problem(source: str, error: ValidationError) -> ConfigError:
    errors = error.errors(include_url=False, include_input=False)
    return ConfigError("\n".join(f"{source}: {one}" for one in problems(errors, Config)))


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in environment variables; ConfigError names each one that is wrong.

    White space around a value is dropped, as tokens read from files end in a newline. An empty
    variable counts as unset.
    """
    known = {name.upper(): name for name in Settings.model_fields}
    trimmed = {known[key]: value.strip() for key, value in environment.items() if key in known}
    given = {key: value for key, value in trimmed.items() if value}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        lines = [
            f"{str(one['loc'][0]).upper()}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("\n".join(lines)) from None


def load_config(path: Path) -> Config:
    """triage.toml, checked; ConfigError names each bad key and what would be right."""
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; write one with `triage config init`, or set TRIAGE_CONFIG"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: it is not in UTF-8: save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: it cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from None
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise _problem(str(path), error) from None


def shipped_config() -> Path:
    """Return the triage.toml of the distribution, or of the checkout."""
    package = Path(str(files("bot")))
    installed = package / "triage.toml"
    return installed if installed.exists() else package.parent / "triage.toml"
