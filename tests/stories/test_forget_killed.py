"""A process that is killed while it forgets somebody is followed by one that does the rest."""

import pytest

from sandbox.config import SandboxConfig
from storage import keys
from storage.forget.forgets import Forgets
from storage.server.protocol import Client
from tests.sandbox.running import eventually, running_sandbox
from tests.stories.conftest import SUPPORT, TEAM
from tests.stories.test_forget_story import OF_BAKERY
from tests.stories.test_process_story import cards, triage_run
from tests.words import keys_with

COUNT = 9


@pytest.mark.slow  # a lease lapses, and what is left is paced as Slack wants it
async def test_killed_in_the_middle_all_is_removed_and_told_once(
    redis: Client, valkey_url: str
) -> None:
    forgets = Forgets(redis, TEAM)
    async with running_sandbox(SandboxConfig(retry_scale=0.01)) as sandbox:
        sockets = sandbox.server.sandbox.sockets
        async with triage_run(sandbox, valkey_url) as process:
            await eventually(lambda: sockets.connections, 90)
            for number in range(COUNT):
                words, _ = OF_BAKERY[number % 3]
                await sandbox.control.post("U0CLEO", SUPPORT, f"{words}, {number}")

            async def all_shown() -> bool:
                return len(await cards(sandbox)) == COUNT

            await eventually(all_shown, 60)
            await sandbox.control.slash("U0ADA", SUPPORT, "/triage", "forget U0CLEO now")

            async def some_gone() -> bool:
                return 0 < len(await cards(sandbox)) < COUNT - 1

            await eventually(some_gone, 30)
            process.kill()
            await process.wait()
        assert await cards(sandbox)
        async with triage_run(sandbox, valkey_url):

            async def ended() -> bool:
                return not await forgets.running()

            await eventually(ended, 90)
            [wish] = await forgets.all()
            assert (wish.messages, wish.cards, wish.told) == (COUNT, COUNT, True)
        assert await cards(sandbox) == []
        said = str((await sandbox.control.state())["messages"])
        assert said.count("Forgot everything that") == 1
    audited = [fields["what"] for _, fields in await redis.xrange(keys.audit(TEAM))]
    assert audited.count("forgotten") == 1
    assert await keys_with(redis, "bakery") == []
