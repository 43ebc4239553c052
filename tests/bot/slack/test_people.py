"""Rights: new agents are recognized, strangers cost little, a refused group grants none."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.config.config import TriageConfig, load_config
from bot.slack import people as module
from bot.slack.client import web_client
from bot.slack.directory import OUTAGE_S, Directory
from bot.slack.errors import ADVICE, GatewayUnavailableError
from bot.slack.people import People, group_problems
from storage import keys
from storage.server.connection import connect
from storage.workspace import members as storage
from storage.workspace.members import Members, Membership
from tests.sandbox.running import RunningSandbox, eventually, running_sandbox
from tests.stories.conftest import TEAM
from tests.valkeys import Valkey

AGENTS, ADMINS = "@support-agents", "@support-admins"
CONFIG = TriageConfig(agents=(AGENTS, "U0CLEO"), admins=(ADMINS,))


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox() as running:
        yield running


@dataclass
class Processes:
    """Several processes of one workspace, each with a separate connection and cache."""

    sandbox: RunningSandbox
    redis: Valkey
    all: list[People]

    @property
    def one(self) -> People:
        return self.all[0]

    async def calls(self, method: str = "usergroups.users.list") -> list[dict[str, Any]]:
        return await self.sandbox.control.calls(method)

    def group(self, handle: str) -> dict[str, Any]:
        groups = self.sandbox.state.usergroups
        return next(one for one in groups if f"@{one['handle']}" == handle)

    async def may_ask_again(self) -> None:
        """Act as if ASK_EVERY_S had passed."""
        for name in (AGENTS, ADMINS):
            await self.redis.delete(keys.asking(TEAM, name))

    async def age(self, seconds: float) -> None:
        """Make the known memberships older by some seconds."""
        for name, stored in (await self.redis.hgetall(keys.members(TEAM))).items():
            known = Membership.model_validate_json(stored)
            times = ("at", "tried", "refused_at")
            older = {one: max(0.0, getattr(known, one) - seconds) for one in times}
            changed = known.model_copy(update=older).model_dump_json()
            await self.redis.hset(keys.members(TEAM), name, changed)
        await self.may_ask_again()


@pytest.fixture
async def processes(
    sandbox: RunningSandbox, redis: Valkey, valkey_url: str
) -> AsyncIterator[Processes]:
    config = load_config(Path("triage.toml"))
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(4):
            own = await stack.enter_async_context(connect(valkey_url, Path("/nonexistent")))
            directory = Directory(web_client(sandbox.bot_token, sandbox.api_url), config)
            found.append(People(CONFIG, directory, Members(own, TEAM)))
        yield Processes(sandbox, redis, found)


async def now(processes: Processes) -> float:
    return await processes.one.now()


@contextmanager
def kept() -> Iterator[pytest.ExceptionInfo[GatewayUnavailableError]]:
    """Expect that an event is kept until the rights of its user are known."""
    with pytest.raises(GatewayUnavailableError) as caught:
        yield caught
    after = caught.value.after_s
    assert after is not None
    assert 0 < after <= storage.ASK_EVERY_S


async def test_agents_and_admins_are_agents_and_strangers_are_not(processes: Processes) -> None:
    since = await now(processes)
    for user in ("U0AVA", "U0ADA", "U0CLEO"):
        assert await processes.one.is_agent(user, since)
    assert not await processes.one.is_agent("U0CARL", since)
    assert await processes.one.is_admin("U0ADA")
    assert not await processes.one.is_admin("U0AVA")
    assert await processes.one.admins() == ["U0ADA"]
    assert await processes.one.problems() == {}


async def test_many_strangers_cause_one_look_up_and_no_new_agent_is_lost(
    processes: Processes,
) -> None:
    assert await processes.one.is_agent("U0AVA", await now(processes))
    processes.group(AGENTS)["users"].append("U0CARL")
    since = await now(processes)

    async def reacts(number: int) -> bool | None:
        user = "U0CARL" if number == 150 else f"U0STRANGER{number}"
        try:
            return await processes.all[number % 4].is_agent(user, since)
        except GatewayUnavailableError:
            return None

    first = await asyncio.gather(*(reacts(number) for number in range(300)))
    assert set(first) == {None}  # all of them are kept
    assert len(await processes.calls()) == 2  # one per group
    await processes.may_ask_again()
    waiting, counted = set(range(300)), {}

    async def all_known() -> bool:
        for number in sorted(waiting):
            answer = await reacts(number)
            if answer is not None:
                counted[number] = answer
                waiting.discard(number)
        return not waiting

    await eventually(all_known)
    assert [number for number, agent in counted.items() if agent] == [150]
    assert len(await processes.calls()) == 4


async def test_a_process_that_died_during_a_look_up_does_not_block_others(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ASK_EVERY_S", 0.3)
    claim = await processes.one.members.claim(AGENTS)  # killed here
    assert not claim.wait_s
    since = await now(processes)
    with kept():
        await processes.all[1].is_agent("U0CARL", since)

    async def known() -> bool:
        try:
            return await processes.all[1].is_agent("U0AVA", since)
        except GatewayUnavailableError:
            return False

    await eventually(known)


@pytest.mark.parametrize("word", ["missing_scope", "account_inactive", "token_revoked"])
async def test_a_refusal_removes_a_groups_rights_in_every_process(
    processes: Processes, word: str
) -> None:
    for one in processes.all:
        assert await one.is_admin("U0ADA")
        assert await one.is_agent("U0AVA", await now(processes))
    await processes.age(module.FRESH_S)
    await processes.sandbox.control.faults("usergroups.users.list", word, times=2)
    assert not await processes.all[1].is_admin("U0ADA")
    for one in processes.all:
        assert not await one.is_admin("U0ADA")
        assert not await one.is_agent("U0AVA", await now(processes) - 60)
        assert await one.is_agent("U0CLEO", await now(processes))
        assert await one.admins() == []
    found = await group_problems(CONFIG, Members(processes.redis, TEAM))
    assert set(found) == {f"user group {AGENTS}", f"user group {ADMINS}"}
    assert ADVICE[word] in found[f"user group {ADMINS}"]
    assert "Nobody has rights through it now" in found[f"user group {ADMINS}"]
    await processes.age(storage.ASK_EVERY_S)
    assert await processes.one.is_admin("U0ADA")  # fixed
    assert f"user group {ADMINS}" not in await processes.one.problems()


@pytest.mark.parametrize(
    "word", ["no_such_subteam", "plan_upgrade_required", "paid_teams_only", "subteam_disabled"]
)
async def test_a_deleted_group_does_not_affect_others(processes: Processes, word: str) -> None:
    await processes.sandbox.control.faults("usergroups.users.list", word)
    since = await now(processes)
    found = [await processes.one.is_agent(user, since) for user in ("U0AVA", "U0ADA", "U0CLEO")]
    gone = AGENTS if found[1] else ADMINS  # both are looked up at once
    assert found == [gone == ADMINS, gone == AGENTS, True]
    problems = await processes.one.problems()
    assert list(problems) == [f"user group {gone}"]
    assert ADVICE[word] in problems[f"user group {gone}"]


async def test_an_unknown_handle_does_not_affect_other_groups(processes: Processes) -> None:
    processes.sandbox.state.usergroups.remove(processes.group(AGENTS))
    since = await now(processes)
    found = [await processes.one.is_agent(user, since) for user in ("U0AVA", "U0ADA", "U0CLEO")]
    assert found == [False, True, True]
    assert "list its members by id" in str(await processes.one.problems())


async def test_last_known_members_keep_rights_for_an_hour_of_an_outage(
    processes: Processes,
) -> None:
    assert await processes.one.is_admin("U0ADA")
    await processes.sandbox.control.faults("usergroups.users.list", 500, times=999)
    await processes.age(OUTAGE_S / 2)
    assert await processes.one.is_admin("U0ADA")
    assert await processes.one.admins() == ["U0ADA"]
    found = await processes.one.problems()
    assert "Its last known members keep their rights until" in found[f"user group {ADMINS}"]
    await processes.age(OUTAGE_S / 2)
    with kept():
        await processes.one.is_admin("U0ADA")
    assert await processes.one.admins() == []
    found = await processes.one.problems()
    assert "Nobody has rights through it now" in found[f"user group {ADMINS}"]


async def test_an_outage_denies_nobody(processes: Processes) -> None:
    await processes.sandbox.control.faults("usergroups.list", 500, times=999)
    since = await now(processes)
    for one in processes.all:
        with kept():
            await one.is_agent("U0AVA", since)
        assert await one.is_agent("U0CLEO", since)
    await processes.sandbox.control.act("faults", clear=True)
    await processes.may_ask_again()

    async def known() -> bool:
        try:
            return await processes.one.is_agent("U0AVA", since)
        except GatewayUnavailableError:
            return False

    await eventually(known, 45)


async def test_an_outage_does_not_end_a_refusal(processes: Processes) -> None:
    await processes.sandbox.control.faults("usergroups.users.list", "missing_scope", times=2)
    assert not await processes.one.is_agent("U0AVA", await now(processes))
    await processes.may_ask_again()
    await processes.sandbox.control.faults("usergroups.users.list", 500, times=999)
    since = await now(processes)
    with kept():
        await processes.one.is_agent("U0AVA", since)
    assert await processes.one.admins() == []


async def test_a_person_who_left_a_group_loses_its_rights_in_five_minutes(
    processes: Processes,
) -> None:
    assert await processes.one.is_admin("U0ADA")
    processes.group(ADMINS)["users"].clear()
    await processes.age(module.FRESH_S)
    assert not await processes.one.is_admin("U0ADA")


async def test_a_suspended_process_does_not_restore_an_old_list(
    redis: Valkey,
) -> None:
    members = Members(redis, TEAM)
    await members.put(AGENTS, Membership(users=frozenset({"U0NEW"}), at=20.0, tried=20.0))
    await members.put(AGENTS, Membership(users=frozenset({"U0OLD"}), at=10.0, tried=10.0))
    _, known = await members.read([AGENTS])
    assert known[AGENTS].users == {"U0NEW"}
    assert 0 < await redis.ttl(keys.members(TEAM)) <= 7 * 24 * 3600
