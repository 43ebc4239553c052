"""Classify Slack's errors.

    GatewayError                     Slack refused; the message says what an operator must do
    └── GatewayUnavailableError      Slack does not answer or is busy: retry later
        └── GatewayPacedError        Slack's rate limit is reached; this is not an outage

A refused event is retried for an hour, then becomes a dead letter with the message as its reason
(bot/message/worker.py). An unknown error code counts as a refusal, so it is not retried forever.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError

from classifiers.base import ClassifierUnavailableError
from storage.errors import StorageError

FAILURES: Final = (SlackApiError, ClientError, OSError, TimeoutError)
"""Exceptions of a call to Slack that are not bugs."""

RETRYABLE_CODES: Final = frozenset(
    {
        "accesslimited",
        "external_channel_migrating",
        "fatal_error",
        "internal_error",
        "message_limit_exceeded",
        "org_login_required",  # the workspace is moving to an organization
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",  # as above
        "timeout",
    }
)

CONTENT_CODES: Final = frozenset(
    {
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
    }
)
"""Slack's error codes for refused content; other content may be accepted."""

_INSTALL: Final = "reinstall the app in the workspace and set SLACK_BOT_TOKEN to its new token"
_SCOPES: Final = "reinstall the app with the scopes of manifest.yml"
_RENAME: Final = "name another channel in triage.toml"
_ALLOW: Final = f"allow the app to post there, or {_RENAME}"
_USERS: Final = "list its members by id (U…) in triage.toml instead"
_PAID: Final = f"user groups need a paid Slack plan: {_USERS}"
_FULL: Final = "the message has as many emoji as Slack allows: remove some"
ADVICE: Final = {
    # the token
    "account_inactive": _INSTALL,
    "invalid_auth": _INSTALL,
    "not_authed": _INSTALL,
    "token_expired": _INSTALL,
    "token_revoked": _INSTALL,
    "team_access_not_granted": _INSTALL,
    "not_allowed_token_type": "set SLACK_BOT_TOKEN to the Bot User OAuth Token (xoxb-…)",
    "missing_scope": _SCOPES,
    "no_permission": _SCOPES,
    "access_denied": "ask an owner of the workspace to allow the app to do this",
    "ekm_access_denied": "ask an owner of the workspace to restore the revoked encryption keys",
    "enterprise_is_restricted": "ask an owner of the organization to allow the app",
    # user groups
    "no_such_subteam": f"the user group was deleted: name another group, or {_USERS}",
    "subteam_disabled": f"the user group is disabled: enable it in Slack, or {_USERS}",
    "paid_only": _PAID,
    "paid_teams_only": _PAID,
    "plan_upgrade_required": _PAID,
    "permission_denied": f"the app may not read user groups: allow it, or {_USERS}",
    # people
    "user_not_found": "remove this user from triage.toml: Slack knows no user with this id",
    "users_not_found": "remove this user from triage.toml: Slack knows no user with this id",
    "user_not_visible": "remove this user from triage.toml: the app cannot see them",
    "user_disabled": "remove this user from triage.toml: the account is deactivated",
    "messages_tab_disabled": "turn on the Messages tab of the app (App Home)",
    # channels
    "channel_not_found": f"create the channel and invite the bot, or {_RENAME}",
    "is_archived": f"unarchive the channel, or {_RENAME}",
    "not_in_channel": "invite the bot to the channel",
    "method_not_supported_for_channel_type": _RENAME,
    "restricted_action": _ALLOW,
    "restricted_action_non_threadable_channel": _ALLOW,
    "restricted_action_read_only_channel": _ALLOW,
    "restricted_action_thread_locked": _ALLOW,
    "restricted_action_thread_only_channel": _ALLOW,
    "posting_to_general_channel_denied": _ALLOW,
    "team_not_found": _RENAME,
    # messages, emoji and files
    "cant_update_message": "delete this card in Slack: another app posted it",
    "cant_delete_message": "delete this card in Slack: another app posted it",
    "edit_window_closed": "ask an owner of the workspace to let apps edit their messages",
    "invalid_blocks": "report this as a bug: a card is not valid Block Kit",
    "invalid_blocks_format": "report this as a bug: a card is not valid Block Kit",
    "msg_blocks_too_long": "report this as a bug: a card is too long",
    "msg_too_long": "report this as a bug: a card is too long",
    "metadata_too_large": "report this as a bug: the metadata of a card is too large",
    "no_text": "report this as a bug: a card is empty",
    "invalid_name": "the emoji does not exist in this workspace: change it in triage.toml",
    "not_reactable": "Slack accepts no emoji on this message: label it by hand",
    "too_many_emoji": _FULL,
    "too_many_reactions": _FULL,
    "file_uploads_disabled": "ask an owner of the workspace to allow files",
    "storage_limit_reached": "the workspace's storage is full: delete files in Slack",
}
"""Instructions for operators, by Slack's error code."""

