"""Refused calls are stored by message, until the same call succeeds or for a week."""

import time

from storage import keys
from storage.workspace.problems import KEPT_S, Problem, field, outdated, summaries
from storage.workspace.workspaces import Workspaces
from tests.valkeys import Valkey

CARD = "card in #billing"


async def test_one_message_clears_no_problem_of_another(redis: Valkey) -> None:
    workspaces = Workspaces(redis)
    for message in ("C:1.0", "C:2.0"):
        await workspaces.problem("T", CARD, "unarchive it", message)
    await workspaces.problem("T", "mention @billing", "correct it")
    assert await workspaces.problems("T") == {
        CARD: "unarchive it (message C:2.0 and 1 more)",
        "mention @billing": "correct it",
    }
    await workspaces.solved("T", CARD, "C:2.0")
    assert (await workspaces.problems("T"))[CARD] == "unarchive it (message C:1.0)"
    await workspaces.solved("T", CARD, "C:1.0")
    await workspaces.solved("T", "mention @billing")
    assert await workspaces.problems("T") == {}


async def test_a_new_problem_does_not_keep_an_old_one(redis: Valkey) -> None:
    workspaces = Workspaces(redis)
    old = Problem(said="long ago", at=time.time() - KEPT_S - 1)
    await redis.hset(keys.problems("T"), "card in #old", old.model_dump_json())
    assert await workspaces.problems("T") == {}
    await workspaces.problem("T", CARD, "unarchive it", "C:1.0")
    assert await redis.hkeys(keys.problems("T")) == [field(CARD, "C:1.0")]
    assert 0 < await redis.ttl(keys.problems("T")) <= KEPT_S


async def test_a_problem_of_version_0_1_is_read_and_ages_from_now_on(redis: Valkey) -> None:
    workspaces = Workspaces(redis)
    await redis.hset(keys.problems("T"), "card in C0BILLING", "invite the bot")
    assert await workspaces.problems("T") == {"card in C0BILLING": "invite the bot"}
    await workspaces.problem("T", CARD, "unarchive it", "C:1.0")
    stored = await redis.hgetall(keys.problems("T"))
    assert {Problem.read(one).at > 0 for one in stored.values()} == {True}
    assert set(await workspaces.problems("T")) == {"card in C0BILLING", CARD}


def test_a_flood_of_problems_is_bounded_and_told_in_one_line() -> None:
    known = {field(CARD, f"C:{n}.0"): Problem(said="x", at=float(n)) for n in range(1, 1_001)}
    gone = outdated(known, 1_000.0)
    assert len(known) - len(gone) == 500
    assert field(CARD, "C:1000.0") not in gone
    assert summaries(known, 1_000.0) == {CARD: "x (message C:1000.0 and 499 more)"}
