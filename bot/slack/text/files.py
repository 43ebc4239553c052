"""Convert files to plain text: e-mail, snippets, transcripts; names are separate."""

import html
import re

from bot.slack.text.mrkdwn import unescaped
from bot.slack.text.wire_json import Json, objects_in, text_in
from classifiers.text import legible

_HTML = {"email", "quip", "canvas", "space"}  # modes and file types with an HTML preview
_NAME_MAX = 100
_NAMES_MAX = 10
_UNSEEN = re.compile(r"<(style|script|head)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_LINE_END = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_LONG_NUMBER = re.compile(r"&#[0-9]{8,};?")  # beyond Unicode; `int` raises for very long numbers


def files_text(part: Json) -> list[str]:
    """Return the text of each file of a message, without pictures and file names."""
    return [text for file in objects_in(part, "files") if (text := _text(file).strip())]


def file_names(part: Json) -> tuple[str, ...]:
    """Return the names of the files of a message and of messages that it forwards."""
    holders = [part, *objects_in(part, "attachments")]
    files = [file for holder in holders for file in objects_in(holder, "files")]
    given = (legible(unescaped(text_in(file, "title", "name"))) for file in files)
    names = (" ".join(name.split()) for name in given)
    return tuple(name[:_NAME_MAX] for name in names if name)[:_NAMES_MAX]


def _text(file: Json) -> str:
    if "email" in (file.get("mode"), file.get("filetype")):
        return _email(file)
    transcripts = (
        text_in(preview, "content")
        for transcription in objects_in(file, "transcription")
        for preview in [transcription, *objects_in(transcription, "preview")]
    )
    body = text_in(file, "plain_text", "preview_plain_text") or _preview(file)
    return "\n".join(filter(None, [text_in(file, "alt_txt"), *transcripts, body]))


def _preview(file: Json) -> str:
    preview = text_in(file, "preview")
    return _html(preview) if _HTML & {text_in(file, "mode"), text_in(file, "filetype")} else preview


def _email(file: Json) -> str:
    senders = (
        text_in(author, "original", "name", "address") for author in objects_in(file, "from")
    )
    sender = ", ".join(filter(None, senders))
    body = text_in(file, "plain_text", "preview_plain_text") or _preview(file)
    lines = [text_in(file, "subject", "title"), f"From: {sender}" if sender else "", body]
    return "\n".join(filter(None, lines))


def _html(markup: str) -> str:
    text = _TAG.sub(" ", _LINE_END.sub("\n", _UNSEEN.sub(" ", markup)))
    lines = html.unescape(_LONG_NUMBER.sub("\ufffd", text)).splitlines()
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))
