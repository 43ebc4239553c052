"""Slack answers errors or not at all; Socket Mode is cut and refreshed."""

import asyncio

from tests.faults.rig import Fault, Rig
from tests.faults.scenario import Scenario
from tests.sandbox.running import eventually


def _slack(answer: str | int, times: int = 8, seconds: float = 2.0) -> Fault:
    async def fails(rig: Rig) -> None:
        for method in ("chat.postMessage", "reactions.add"):
            await rig.sandbox.control.faults(method, answer, times=times)
        await asyncio.sleep(seconds)
        await rig.sandbox.control.act("faults", clear=True)

    return fails


async def _slack_lost_answers(rig: Rig) -> None:
    await rig.sandbox.control.faults("chat.postMessage", 500, times=8, performed=True)
    await asyncio.sleep(2)


async def _slack_hanging(rig: Rig) -> None:
    rig.to_slack.flowing.clear()
    await asyncio.sleep(12)  # longer than a call's deadline
    rig.to_slack.cut()
    rig.to_slack.flowing.set()


async def _socket_cut(rig: Rig) -> None:
    sockets = rig.sandbox.server.sandbox.sockets
    rig.to_slack.refusing = True
    rig.to_slack.cut()  # envelopes in transit are lost
    await eventually(lambda: not sockets.connections)
    rig.to_slack.refusing = False
    await eventually(lambda: sockets.connections, 30)


async def _socket_refreshed(rig: Rig) -> None:
    for _ in range(3):
        await rig.sandbox.control.refresh()
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
