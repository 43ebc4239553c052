"""A message to the words in it: everything that a reader sees, once, in order."""

import re
from typing import Any

from bot.slack.text.attachments import attachment_texts
from bot.slack.text.blocks import blocks_text
from bot.slack.text.files import file_names, files_text
from bot.slack.text.mrkdwn import to_plain
from classifiers.redaction.redact import redact
from classifiers.text import has_words, kept, legible

__all__ = ["excerpt", "file_names", "text_of", "to_plain"]

_EXCERPT = 120
_PARTS_MAX = 200  # Slack takes 100 attachments; each part is compared with all others
_FEW_WORDS = 3  # so few may stand in any text by chance
_WORD = re.compile(r"\w+")
_CUT = ("…", "...")


def text_of(message: dict[str, Any]) -> str:
    """Return the plain text of a message, at most KEPT_CHARS; "" where there is none.

    Where there are blocks, Slack shows them and not `text`, which is for notifications.
    """
    parts = [_said(message), *attachment_texts(message), *files_text(message)]
    return kept(legible("\n".join(_once(parts[:_PARTS_MAX]))).strip())


def _said(message: dict[str, Any]) -> str:
    blocks, text = blocks_text(message.get("blocks")), message.get("text")
    plain = to_plain(text) if isinstance(text, str) else ""
    return plain if not has_words(blocks) and (has_words(plain) or not blocks) else blocks


def _once(parts: list[str]) -> list[str]:
    """Return the parts without those that another one says too, cut short or in full."""
    found: list[tuple[str, str]] = []
    for part in filter(None, parts):
        key = _key(part)
        if any(_within(key, other) for other, _ in found):
            continue
        longer = [_within(other, key) for other, _ in found]
        if any(longer):
            found[longer.index(True)] = (key, part)
            found = [one for place, one in enumerate(found) if one[1] == part or not longer[place]]
        else:
            found.append((key, part))
    return [part for _, part in found]


def _key(part: str) -> str:
    """Return the words of a part, each between spaces; the last of a cut text may go on."""
    words = f" {' '.join(_WORD.findall(part.casefold()))}"
    return words if part.endswith(_CUT) else f"{words} "


def _within(key: str, other: str) -> bool:
    few = len(key.split()) < _FEW_WORDS
    return bool(key.strip()) and (other.startswith(key) if few else key in other)


def excerpt(text: str) -> str:
    """Return the start of a text on one line, redacted and printable: enough to know it by."""
    line = "".join(filter(str.isprintable, " ".join(redact(text).text.split())))
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"
