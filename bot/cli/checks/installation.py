"""Checks of settings, Redis and the model."""

import asyncio

from bot.cli.checks.finding import Finding
from bot.config.config import Config, Settings
from bot.model.build import classifier_of, llm_of
from classifiers.base import ClassifierError
from classifiers.factory import LlmUse, close
from classifiers.plural import plural
from storage.errors import StorageUnavailableError
from storage.server.connection import connect
from storage.server.embedded import EmbeddedValkeyError
from storage.server.rights import NEEDED, USEFUL, refused_commands


def check_settings(settings: Settings, config: Config) -> list[Finding]:
    """Return findings on triage.toml, tokens, how events arrive, agents and admins."""
    token, app_token = settings.slack_bot_token, settings.slack_app_token
    found = [
        Finding(
            "triage.toml", f"{plural(len(config.labels), 'label')}, set {config.label_set.version}"
        ),
        Finding("SLACK_BOT_TOKEN", "set")
        if token
        else Finding("SLACK_BOT_TOKEN", "not set", "install the app and copy its xoxb- token"),
    ]
    if app_token or settings.slack_signing_secret:
        way = "Socket Mode" if app_token else "HTTP (triage run --port)"
        found.append(Finding("receiving", way))
    else:
        advice = "set SLACK_APP_TOKEN, or set SLACK_SIGNING_SECRET and run with --port"
        found.append(Finding("receiving", "cannot receive events", advice))
    for key in ("agents", "admins"):
        people = getattr(config.triage, key)
        advice = "" if people else f"name a group or users in triage.toml: [triage] {key}"
        found.append(Finding(key, ", ".join(people) or "nobody", advice))
    return found


async def check_redis(settings: Settings) -> list[Finding]:
    """Return findings on the server and the rights of its user."""
    where = "embedded" if settings.redis_url is None else "REDIS_URL"
    try:
        async with connect(settings.redis_url, settings.triage_data_dir) as redis:
            missing = await refused_commands(redis, NEEDED)
            missed = await refused_commands(redis, USEFUL)
            info = {} if "INFO" in missed else await redis.info("server")
    except (StorageUnavailableError, EmbeddedValkeyError, OSError) as error:
        advice = f"{where}: start the server, or correct the address"
        return [Finding("Redis", str(error)[:200], advice)]
    version = info.get("valkey_version") or info.get("redis_version") or "unknown"
    return [Finding("Redis", f"{where}, version {version}"), *_rights(missing, missed)]


def _rights(missing: list[str], missed: list[str]) -> list[Finding]:
    found = []
    if missing:
        advice = "allow these commands in the ACL of the user in REDIS_URL"
        found.append(Finding("Redis rights", f"refused: {', '.join(missing)}", advice))
    if missed:
        advice = "allow INFO (notices failovers) and MEMORY USAGE (bounds the inbox in bytes)"
        found.append(Finding("Redis rights", f"refused: {', '.join(missed)}", advice))
    return found


async def check_model(settings: Settings, config: Config) -> Finding:
    """Classify one text, and return a finding with the time it took."""
    llm, use = llm_of(settings), LlmUse(config.llm)
    kind = "local" if llm is None else "llm"
    try:
        classifier = await asyncio.to_thread(
            classifier_of, settings, config.label_set, config.triage.target_precision, kind, use=use
        )
        try:
            [prediction] = await classifier.classify(["My invoice shows the wrong amount"])
        finally:
            await close(classifier)
    except ClassifierError as error:
        return Finding("model", "does not answer", str(error))
    found = f"{prediction.classifier} in {prediction.latency_ms:.0f} ms"
    if llm is not None and llm.model not in config.llm.prices:
        return Finding(
            "model", found, f'add [llm.prices."{llm.model}"] to triage.toml, to count costs'
        )
    return Finding("model", found)
