"""Slack answering errors or not at all, and Socket Mode cut and refreshed."""

import asyncio

from tests.faults.rig import Fault, Rig
from tests.faults.scenario import Scenario
from tests.sandbox.running import eventually


def _slack(answer: str | int, times: int = 8, seconds: float = 2.0) -> Fault:
    async def fails(made: Rig) -> None:
        for method in ("chat.postMessage", "reactions.add"):
            await made.sandbox.control.faults(method, answer, times=times)
        await asyncio.sleep(seconds)
        await made.sandbox.control.act("faults", clear=True)

    return fails


async def _slack_lost_answers(made: Rig) -> None:
    await made.sandbox.control.faults("chat.postMessage", 500, times=8, performed=True)
    await asyncio.sleep(2)


async def _slack_hanging(made: Rig) -> None:
    made.to_slack.flowing.clear()
    await asyncio.sleep(12)  # longer than a call's deadline
    made.to_slack.cut()
    made.to_slack.flowing.set()


async def _socket_cut(made: Rig) -> None:
    sockets = made.sandbox.server.sandbox.sockets
    made.to_slack.refusing = True
    made.to_slack.cut()  # envelopes that were on their way are lost
    await eventually(lambda: not sockets.connections)
    made.to_slack.refusing = False
    await eventually(lambda: sockets.connections, 30)


async def _socket_refreshed(made: Rig) -> None:
    for _ in range(3):
        await made.sandbox.control.refresh()
        await asyncio.sleep(1)


SCENARIOS = {
    "Slack answers 429": Scenario(_slack(429)),
    "Slack answers 500": Scenario(_slack(500)),
    "Slack posts, its answer is lost": Scenario(_slack_lost_answers),
    "Slack answers invalid_auth": Scenario(_slack("invalid_auth")),
    "Slack hanging for 12 s": Scenario(_slack_hanging, seconds=15),
    "Socket Mode cut": Scenario(_socket_cut),
    "Socket Mode asked to refresh": Scenario(_socket_refreshed),
}
