"""Sentinel and Cluster: the storage works on both, and survives a failover."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.errors import StorageUnavailableError
from storage.examples.examples import Examples, StoredExample
from storage.inbox.events import Posted
from storage.inbox.inbox import Inbox
from storage.messages import Message, MessageId
from storage.records import Record, Records
from storage.workspace.workspaces import Workspaces
from tests.sandbox.running import eventually
from tests.valkeys import Node, Valkey, cluster, cluster_url, connect_admin, watched

TEAMS = [f"T{number}" for number in range(12)]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, ...]]:
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture
async def clustered(nodes: tuple[Node, ...]) -> AsyncIterator[Valkey]:
    async with connect_admin(cluster_url(nodes), Path("/nonexistent")) as client:
        await client.flushall()
        yield client


def example(identity: str) -> StoredExample:
    return StoredExample(
        id=identity, text="t", label="A", source="correction", label_set="v", when="1"
    )


async def test_a_cluster_keeps_each_workspace_in_one_slot(
    clustered: Valkey, nodes: tuple[Node, ...]
) -> None:
    records, examples, inbox = Records(clustered), Examples(clustered), Inbox(clustered)
    workspaces = Workspaces(clustered)
    for team in TEAMS:
        at = MessageId(team=team, channel="C", ts="1.5")
        async with records.held(at) as hold:
            await hold.put(Record(message=Message(id=at, user="U", text="t")))
        assert await examples.put(team, "C:1.5", example("C:1.5"))
        assert [one.id async for one in examples.iterate(team)] == ["C:1.5"]
        position, changed = await examples.changed_since(team, "0-0")
        assert changed == ["C:1.5"]
        assert position == await examples.newest_change(team)
        await workspaces.add(team)
        await workspaces.problem(team, "what", "advice")
        assert await records.get(at) is not None
        assert await inbox.receive(Posted(message=Message(id=at, user="U", text="t")))
        assert not await inbox.receive(Posted(message=Message(id=at, user="U", text="t")))
    assert await workspaces.all() == sorted(TEAMS)
    places: dict[str, set[int]] = {}
    for one in nodes:
        for key in one.client.keys("triage:{*"):
            tag = key[key.index("{") + 1 : key.index("}")]
            places.setdefault(tag, set()).add(one.client.execute_command("CLUSTER KEYSLOT", key))
    assert set(TEAMS) <= set(places)
    assert {tag: len(slots) for tag, slots in places.items() if len(slots) > 1} == {}
    assert all(one.client.dbsize() for one in nodes)


async def test_blocking_reads_and_locks_hold_on_a_cluster(clustered: Valkey) -> None:
    inbox, records = Inbox(clustered), Records(clustered)
    at = MessageId(team="T1", channel="C", ts="2.5")
    event = Posted(message=Message(id=at, user="U", text="t"))
    called = asyncio.create_task(inbox.wait_for_call(5))
    await inbox.receive(event)
    assert await asyncio.wait_for(called, 5) == "T1"
    [entry] = (await inbox.take("T1", 10, 10)).entries
    assert entry.event == event
    async with records.held(at):
        other = asyncio.create_task(records.held(at).__aenter__())
        done, _ = await asyncio.wait({other}, timeout=0.1)
        assert not done
    await asyncio.wait_for(other, 5)
    await inbox.finish(entry)
    assert await inbox.depth("T1") == 0


async def test_a_script_that_a_node_forgot_is_loaded_again(clustered: Valkey) -> None:
    examples = Examples(clustered)
    assert await examples.put("T1", "C:1", example("C:1"))
    await clustered.script_flush()
    assert await examples.put("T2", "C:1", example("C:1"))


async def test_a_failover_is_lived_through(tmp_path: Path) -> None:
    with watched(tmp_path) as servers:
        async with connect_admin(servers.url, Path("/nonexistent")) as client:
            examples = Examples(client)
            assert await examples.put("T1", "C:1", example("C:1"))
            assert await client.wait(1, 5_000) == 1
            servers.master.process.kill()

            async def writes() -> bool:
                try:
                    return await examples.put("T1", "C:2", example("C:2"))
                except StorageUnavailableError:
                    return False

            await eventually(writes, 30)
            assert await examples.counts("T1") == {"A": 2}
            assert servers.replica.client.role()[0] == "master"
