"""Messages with any content in their fields are read, and harmless when shown."""

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.slack.text.markup import excerpt, file_names, text_of, to_plain
from bot.slack.text.render import (
    MESSAGE,
    SECTION,
    code,
    escaped,
    fenced,
    inline,
    sentence,
    whole_lines,
)
from classifiers.printable import json_line, printable
from classifiers.text import KEPT_CHARS, has_words, legible

PIECES = st.sampled_from(
    [
        *("<", ">", "|", "&", ";", "&amp;", "&lt;", "&gt;", "&#", "&#x", "&#60;", "#", "!", "^"),
        *("<@U1>", "<@U1|", "<#C1|", "<!here>", "<!date^", "^{date}|", "<!subteam^S1>", "@"),
        *("<https://x|", "tel:", "`", "```", "*", "_", "~", "\n", "\r", "\u2028", " ", "…", "..."),
        *("<p>", "</p>", "<br/>", "<style", "</style>", "<script>", "<head", "**", "](", "![", ")"),
        *("\ud83d", "\ude00", "\x00", "\x1b[", "\x9b", "\u202e", "\u200b", "\ufeff", "İ", "ß", "ﬃ"),
        *("9" * 30, "nan", "1e999", "-1", "the bill", "请求书", "😀", "e\u0301", "a" * 300),
    ]
)  # fmt: skip
TEXTS = st.lists(
    PIECES | st.text(st.characters(exclude_categories=()), max_size=6), max_size=24
).map("".join)


def nested(
    base: st.SearchStrategy[Any],
    extend: Callable[[st.SearchStrategy[Any]], st.SearchStrategy[Any]],
    depth: int = 3,
) -> st.SearchStrategy[Any]:
    """Draw from `base`, in at most `depth` layers of `extend`."""
    return base | extend(base if depth == 1 else nested(base, extend, depth - 1))


ODD = nested(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "value"]), inner, max_size=3)
    ),
)
NUMBERS = st.integers(-5, 40) | st.integers() | st.floats() | TEXTS


def an(kinds: list[str], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an object of one of these kinds with fields that may be missing or malformed."""
    shaped = {name: value | ODD for name, value in fields.items()}
    return st.fixed_dictionaries({"type": st.sampled_from(kinds)}, optional=shaped)


INLINE = an(
    ["text", "emoji", "link", "user", "usergroup", "team", "channel", "broadcast", "date", "color",
     "of_next_year"],
    text=TEXTS, name=TEXTS, url=TEXTS, range=TEXTS, timestamp=NUMBERS, fallback=TEXTS, value=TEXTS,
)  # fmt: skip
PARTS = nested(
    an(["rich_text_section", "rich_text_quote"], elements=st.lists(INLINE, max_size=5)),
    lambda inner: an(
        ["rich_text_list", "rich_text_preformatted"],
        elements=st.lists(inner, max_size=3),
        style=st.sampled_from(["ordered", "bullet"]),
        indent=NUMBERS,
        offset=NUMBERS,
    ),
)
RICH = an(["rich_text"], elements=st.lists(PARTS, max_size=4))
WORDS = an(
    ["mrkdwn", "plain_text", "raw_text", "raw_number", "markdown"], text=TEXTS, value=NUMBERS
)
SHOWN = WORDS | TEXTS | RICH
BLOCKS = nested(
    RICH | WORDS | an(["image", "video"], title=SHOWN, alt_text=TEXTS, description=SHOWN),
    lambda inner: an(
        ["section", "context", "header", "data_table", "card", "carousel", "container", "plan",
         "input", "actions", "button", "static_select", "of_next_year"],
        text=SHOWN, fields=st.lists(SHOWN, max_size=3), elements=st.lists(inner, max_size=3),
        rows=st.lists(st.lists(SHOWN, max_size=3), max_size=3), title=SHOWN, caption=TEXTS,
        accessory=inner, child_blocks=st.lists(inner, max_size=2),
        tasks=st.lists(inner, max_size=2),
    ),
)  # fmt: skip
FILES = an(
    ["file"],
    mode=st.sampled_from(["email", "snippet", "canvas", "space", "tombstone"]), name=TEXTS,
    title=TEXTS, subject=TEXTS, plain_text=TEXTS, preview=TEXTS, preview_plain_text=TEXTS,
    alt_txt=TEXTS, filetype=st.sampled_from(["email", "quip", "png"]),
    transcription=st.fixed_dictionaries({"preview": st.fixed_dictionaries({"content": TEXTS})}),
    **{"from": st.lists(st.fixed_dictionaries({"original": TEXTS}), max_size=2)},
)  # fmt: skip
ATTACHMENTS = nested(
    an(["form"], text=TEXTS, title=TEXTS),
    lambda inner: an(
        ["form"],
        pretext=TEXTS, author_name=TEXTS, title=TEXTS, text=TEXTS, footer=TEXTS, fallback=TEXTS,
        fields=st.lists(st.fixed_dictionaries({"title": TEXTS, "value": ODD}), max_size=2),
        blocks=st.lists(BLOCKS, max_size=2), files=st.lists(FILES, max_size=1),
        message_blocks=st.lists(
            st.fixed_dictionaries({"message": st.fixed_dictionaries({"blocks": st.lists(BLOCKS)})}),
            max_size=1,
        ),
        attachments=st.lists(inner, max_size=2), is_share=st.booleans(), from_url=TEXTS,
    ),
)  # fmt: skip
MESSAGES = an(
    ["message"],
    text=TEXTS,
    blocks=st.lists(BLOCKS, max_size=3),
    attachments=st.lists(ATTACHMENTS, max_size=2),
    files=st.lists(FILES, max_size=3),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(MESSAGES)
def test_any_message_is_read_and_kept_within_its_bounds(message: dict[str, Any]) -> None:
    as_sent = copy.deepcopy(message)
    text, names = text_of(message), file_names(message)
    assert repr(message) == repr(as_sent)
    assert len(text) <= KEPT_CHARS
    assert text == legible(text).strip()
    assert len(names) <= 10
    assert all(0 < len(name) <= 100 and name == " ".join(name.split()) for name in names)
    text.encode()
    "".join(names).encode()
    assert has_words(text) in (True, False)


@settings(deadline=None)
@given(TEXTS)
def test_escaped_text_is_read_back_unchanged(text: str) -> None:
    shown = escaped(text, 100_000)
    assert to_plain(shown) == text_without_halves(text).strip()


def text_without_halves(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text)


@settings(deadline=None)
@given(TEXTS)
def test_any_rendered_text_is_harmless(text: str) -> None:
    for shown in (escaped(text), inline(text), sentence(text), code(text), fenced([text])):
        assert not {"<", ">"} & set(shown)
        shown.encode()
    for line in (inline(text), sentence(text), code(text), excerpt(text), printable(text)):
        assert len(line.splitlines()) <= 1
    assert len(excerpt(text)) <= 120
    assert "\x1b" not in printable(text) + json_line(text) + excerpt(text) + inline(text)
    answer = whole_lines("\n".join([escaped(text, SECTION)] * 9))
    assert len(answer.encode("utf-16-le")) // 2 <= MESSAGE
