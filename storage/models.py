"""A team's models, its champion pointer, and the history of promotions and rollbacks."""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal

from pydantic import Field

from storage import keys
from storage.messages import Frozen
from storage.server.lua import EXPECT
from storage.server.protocol import Client
from storage.server.readable import read, read_all

DEFAULT = ""
"""The champion of a team without promotions: the classifier that its settings define."""

_ADD = (
    EXPECT
    + """
expect(KEYS[1], 'hash')
expect(KEYS[2], 'hash')
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
"""
)

_DONE = (
    EXPECT
    + """
-- Find the result of a command by its trigger, so that a retried command acts once.
local function done(promotions, trigger)
  if trigger == '' then return nil end
  for _, entry in ipairs(redis.call('LRANGE', promotions, -100, -1)) do
    local note = cjson.decode(entry)
    if note['trigger'] == trigger then return note['after'] end
  end
end
"""
)

_PROMOTE = (
    _DONE
    + """
-- KEYS models champion champions promotions; ARGV id, against (any, this), champion, note, trigger
expect(KEYS[3], 'list')
expect(KEYS[4], 'list')
local note = cjson.decode(ARGV[4])
if done(KEYS[4], ARGV[5]) then return {'done', ''} end
local old = redis.call('GET', KEYS[2]) or ''
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return {'unknown', old} end
if ARGV[2] ~= 'any' and ARGV[3] ~= old then return {'moved', old} end
if old == ARGV[1] then return {'same', old} end
note['before'] = old
redis.call('RPUSH', KEYS[3], old)
redis.call('SET', KEYS[2], ARGV[1])
redis.call('RPUSH', KEYS[4], cjson.encode(note))
return {'done', old}
"""
)

_ROLLBACK = (
    _DONE
    + """
-- KEYS champion champions promotions; ARGV note, trigger
expect(KEYS[2], 'list')
expect(KEYS[3], 'list')
local note = cjson.decode(ARGV[1])
local before = done(KEYS[3], ARGV[2])
if before then return {'done', before} end
note['before'] = redis.call('GET', KEYS[1]) or ''
local back = redis.call('RPOP', KEYS[2])
if not back then return {'none', ''} end
note['after'] = back
redis.call('SET', KEYS[1], back)
redis.call('RPUSH', KEYS[3], cjson.encode(note))
return {'done', back}
"""
)


class ModelError(Exception):
    """A model cannot be loaded or promoted: nothing changed, and the message says what to do."""


class Model(Frozen):
    """A stored model; times are Unix seconds as text.

    A `local` model is a file (its recipe) with a hash. A `hosted` model is a `name` at a `base_url`
    (None: OpenAI's). `metrics` are its figures at creation, `libraries` the versions that made it.
    """

    kind: Literal["local", "hosted"]
    backend: str
    label_set: str
    snapshot: str
    created: str
    name: str = ""
    base_url: str | None = None
    sha256: str = ""
    metrics: dict[str, float] = Field(default_factory=dict)
    libraries: dict[str, str] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return twelve hex digits of the SHA-256 of the model's content, without its time."""
        parts = [self.kind, self.backend, self.name, self.base_url, self.sha256]
        content = json.dumps([*parts, self.label_set, self.snapshot])
        return hashlib.sha256(content.encode()).hexdigest()[:12]


class Promotion(Frozen):
    """One move of the champion pointer; `before` and `after` are model ids or DEFAULT.

    `trigger` is the command in Slack that moved it ("" for the command line); a retried command
    does not move it twice.
    """

    act: Literal["promote", "force", "rollback"]
    who: str
    when: str
    why: str
    before: str = DEFAULT
    after: str = DEFAULT
    trigger: str = ""
    figures: dict[str, float] = Field(default_factory=dict)


