"""Send the files of a command once, even if the command runs again."""

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
    """Share files in direct messages; Slack shares each upload at most once.

    Source: https://docs.slack.dev/reference/methods/files.completeUploadExternal
    """

    commands: Commands
    gateway: Gateway

    async def send(
        self, trigger: str, user: str, files: Mapping[str, Path | bytes], comment: str
    ) -> str:
        """Send files, by name, with a comment in mrkdwn; return a note for the answer, or "".

        The ids of the uploads are stored under the trigger before they are shared. A second run
        shares the same uploads again, which Slack refuses. The note is for this case: only the
        person can see if the files arrived before the interruption.
        """
        before = await self.commands.uploads(trigger)
        uploads = before or {await self._upload(name, files[name]): name for name in files}
        if not before:
            await self.commands.store_uploads(trigger, uploads)
        try:
            await self.gateway.share(user, uploads, comment)
        except GatewayError as error:
            fixable = isinstance(error, GatewayUnavailableError) or error.code in ADVICE
            if not before or fixable:
                raise
            log.info("command.files_shared_before", user=user, word=error.code)
            return _INTERRUPTED
        return ""

    async def _upload(self, name: str, content: Path | bytes) -> str:
        if isinstance(content, Path):
            content = await asyncio.to_thread(content.read_bytes)
        return await self.gateway.upload(name, content)
