"""Stores any number of examples of a team with four labels, and recipes as challengers."""

import hashlib
import random
import time

from bot.config.config import Config
from classifiers.local.recipe import Recipe
from storage.examples.examples import Examples, StoredExample
from storage.models import Model, Models
from storage.server.protocol import Client

_WORDS = {
    "BILLING": ("invoice", "refund", "charge", "payment", "receipt"),
    "TECHNICAL": ("crash", "timeout", "error page", "broken widget", "failed sync"),
    "ACCOUNT": ("password", "profile", "permission", "sign-in", "username"),
    "OTHER": ("discount", "roadmap", "office", "newsletter", "job offer"),
}
_SHAPES = (
    "There is a problem with the {} of {}",
    "Could somebody look at my {}, order {}?",
    "What about the {} from last {}",
    "I need help with {} for {} please",
)
_NAMES = ("Monday", "Anna", "Berlin", "spring", "our team", "the office", "Tuesday", "customer")


async def teach(redis: Client, team: str, count: int, label_set: str) -> None:
    """Store `count` different corrected examples of the four labels."""
    examples = Examples(redis)
    rng = random.Random(0)  # noqa: S311 - no secret
    seen: set[str] = set()
    while len(seen) < count:
        label = rng.choice(sorted(_WORDS))
        text = rng.choice(_SHAPES).format(rng.choice(_WORDS[label]), rng.choice(_NAMES))
        text += f" {rng.choice(('now', 'again', 'today', 'since then'))} {chr(97 + len(seen) % 26)}"
        if text in seen:
            continue
        seen.add(text)
        example = StoredExample(
            id=f"C0SUPPORT:{len(seen)}.0",
            text=text,
            label=label,
            source="correction",
            label_set=label_set,
            when=f"{time.time():.6f}",
        )
        await examples.put(team, example.id, example)


async def add_recipe(redis: Client, team: str, config: Config, c: float) -> Model:
    """Store a recipe of the local model as a challenger."""
    file = Recipe(c=c).to_bytes()
    model = Model(
        kind="local",
        backend="local",
        label_set=config.label_set.version,
        snapshot="s",
        created=f"{time.time():.6f}",
        sha256=hashlib.sha256(file).hexdigest(),
    )
    await Models(redis).add(team, model, file)
    return model
