"""What the processes of the bulk tests run: answers in capitals, quick to import."""

import os
import signal

from support_triage.learning.bulk import CHUNK, Answer

TEXTS = [f"text {number}" for number in range(CHUNK * 4 + 7)]


def shout(chunk: list[str]) -> str:
    return "".join(f"{text.upper()}!\n" for text in chunk)


def shouting() -> Answer:
    return shout


def die(_: list[str]) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def dying() -> Answer:
    return die
