"""Models that a team has: which there are, which one is in use, and who decided so, and why."""

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
from storage.server.connection import Client
from storage.server.lua import EXPECT
from storage.server.readable import read, read_all

DEFAULT = ""
"""The champion of a team that has promoted nothing: the classifier that its settings make."""

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
-- What a command did is found again by its trigger, so that it is done once.
local function done(promotions, trigger)
  if trigger == '' then return nil end
  for _, one in ipairs(redis.call('LRANGE', promotions, -100, -1)) do
    local note = cjson.decode(one)
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
    """A model cannot be had or promoted: the message says why and what to do; nothing changed."""


class Model(Frozen):
    """A model as it is remembered; times are Unix seconds as text.

    A `local` one is a file (its recipe) with a hash; a `hosted` one is a `name` at a `base_url`
    (None: OpenAI's own). `metrics` are the figures it was stored with, `libraries` the versions it
    was made with.
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
        """Twelve hex digits of the SHA-256 of what the model is, whenever it was stored."""
        parts = [self.kind, self.backend, self.name, self.base_url, self.sha256]
        content = json.dumps([*parts, self.label_set, self.snapshot])
        return hashlib.sha256(content.encode()).hexdigest()[:12]


class Promotion(Frozen):
    """One move of the champion pointer; `before` and `after` are model ids or DEFAULT.

    `trigger` is the command in Slack that moved it, "" for the command line: no command moves it
    twice.
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
    """Versions of installed distributions, as `Model.libraries` has them."""
    return {name: version(name) for name in names}


class Models:
    """The models of all workspaces, and the one pointer each workspace follows."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._add = redis.register_script(_ADD)
        self._promote = redis.register_script(_PROMOTE)
        self._rollback = redis.register_script(_ROLLBACK)

    async def add(self, team: str, model: Model, file: bytes = b"") -> bool:
        """Store a model and its file; the same model twice is one. True when it is new.

        ModelError where the file is not the one that `model.sha256` names.
        """
        _check(model, file)
        added = await self._add(
            keys=[keys.models(team), keys.model_files(team)],
            args=[model.id, model.model_dump_json(), base64.b64encode(file).decode()],
        )
        return bool(added)

    async def get(self, team: str, identity: str) -> Model | None:
        """The model of this id, or of an id that begins so; None where there is none."""
        found = [one for one in await self.all(team) if identity and one.id.startswith(identity)]
        return found[0] if len(found) == 1 else None

    async def file(self, team: str, model: Model) -> bytes:
        """The model's file; ModelError when it is not the one that was stored."""
        stored = await self._redis.hget(keys.model_files(team), model.id)
        content = b"" if stored is None else base64.b64decode(stored, validate=False)
        _check(model, content)
        return content

    async def all(self, team: str) -> list[Model]:
        """Every model, oldest first; one that is not what its id says is left out."""
        stored = await self._redis.hgetall(keys.models(team))
        found = [(key, read(Model, text, "model")) for key, text in stored.items()]
        kept = [model for key, model in found if model is not None and model.id == key]
        return sorted(kept, key=lambda one: (float(one.created), one.id))

    async def champion(self, team: str) -> str:
        """The id of the model in use, or DEFAULT."""
        return str(await self._redis.get(keys.champion(team)) or DEFAULT)

    async def challengers(self, team: str, label_set: str) -> list[Model]:
        """Models of this label set that were never in use, newest first."""
        used = {one.after for one in await self.history(team)} | {await self.champion(team)}
        found = [one for one in await self.all(team) if one.label_set == label_set]
        return [one for one in reversed(found) if one.id not in used]

    async def promote(
        self, team: str, identity: str, promotion: Promotion, against: str | None
    ) -> None:
        """Make a model the champion, in one atomic step with its history.

        `against` is the champion it was compared with (None: whichever): ModelError when another
        one is in use by now, when the model is unknown, or is the champion already.
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
            raise ModelError(f"there is no model {identity}: `models` lists them")
        if state == "moved":
            raise ModelError(f"the champion is {shown(old)} by now: compare with it first")
        if state == "same":
            raise ModelError(f"{identity} is the champion already")

    async def rollback(self, team: str, promotion: Promotion) -> str:
        """Go back to the champion before this one; its id. ModelError where there was none."""
        state, back = await self._rollback(
            keys=[keys.champion(team), keys.former_champions(team), keys.promotions(team)],
            args=[promotion.model_dump_json(), promotion.trigger],
        )
        if state == "none":
            raise ModelError("nothing was promoted: there is no champion to go back to")
        return str(back)

    async def moved_by(self, team: str, trigger: str) -> Promotion | None:
        """Return what a command in Slack did to the champion pointer; None for nothing yet."""
        found = (one for one in await self.history(team) if trigger and one.trigger == trigger)
        return next(found, None)

    async def history(self, team: str) -> list[Promotion]:
        """Every promotion and rollback, oldest first."""
        stored: list[Any] = await self._redis.lrange(keys.promotions(team), 0, -1)
        return read_all(Promotion, stored, "promotion")


def shown(identity: str) -> str:
    """A champion's id as people read it."""
    return identity or "the default one"


def _check(model: Model, file: bytes) -> None:
    if model.kind == "hosted" and not file:
        return
    found = hashlib.sha256(file).hexdigest()
    if found != model.sha256:
        raise ModelError(
            f"model {model.id}: its file has SHA-256 {found[:12]}…, not {model.sha256[:12]}…: "
            "it was damaged or changed, and is not used; train again, or promote another"
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """A model and its part; one for another label set is not `usable`."""

    model: Model
    role: Literal["champion", "challenger", "former"]
    usable: bool


async def listed(models: Models, team: str, label_set: str) -> list[Listed]:
    """All models, newest first."""
    champion = await models.champion(team)
    used = {one.after for one in await models.history(team)}

    def role(model: Model) -> Literal["champion", "challenger", "former"]:
        if model.id == champion:
            return "champion"
        return "former" if model.id in used else "challenger"

    return [
        Listed(one, role(one), one.label_set == label_set)
        for one in reversed(await models.all(team))
    ]
