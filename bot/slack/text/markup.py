"""Convert a message to its visible text, in order and without repetitions."""

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
_PARTS_MAX = 200  # Slack allows 100 attachments; each part is compared with all others
_FEW_WORDS = 3  # fewer words may occur in another text by chance
_WORD = re.compile(r"\w+")
_CUT = ("…", "...")


def text_of(message: dict[str, Any]) -> str:
    """Return the plain text of a message, at most KEPT_CHARS characters, or "".

    Slack shows blocks, if there are any, and uses `text` only for notifications.
    """
    parts = [_main_text(message), *attachment_texts(message), *files_text(message)]
    return kept(legible("\n".join(_without_repeats(parts[:_PARTS_MAX]))).strip())


def _main_text(message: dict[str, Any]) -> str:
    blocks, text = blocks_text(message.get("blocks")), message.get("text")
    plain = to_plain(text) if isinstance(text, str) else ""
    return plain if not has_words(blocks) and (has_words(plain) or not blocks) else blocks


def _without_repeats(parts: list[str]) -> list[str]:
    """Return the parts, leaving out parts that another part contains, even if cut short."""
    found: list[tuple[str, str]] = []
    for part in filter(None, parts):
        key = _key(part)
        if any(_within(key, other) for other, _ in found):
            continue
        longer = [_within(other, key) for other, _ in found]
        if any(longer):
            found[longer.index(True)] = (key, part)
            found = [
                pair for place, pair in enumerate(found) if pair[1] == part or not longer[place]
            ]
        else:
            found.append((key, part))
    return [part for _, part in found]


def _key(part: str) -> str:
    """Return the words of a part, each between spaces, without a space after a cut word."""
    words = f" {' '.join(_WORD.findall(part.casefold()))}"
    return words if part.endswith(_CUT) else f"{words} "


def _within(key: str, other: str) -> bool:
    few = len(key.split()) < _FEW_WORDS
    return bool(key.strip()) and (other.startswith(key) if few else key in other)


def excerpt(text: str) -> str:
    """Return the start of a text on one line, redacted and printable, to recognize it by."""
    line = "".join(filter(str.isprintable, " ".join(redact(text).text.split())))
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1]}…"
