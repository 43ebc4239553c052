"""Sends the files of a command once, although the command may run twice."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.slack.errors import ADVICE, GatewayError, GatewayUnavailableError
from bot.slack.gateway import Gateway
from storage.inbox.commands import Commands

_INTERRUPTED = (
    "\nI was interrupted while I sent the files. If they are not in our direct messages, ask again."
)

log = structlog.get_logger()


@dataclass(frozen=True)
class FileSending:
    """Shares files in a person's direct messages, where Slack shares each upload once.

    Source: https://docs.slack.dev/reference/methods/files.completeUploadExternal
    """

    commands: Commands
    gateway: Gateway

    async def send(
        self, trigger: str, user: str, files: Mapping[str, Path | bytes], comment: str
    ) -> str:
        """Send files by their names, with a comment in Slack's mark-up.

        The ids of the uploads are stored under the trigger before they are shared, so a second run
        shares the same uploads again, which Slack refuses. Return words for the answer, "" if all
        is well: after an interruption only the person can see whether the files came.
        """
        before = await self.commands.uploads(trigger)
        uploads = before or {await self._upload(name, files[name]): name for name in files}
        if not before:
            await self.commands.store_uploads(trigger, uploads)
        try:
            await self.gateway.share(user, uploads, comment)
        except GatewayError as error:
            mendable = isinstance(error, GatewayUnavailableError) or error.word in ADVICE
            if not before or mendable:
                raise
            log.info("command.files_shared_before", user=user, word=error.word)
            return _INTERRUPTED
        return ""

    async def _upload(self, name: str, content: Path | bytes) -> str:
        if isinstance(content, Path):
            content = await asyncio.to_thread(content.read_bytes)
        return await self.gateway.upload(name, content)