_TOO_MANY, _SERVER = 429, 500  # HTTP
_WAIT_MAX_S = 900.0  # Slack asks for seconds or minutes; a longer Retry-After is a mistake

Answer = TypeVar("Answer")


class GatewayError(Exception):
    """Slack refused a call; the message names the method, Slack's error code and what to do."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class GatewayUnavailableError(GatewayError):
    """Slack did not answer or asked to wait: retry after `after_s` seconds, if known.

    If Slack `answered`, the call is over; otherwise it may still take effect.
    """

    def __init__(
        self, message: str, after_s: float | None = None, *, answered: bool = False
    ) -> None:
        super().__init__(message)
        self.after_s = after_s
        self.answered = answered


class GatewayPacedError(GatewayUnavailableError):
    """A rate limit prevented the call, or Slack asked to wait; the call had no effect."""

    def __init__(self, message: str, after_s: float) -> None:
        super().__init__(message, after_s, answered=True)


def answer_details(error: Exception) -> tuple[str, int, float | None]:
    """Return Slack's error code, the HTTP status, and the seconds to wait, or None."""
    answer: Any = getattr(error, "response", None)
    data = getattr(answer, "data", answer)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    status = int(getattr(answer, "status_code", getattr(answer, "status", 200)))
    headers = getattr(answer, "headers", None) or {}
    after = {key.lower(): value for key, value in headers.items()}.get("retry-after", "")
    text = str(after)
    wait = min(float(text), _WAIT_MAX_S) if text.isascii() and text.isdecimal() else None
    return code, status, wait


def classified_error(method: str, error: Exception) -> GatewayError:
    """Return the classified error for one of FAILURES in a call to `method`."""
    if not isinstance(error, SlackApiError):
        return GatewayUnavailableError(f"{method}: {type(error).__name__}")
    code, status, after = answer_details(error)
    if status == _TOO_MANY or code in {"ratelimited", "rate_limited"}:
        return GatewayPacedError(f"{method}: asked to wait", after or 1.0)
    if code in RETRYABLE_CODES or status >= _SERVER or not code:
        return GatewayUnavailableError(f"{method}: Slack answered {code or status}", answered=True)
    return refusal(method, code)


def refusal(method: str, code: str) -> GatewayError:
    """Return the error for a call to `method` that Slack refused with an error code."""
    advice = ADVICE.get(code, "see `triage doctor`")
    return GatewayError(f"{method}: Slack answered {code}: {advice}", code)


async def call_slack(method: str, call: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return Slack's answer to a call to `method`; raise its classified error."""
    try:
        return await call()
    except FAILURES as error:
        raise classified_error(method, error) from None


RETRYABLE: Final = (
    GatewayUnavailableError,
    ClassifierUnavailableError,
    StorageError,
    ClientError,
    OSError,
    TimeoutError,
)
"""Errors that a retry may fix; any other error is a bug or needs an operator."""
