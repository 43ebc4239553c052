"""docs/privacy.md lists every key, under the lifetime that keys.py gives it."""

import re
from pathlib import Path

from storage import keys

LIVES = {
    name: "permanently" if (made.__doc__ or "").find("Permanent") >= 0 else "for a limited time"
    for name, made in vars(keys).items()
    if callable(made) and name != "prefix"
}


def test_every_key_is_told_with_its_life() -> None:
    text = Path("docs/privacy.md").read_text()
    told: dict[str, str] = {}
    for title, body in re.findall(r"^## Kept (.*)\n((?:\|.*\n)+)", text, re.MULTILINE):
        for row in body.splitlines()[2:]:
            _, what, names, reason, _ = row.split("|")
            assert what.strip()
            assert reason.strip()
            told |= dict.fromkeys(re.findall(r"`(\w+)`", names), title)
    assert told == LIVES
