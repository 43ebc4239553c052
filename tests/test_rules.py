"""Rules of this code base that no linter knows."""

import re
from pathlib import Path

import yaml

from support_triage.bot import intake
from support_triage.bot.config import Settings
from support_triage.bot.doctor import SCOPES
from support_triage.classifiers.llm_config import LlmConfig
from support_triage.storage import keys

SOURCES = sorted(Path("support_triage").rglob("*.py"))
MANIFEST = yaml.safe_load(Path("manifest.yml").read_text())

SCOPE_OF_CALL = {
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "metadata.message:read"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_list": {"channels:read", "groups:read"},
    "conversations_open": {"im:write"},
    "emoji_list": {"emoji:read"},
    "files_upload_v2": {"files:write"},
    "reactions_add": {"reactions:write"},
    "reactions_remove": {"reactions:write"},
    "usergroups_list": {"usergroups:read"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read"},
}
SCOPE_OF_EVENT = {
    "emoji_changed": {"emoji:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "reaction_added": {"reactions:read"},
    "reaction_removed": {"reactions:read"},
}


def calls() -> set[str]:
    """Web API methods that the bot calls, by their names in the SDK."""
    found = re.compile(r"client\.((?:[a-z]+_)+[a-zA-Z0-9]+)\(")
    return {
        name for path in SOURCES if "bot" in path.parts for name in found.findall(path.read_text())
    }


def test_the_manifest_asks_for_just_the_scopes_that_are_used() -> None:
    assert calls() == set(SCOPE_OF_CALL)
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert set(events) == set(SCOPE_OF_EVENT)
    assert {name.split(".")[0] for name in events} == set(intake.EVENTS)
    needed = {"commands"}.union(*SCOPE_OF_CALL.values(), *SCOPE_OF_EVENT.values())
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed == set(SCOPES)
    assert [one["command"] for one in MANIFEST["features"]["slash_commands"]] == ["/triage"]


def test_every_setting_is_in_the_example_file_and_the_docs() -> None:
    names = {name.upper() for name in Settings.model_fields}
    example = set(re.findall(r"^#? ?([A-Z_]+)=", Path(".env.example").read_text(), re.MULTILINE))
    assert example == names
    operator = Path("docs/operator.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in operator] == []


def test_every_key_of_the_llm_table_is_in_the_docs() -> None:
    operator = Path("docs/operator.md").read_text()
    assert [name for name in LlmConfig.model_fields if f"`{name}" not in operator] == []


def test_keys_are_made_in_one_place_and_say_their_life() -> None:
    for path in SOURCES:
        if path.parts[1] == "storage" and path.name != "keys.py":
            assert "triage:" not in path.read_text(), f"{path} makes a key of its own"
    for name, made in vars(keys).items():
        if callable(made) and not name.startswith("_"):
            assert re.search(r"Lives|lives|Permanent", made.__doc__ or ""), f"{name}: what life?"
