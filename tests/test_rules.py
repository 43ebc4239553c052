"""Rules of this code base that no linter checks."""

import ast
import re
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot import commands
from bot.cli.checks.slack import SCOPES
from bot.commands.dispatch import VERBS
from bot.config.config import Settings
from bot.slack import intake
from classifiers.config import LlmConfig
from storage import keys
from tests.sources import PACKAGES, SOURCES

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
    "files_completeUploadExternal": {"files:write"},
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
    """Return the Web API methods that the bot calls, by their names in the SDK."""
    found = re.compile(r"client\.((?:[a-z]+_)+[a-zA-Z0-9]+)[(),]")
    names = {
        name
        for path in SOURCES
        if path.parts[0] == "bot"
        for name in found.findall(path.read_text())
    }
    return {name for name in names if hasattr(AsyncWebClient, name)}


def test_the_manifest_requests_exactly_the_scopes_in_use() -> None:
    assert calls() == set(SCOPE_OF_CALL)
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert set(events) == set(SCOPE_OF_EVENT)
    assert {name.split(".")[0] for name in events} == set(intake.EVENTS)
    needed = {"commands"}.union(*SCOPE_OF_CALL.values(), *SCOPE_OF_EVENT.values())
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed == set(SCOPES)
    [command] = MANIFEST["features"]["slash_commands"]
    assert command["command"] == "/triage"
    assert command["usage_hint"].split(" | ") == list(VERBS)


def test_every_verb_has_a_usage_line() -> None:
    modules = {name: import_module(f"{commands.__name__}.{name}") for name in VERBS}
    assert {name for name in VERBS if f"`/triage {name}" in modules[name].HELP} == set(VERBS)


def test_every_setting_is_in_the_example_file_and_the_docs() -> None:
    names = {name.upper() for name in Settings.model_fields}
    example = set(re.findall(r"^#? ?([A-Z_]+)=", Path(".env.example").read_text(), re.MULTILINE))
    assert example == names
    operator = Path("docs/operator.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in operator] == []


def test_every_key_of_the_llm_table_is_in_the_docs() -> None:
    operator = Path("docs/operator.md").read_text()
    assert [name for name in LlmConfig.model_fields if f"`{name}" not in operator] == []


def test_keys_are_made_in_one_place_with_their_lifetime() -> None:
    for path in SOURCES:
        if path.parts[0] == "storage" and path.name != "keys.py":
            assert "triage:" not in path.read_text(), f"{path}: make the key in storage/keys.py"
    for name, key in vars(keys).items():
        if callable(key) and not name.startswith("_"):
            lifetime = re.search(r"Lives|lives|Permanent", key.__doc__ or "")
            assert lifetime, f"storage/keys.py: {name}: name the key's lifetime in its docstring"


RIDDLES = re.compile(r"\s*(What|How|Whether|Where|Which|That|Who)\b")
"""First words of docstrings that make a reader guess: "What was taken", "Whether it is due"."""


def docstrings(tree: ast.AST) -> list[str]:
    """Return the docstrings of modules, classes, functions and values."""
    return [
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    found = [
        f"{path}: {text.strip().splitlines()[0]}"
        for path in SOURCES
        for text in docstrings(ast.parse(path.read_text()))
        if RIDDLES.match(text)
    ]
    assert found == []
    [opening] = docstrings(ast.parse('def f():\n    """How it is done."""'))
    assert RIDDLES.match(opening)
    assert not RIDDLES.match("However long, return the text.")


BARE_TASKS = {
    "bot/slack/flights.py": "passes errors to each caller",
    "bot/app/loops.py": "starts the loops, and logs the result of each step",
    "bot/app/socket_mode.py": "restarts a task of the SDK, which the SDK's loop watches",
    "bot/tasks.py": "starts one-off work, and logs its result",
    "bot/message/worker.py": "the step that starts two waits also awaits them",
    "classifiers/batching.py": "passes errors to each caller",
    "classifiers/local/local.py": "logs a failed fit",
    "classifiers/llm/meter.py": "awaited by its request, even if that is cancelled",
    "learning/export/export.py": "awaited in the function that starts it",
    "sandbox/delivery/delivery.py": "logs a failed delivery; the sandbox cannot import the bot",
    "storage/server/leases.py": "catches and logs every error of a renewal",
}
"""The modules that start tasks directly, and why no failure is silent there."""


def starts_a_task(node: ast.AST) -> bool:
    """Return True for a call that starts a task, unless a task group awaits it."""
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    if called.endswith("group.create_task"):
        return False
    return called.split(".")[-1] in {"create_task", "ensure_future", "run_coroutine_threadsafe"}


def test_background_tasks_are_watched() -> None:
    found = {
        str(path)
        for path in SOURCES
        if any(map(starts_a_task, ast.walk(ast.parse(path.read_text()))))
    }
    assert found == set(BARE_TASKS), "start the task with Loops.start or bot/tasks.py's watched()"
    assert starts_a_task(ast.parse("loop.create_task(f())", mode="eval").body)


LISTENERS = {"action", "command", "event", "function", "global_shortcut", "message_shortcut"}
LISTENERS |= {"message", "options", "shortcut", "view", "view_closed", "view_submission"}


def listens(node: ast.AST) -> bool:
    """Return True for a call that registers a listener with bolt's app."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {
        f"app.{name}" for name in LISTENERS
    }


def test_triggers_are_stored_before_they_run() -> None:
    found = {
        str(path)
        for path in SOURCES
        if "AsyncApp" in path.read_text()
        and any(map(listens, ast.walk(ast.parse(path.read_text()))))
    }
    hint = "a listener may only store the trigger and acknowledge it"
    assert found == {"bot/commands/forward.py"}, hint
    listeners = ast.parse(Path("bot/commands/forward.py").read_text())
    awaited = {
        ast.unparse(node.value).partition("(")[0]
        for node in ast.walk(listeners)
        if isinstance(node, ast.Await)
    }
    assert awaited == {"ack", "inbox.receive"}


def test_no_dependency_installs_a_package_of_our_names() -> None:
    for name in PACKAGES:
        assert set(packages_distributions().get(name, ["support-triage"])) == {"support-triage"}
