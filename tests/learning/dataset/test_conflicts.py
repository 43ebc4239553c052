"""Conflicts and label errors made on purpose are found."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bot.commands.conflicts import render
from bot.slack.text.markup import excerpt
from classifiers.base import Vectors
from learning.dataset.conflicts import doubts
from storage.server.protocol import Client
from tests.learning.export.exports import LABELS, example, stood

TOPICS = {"BILLING": "invoice", "TECHNICAL": "crash", "ACCOUNT": "login", "OTHER": "hello"}


class TopicEmbedder:
    """Embeds texts of a topic near each other."""

    name = "topics"

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = []
        for text in texts:
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
            vector = np.random.default_rng(seed).normal(0, 0.3, 16)
            vector[[word in text for word in TOPICS.values()].index(True)] += 3
            rows.append(vector / np.linalg.norm(vector))
        return np.array(rows, dtype=np.float32)


async def test_texts_with_two_labels_come_newest_first(redis: Client) -> None:
    put = [
        example("An invoice", "BILLING", "1", 1),
        example("an  INVOICE", "OTHER", "4", 2),
        example("A login", "ACCOUNT", "9", 3),
        example("a login", "BILLING", "2", 4),
        example("a crash", "TECHNICAL", "8", 5),
        example("A crash", "TECHNICAL", "8", 6),
        example("hello", "GONE", "8", 7),
        example("Hello", "OTHER", "8", 8),
    ]
    found = await doubts(await stood(redis, put), "T", LABELS, TopicEmbedder())
    assert [[one.label for one in group.examples] for group in found.conflicts] == [
        ["ACCOUNT", "BILLING"],
        ["OTHER", "BILLING"],
    ]
    assert (found.judged, found.suspects) == (0, ())


async def test_label_errors_made_on_purpose_are_found(redis: Client) -> None:
    put = [
        example(f"{word} number {'x' * n}", label, str(n), 100 * place + n)
        for place, (label, word) in enumerate(TOPICS.items())
        for n in range(1, 25)
    ]
    wrong = {3: "OTHER", 110: "BILLING"}
    put = [one.model_copy(update={"label": wrong.get(int(one.id[2:]), one.label)}) for one in put]
    found = await doubts(await stood(redis, put), "T", LABELS, TopicEmbedder())
    assert [(one.example.id, one.instead) for one in found.suspects] == [
        ("C:110", "TECHNICAL"),
        ("C:3", "BILLING"),
    ]
    assert found.judged == len(put)


async def test_shown_texts_are_escaped_and_redacted(redis: Client) -> None:
    text = "An invoice <!channel> jane@example.com\n*bold* \u202e"
    put = [example(text, "BILLING", "1", 1), example(text, "OTHER", "2", 2)]
    found = await doubts(await stood(redis, put), "T", LABELS, TopicEmbedder())

    async def permalink(channel: str, ts: str) -> str:
        return f"https://slack/{channel}/{ts}"

    shown = await render(found, permalink)
    assert "&lt;!channel&gt;" in shown
    assert "jane@example.com" not in shown
    assert "<https://slack/C/2|message>" in shown
    assert "\u202e" not in excerpt(text)
    nothing = await render(replace(found, conflicts=(), suspects=()), permalink)
    assert "Nothing to review" in nothing
