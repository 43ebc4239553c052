"""The sandbox as a separate process."""

import asyncio
import json
import sys

import httpx2

COMMAND = (sys.executable, "-P", "-m", "sandbox", "--stdin-lifeline")


async def start() -> tuple[asyncio.subprocess.Process, str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    return process, json.loads(await process.stdout.readline())["url"]


async def test_it_says_where_it_is_and_ends_with_its_parent() -> None:
    process, url = await start()
    async with httpx2.AsyncClient() as http:
        assert "Sandbox" in (await http.get(url)).text
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0


async def test_it_ends_when_asked_even_while_a_page_listens() -> None:
    process, url = await start()
    async with httpx2.AsyncClient() as http, http.stream("GET", f"{url}/control/stream") as stream:
        assert await anext(stream.aiter_lines()) == ": open"
        process.terminate()
        assert await process.wait() == 0
