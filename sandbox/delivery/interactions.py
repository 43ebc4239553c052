"""Slash commands, buttons and modals, and the app's later answers to them."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.delivery.delivery import Delivery
from sandbox.wire import Json, SlackError, only
from sandbox.workspace import acts, seed
from sandbox.workspace.state import Workspace

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 1800.0
RESPONSE_USES = 5


@dataclass
class ResponseUrl:
    """A response_url: the app may post to it up to five times in 30 minutes."""

    user: str
    channel: str
    source: Json | None = None
    uses: int = 0
    created: float = field(default_factory=time.monotonic)


class Interactions:
    """Sends people's interactions to the app, and receives its answers."""

    def __init__(self, workspace: Workspace, delivery: Delivery, url: str) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._url = url
        self._responses: dict[str, ResponseUrl] = {}
        self._triggers: dict[str, tuple[str, float]] = {}

    async def slash(self, user: str, channel: str, command: str, text: str) -> Json:
        """Run a slash command; show the ack's payload to its user, and return it."""
        place, who = self._workspace.channel(channel), self._workspace.user(user)
        if who["team_id"] != seed.TEAM_ID:
            raise SlackError("unknown_command")  # the app is not installed in their workspace
        answers = ResponseUrl(user, place["id"])
        payload = self._base(answers) | {
            "token": "sandbox-verification-token",
            "team_id": seed.TEAM_ID,
            "team_domain": "sandbox",
            "channel_id": place["id"],
            "channel_name": place.get("name", "directmessage"),
            "user_id": user,
            "user_name": who["name"],
            "command": command,
            "text": text,
            "is_enterprise_install": "false",
        }
        reply = await self._delivery.request("slash_commands", payload)
        if reply.get("text") or reply.get("blocks"):
            self._answer(answers, reply)
        return reply

    async def click(self, user: str, action: Json, where: Json) -> Json:
        """Use an element of a message (`channel`, `ts`) or a view (`view_id`)."""
        payload: Json = {"type": "block_actions", "actions": [action]}
        if "view_id" in where:
            view = self._workspace.views[where["view_id"]]
            answers = ResponseUrl(user, "")
            container = {"type": "view", "view_id": view["id"]}
            payload |= {"view": view, "container": container}
        else:
            message = self._find(user, where["channel"], where["ts"])
            answers = ResponseUrl(user, where["channel"], message)
            payload |= self._place(where["channel"], message)
        payload |= self._base(answers) | self._who(user)
        if "view_id" in where:
            del payload["response_url"]
        return await self._delivery.request("interactive", payload)

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        """Submit a modal with `values` by block id and action id; return the ack's payload."""
        view = self._workspace.views[view_id]
        filled = {**view, "state": {"values": values}}
        payload = {"type": "view_submission", "view": filled, "response_urls": []}
        payload |= self._who(user) | {"api_app_id": seed.APP_ID, "trigger_id": self._trigger(user)}
        reply = await self._delivery.request("interactive", payload)
        if reply.get("response_action") == "update":
            view |= reply["view"]
        elif reply.get("response_action") != "errors":
            view["closed"] = True
        self._workspace.changed("view", view=view)
        return reply

    def respond(self, key: str, body: Json) -> None:
        """Show the app's post to a response_url; raise `used_url` or `expired_url`."""
        answers = self._responses.get(key)
        if answers is None or time.monotonic() - answers.created > RESPONSE_SECONDS:
            raise SlackError("expired_url")
        if answers.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        answers.uses += 1
        self._answer(answers, body)

    def spend(self, trigger_id: str) -> str:
        """Return the user of a trigger; a trigger is valid once, for three seconds."""
        if trigger_id not in self._triggers:
            raise SlackError("invalid_trigger_id")
        user, created = self._triggers[trigger_id]
        if not user:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - created > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        self._triggers[trigger_id] = ("", created)
        return user

    def _answer(self, answers: ResponseUrl, body: Json) -> None:
        fields = only(body, "text", "blocks", "attachments")
        author = {"user": seed.BOT_USER, "bot_id": seed.BOT_ID, "app_id": seed.APP_ID}
        source = answers.source
        if source is not None and (body.get("replace_original") or body.get("delete_original")):
            self._replace(
                source, answers.channel, fields if not body.get("delete_original") else {}
            )
        elif body.get("response_type") == "in_channel":
            acts.post(self._workspace, answers.channel, {**author, "text": "", **fields})
        else:
            acts.whisper(self._workspace, answers.user, answers.channel, fields)

    def _replace(self, source: Json, channel: str, fields: Json) -> None:
        if "visible_to" in source:
            source |= fields
            if not fields:
                self._workspace.ephemerals.remove(source)
            self._workspace.changed("ephemeral", message=source, gone=not fields)
        elif fields:
            acts.edit(self._workspace, channel, source["ts"], fields, seed.BOT_USER)
        else:
            acts.delete(self._workspace, channel, source["ts"])

    def _find(self, user: str, channel: str, ts: str) -> Json:
        for kept in self._workspace.ephemerals:
            if (kept["channel"], kept["ts"], kept["visible_to"]) == (channel, ts, user):
                return kept
        return self._workspace.message(channel, ts)

    def _place(self, channel: str, message: Json) -> Json:
        name = self._workspace.channel(channel).get("name", "directmessage")
        alone = "visible_to" in message
        container: dict[str, Any] = {"type": "message", "message_ts": message["ts"]}
        container |= {"channel_id": channel, "is_ephemeral": alone}
        found: Json = {"container": container, "channel": {"id": channel, "name": name}}
        return found if alone else {**found, "message": message}

    def _who(self, user: str) -> Json:
        who = self._workspace.user(user)
        name, home = who["name"], who["team_id"]
        person = {"id": user, "username": name, "name": name, "team_id": home}
        return {"user": person, "team": {"id": seed.TEAM_ID, "domain": "sandbox"}}

    def _base(self, answers: ResponseUrl) -> Json:
        key = secrets.token_urlsafe(12)
        self._responses[key] = answers
        return {
            "api_app_id": seed.APP_ID,
            "trigger_id": self._trigger(answers.user),
            "response_url": f"{self._url}/response/{key}",
        }

    def _trigger(self, user: str) -> str:
        trigger_id = f"{time.time_ns()}.{secrets.token_hex(8)}"
        self._triggers[trigger_id] = (user, time.monotonic())
        return trigger_id