def library_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of installed distributions, for `Model.libraries`."""
    return {name: version(name) for name in names}


class Models:
    """The models of all workspaces, and the champion pointer of each workspace."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._add = redis.register_script(_ADD)
        self._promote = redis.register_script(_PROMOTE)
        self._rollback = redis.register_script(_ROLLBACK)

    async def add(self, team: str, model: Model, file: bytes = b"") -> bool:
        """Store a model and its file, unless it is stored already; return True if it is new.

        Raise ModelError if the file does not match `model.sha256`.
        """
        _check(model, file)
        added = await self._add(
            keys=[keys.models(team), keys.model_files(team)],
            args=[model.id, model.model_dump_json(), base64.b64encode(file).decode()],
        )
        return bool(added)

    async def get(self, team: str, identity: str) -> Model | None:
        """Return the model whose id has this prefix; None if no model or several have it."""
        models = await self.all(team)
        found = [model for model in models if identity and model.id.startswith(identity)]
        return found[0] if len(found) == 1 else None

    async def file(self, team: str, model: Model) -> bytes:
        """Return the model's file; raise ModelError if it was changed since it was stored."""
        stored = await self._redis.hget(keys.model_files(team), model.id)
        content = b"" if stored is None else base64.b64decode(stored, validate=False)
        _check(model, content)
        return content

    async def all(self, team: str) -> list[Model]:
        """Return all models, oldest first, without those whose content does not match their id."""
        stored = await self._redis.hgetall(keys.models(team))
        found = [(key, read(Model, text, "model")) for key, text in stored.items()]
        kept = [model for key, model in found if model is not None and model.id == key]
        return sorted(kept, key=lambda model: (float(model.created), model.id))

    async def champion(self, team: str) -> str:
        """Return the champion's id, or DEFAULT."""
        return str(await self._redis.get(keys.champion(team)) or DEFAULT)

    async def challengers(self, team: str, label_set: str) -> list[Model]:
        """Return the models of a label set that were never champion, newest first."""
        moves = await self.history(team)
        used = {move.after for move in moves} | {await self.champion(team)}
        found = [model for model in await self.all(team) if model.label_set == label_set]
        return [model for model in reversed(found) if model.id not in used]

    async def promote(
        self, team: str, identity: str, promotion: Promotion, against: str | None
    ) -> None:
        """Make a model the champion, and record it in the history in the same atomic step.

        `against` is the champion that the model was compared with (None: any). Raise ModelError if
        the champion has changed since, or if the model is unknown or already the champion.
        """
        note = promotion.model_copy(update={"after": identity})
        state, old = await self._promote(
            keys=[
                keys.models(team),
                keys.champion(team),
                keys.former_champions(team),
                keys.promotions(team),
            ],
            args=[
                identity,
                "any" if against is None else "this",
                against or DEFAULT,
                note.model_dump_json(),
                note.trigger,
            ],
        )
        if state == "unknown":
            raise ModelError(f"unknown model {identity}. List models with `models`.")
        if state == "moved":
            raise ModelError(f"the model in use is now {shown(old)}. Compare with it first.")
        if state == "same":
            raise ModelError(f"model {identity} is already in use")

    async def rollback(self, team: str, promotion: Promotion) -> str:
        """Make the previous champion the champion; return its id.

        Raise ModelError if there was no promotion.
        """
        state, back = await self._rollback(
            keys=[keys.champion(team), keys.former_champions(team), keys.promotions(team)],
            args=[promotion.model_dump_json(), promotion.trigger],
        )
        if state == "none":
            raise ModelError("no model was promoted yet, so there is none to go back to")
        return str(back)

    async def moved_by(self, team: str, trigger: str) -> Promotion | None:
        """Return the promotion or rollback that a command in Slack made, or None."""
        found = (move for move in await self.history(team) if trigger and move.trigger == trigger)
        return next(found, None)

    async def history(self, team: str) -> list[Promotion]:
        """Return all promotions and rollbacks, oldest first."""
        stored: list[Any] = await self._redis.lrange(keys.promotions(team), 0, -1)
        return read_all(Promotion, stored, "promotion")


def shown(identity: str) -> str:
    """Return a champion's id for people to read."""
    return identity or "the default model"


def _check(model: Model, file: bytes) -> None:
    if model.kind == "hosted" and not file:
        return
    found = hashlib.sha256(file).hexdigest()
    if found != model.sha256:
        raise ModelError(
            f"model {model.id} is not used: its file was damaged or changed (SHA-256 "
            f"{found[:12]}…, not {model.sha256[:12]}…). Train again, or promote another model."
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """A model and its role; a model for another label set is not `usable`."""

    model: Model
    role: Literal["champion", "challenger", "former"]
    usable: bool


async def listed(models: Models, team: str, label_set: str) -> list[Listed]:
    """Return all models with their roles, newest first."""
    champion = await models.champion(team)
    used = {move.after for move in await models.history(team)}

    def role(model: Model) -> Literal["champion", "challenger", "former"]:
        if model.id == champion:
            return "champion"
        return "former" if model.id in used else "challenger"

    return [
        Listed(model, role(model), model.label_set == label_set)
        for model in reversed(await models.all(team))
    ]
