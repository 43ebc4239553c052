"""Cached answers of Slack: one call at a time, a bounded number, and typed errors."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientConnectionError
from slack_sdk.errors import SlackApiError

from bot.slack import lookups
from bot.slack.errors import GatewayError, GatewayUnavailableError
from bot.slack.lookups import Lookups


class Slack:
    """A look-up with a given answer that waits for `may` and counts its calls."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls = 0
        self.called = asyncio.Event()
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self) -> Any:
        self.calls += 1
        self.called.set()
        answer = self.answer
        await self.may.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


def refused(word: str) -> SlackApiError:
    return SlackApiError("refused", {"ok": False, "error": word})  # type: ignore[no-untyped-call]


async def test_concurrent_callers_share_one_call() -> None:
    slack, cache = Slack("one"), Lookups()
    slack.may.clear()
    asking = [asyncio.create_task(cache.get("emoji.list", slack, 300)) for _ in range(36)]
    await asyncio.sleep(0)
    asking[0].cancel()  # the call continues for the others
    slack.may.set()
    assert await asyncio.gather(*asking[1:]) == ["one"] * 35
    assert slack.calls == 1
    slack.answer = "two"
    assert await cache.get("emoji.list", slack, 300) == "one"
    assert await cache.get("emoji.list", slack, 0) == "two"


async def test_a_refusal_without_an_older_answer_is_raised_to_all_callers() -> None:
    slack, cache = Slack(refused("missing_scope")), Lookups()
    asking = (cache.get("usergroups.list", slack, 300) for _ in range(36))
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(error) for error in found} == {GatewayError}
    assert slack.calls == 1
    assert "missing_scope: reinstall the app" in cache.problems["usergroups.list"]
    with pytest.raises(GatewayError, match="Slack answered missing_scope"):
        await cache.get("usergroups.list", slack, 0)
    assert slack.calls == 1


@pytest.mark.parametrize("error", [ClientConnectionError(), TimeoutError(), OSError(), refused("")])
async def test_an_old_answer_is_used_during_an_outage(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "_AWAY_S", 0.0)
    slack, cache = Slack("old"), Lookups()
    assert await cache.get("emoji.list", slack, 0) == "old"
    slack.answer = error
    assert await cache.get("emoji.list", slack, 0) == "old"
    assert list(cache.problems) == ["emoji.list"]
    with pytest.raises(GatewayUnavailableError):
        await cache.get("conversations.list", slack, 0)
    slack.answer = "new"
    assert await cache.get("emoji.list", slack, 0) == "new"
    assert list(cache.problems) == ["conversations.list"]


async def test_a_call_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "_DEADLINE_S", 0.01)
    slack, cache = Slack("late"), Lookups()
    slack.may.clear()
    with pytest.raises(GatewayUnavailableError, match="TimeoutError"):
        await cache.get("emoji.list", slack, 300)


async def test_an_answer_that_expired_during_the_call_is_not_cached() -> None:
    slack, cache = Slack("before"), Lookups()
    slack.may.clear()
    early = asyncio.create_task(cache.get("emoji.list", slack, 300))
    await slack.called.wait()
    cache.expire("emoji.list")
    slack.answer = "after"
    slack.may.set()
    assert await early == "before"
    assert await cache.get("emoji.list", slack, 300) == "after"
    assert await cache.get("emoji.list", slack, 300) == "after"
    assert slack.calls == 2


async def test_the_cache_is_bounded_and_keeps_used_answers() -> None:
    slack, cache = Slack("name"), Lookups(most=100)
    for number in range(1_000):
        await cache.get(f"users.info:U{number}", slack, 300)
        await cache.get("emoji.list", slack, 300)
    assert len(cache) == 100
    assert slack.calls == 1_001


async def test_a_bug_is_raised_and_not_cached() -> None:
    slack, cache = Slack(KeyError("channels")), Lookups()
    with pytest.raises(KeyError):
        await cache.get("conversations.list", slack, 300)
    slack.answer = "well"
    assert await cache.get("conversations.list", slack, 300) == "well"
