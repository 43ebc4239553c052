"""At debug level, through every fault that can print, a process says no word and no secret."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.config import SandboxConfig
from storage import keys
from storage.server.protocol import Client
from tests.classifiers.openai_server import Body, openai_server, said
from tests.hostile import HOSTILE
from tests.sandbox.running import RunningSandbox, eventually, running_sandbox
from tests.stories.conftest import SUPPORT, TEAM

WORD = "kumquat"
KEY = "sk-proj-Pomelo4Durian7Rambutan2Longan9"
TOKEN = "ghp_Tamarillo5Feijoa8Salak3Jabuticaba6Ugli"
DEBUG = """
import logging
from bot.observe import logs
from bot.cli.main import main

configure = logs.configure

def at_debug_level():
    configure()
    known = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    for one in [logging.root, *known]:
        one.setLevel(logging.DEBUG)

logs.configure = at_debug_level
main()
"""


def garbage(asked: Body) -> Response:
    """Answer with what somebody wrote, in one of the forms that are no label."""
    words = asked["messages"][-1]["content"]
    refusal = {"error": {"message": words, "code": "invalid_prompt", "param": words}}
    return next(
        {
            "html": HTMLResponse(f"<p>{words}</p>"),
            "no label": said(words),
            "nested": said("[" * 5_000 + words),
            "refused": said(None, refusal=words),
            "for its words": JSONResponse(refusal, 400),
            "no choices": JSONResponse({"choices": words}),
            "key": JSONResponse({"error": {"message": f"Incorrect API key: {KEY} {words}"}}, 401),
        }[form]
        for form in FORMS
    )


FORMS = cycle(["html", "no label", "nested", "refused", "for its words", "no choices", "key"])


@asynccontextmanager
async def debugged(sandbox: RunningSandbox, output: Path, **more: str) -> AsyncIterator[Process]:
    environment = os.environ | {
        "SLACK_BOT_TOKEN": sandbox.bot_token,
        "SLACK_APP_TOKEN": sandbox.app_token,
        "SLACK_API_URL": sandbox.api_url,
        "OPENAI_API_KEY": KEY,
        "OPENAI_LOG": "debug",
        "PYTHONASYNCIODEBUG": "1",
        **more,
    }
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", DEBUG, "run", env=environment, stdout=file, stderr=file
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def test_no_word_and_no_secret_is_printed(
    redis: Client, valkey_url: str, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    async with (
        openai_server(garbage) as llm,
        running_sandbox(SandboxConfig(retry_scale=0.01)) as sandbox,
        debugged(sandbox, output, REDIS_URL=valkey_url, OPENAI_BASE_URL=llm.url) as process,
    ):
        people = sandbox.control
        await eventually(lambda: sandbox.server.sandbox.sockets.connections, 90)
        await people.faults("chat.postMessage", "invalid_blocks")
        await people.faults("chat.postMessage", 500, times=2)
        await people.faults("reactions.add", "not_reactable", times=2)
        await people.faults("users.info", "user_not_found")
        sent = [
            await people.post("U0CLEO", SUPPORT, f"{WORD} {text[:300]} my token {TOKEN}")
            for text in HOSTILE[::2]
        ]
        odd = {"type": "message", "channel": SUPPORT, "user": "U0CLEO", "text": WORD}
        for event in (odd | {"ts": WORD}, odd | {"ts": "1.5", "edited": WORD}):
            for listener in sandbox.state.on_event:
                listener(event)
        await redis.set(keys.reactions(TEAM, SUPPORT, sent[0]), WORD)  # of no type it can be
        await people.react("U0AVA", SUPPORT, sent[0], "moneybag")
        await people.edit(SUPPORT, sent[1], f"{WORD} again")
        for verb in (WORD, f"export {WORD}", f"promote {WORD} --force {WORD}", f"train {WORD}"):
            await people.slash("U0ADA", SUPPORT, "/triage", verb)

        def met() -> set[str]:
            events = {json.loads(line).get("event") for line in output.read_bytes().splitlines()}
            return events & FAULTS

        await eventually(lambda: met() == FAULTS, 60)
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)
    printed = output.read_text("utf-8")
    secrets = (KEY, TOKEN, sandbox.bot_token, sandbox.app_token, "Pomelo4", "Tamarillo5")
    assert [one for one in (WORD, *secrets) if one in printed] == []


FAULTS = {"event.failed", "event.malformed", "event.postponed", "effect.refused"}
