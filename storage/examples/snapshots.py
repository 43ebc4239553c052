"""Snapshots: immutable sets of examples in a training and a test part, named by their content."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from classifiers.base import Example, Label, LabelSet
from storage import keys
from storage.server.protocol import Client

_CHUNK = 1_000


_ADD = """
-- KEYS snapshot forgotten; ARGV expected count of removals, field, value
if (redis.call('HGET', KEYS[2], '') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1
"""
_REPLACE = """#!lua flags=allow-oom
-- KEYS snapshot; ARGV field, SHA-1 of its value, new value
local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old or redis.sha1hex(old) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""


class SnapshotError(Exception):
    """A snapshot does not match its id, or holds examples that were removed: take a new one."""


@dataclass(frozen=True, slots=True)
class SnapshotExample:
    """A redacted message and its label, without the people's names or ids."""

    id: str
    text: str
    label: str
    source: str
    label_set: str
    when: str

    @property
    def digest(self) -> str:
        """Return the first 32 hex digits of the SHA-256 of all fields."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:32]

    def as_example(self) -> Example:
        """Return the example in the classifiers' form."""
        return Example(self.id, self.text, self.label)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Examples for training and for testing; the same content has the same id.

    `left_out` counts the examples that are in neither part, by reason. `forgotten` has the part and
    digest of each example that a forget request removed later, because the id depends on them.
    `began` is the tombstones' count when the examples were read.
    """

    id: str
    label_set: LabelSet
    created: str
    train: tuple[SnapshotExample, ...]
    test: tuple[SnapshotExample, ...]
    left_out: tuple[tuple[str, int], ...] = ()
    forgotten: tuple[tuple[str, str], ...] = ()
    began: str = field(default="0", compare=False)


def snapshot_id(
    label_set: LabelSet,
    train: Iterable[SnapshotExample],
    test: Iterable[SnapshotExample],
    forgotten: Iterable[tuple[str, str]] = (),
) -> str:
    """Return sixteen hex digits of the SHA-256 of the label set and examples, in any order."""
    rows = [("train", example.digest) for example in train]
    rows += [("test", example.digest) for example in test]
    content = json.dumps([label_set.version, sorted([*rows, *forgotten])])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _label_set(stored: Sequence[dict[str, Any]]) -> LabelSet:
    return LabelSet(
        tuple(Label(row["name"], row["description"], tuple(row["examples"])) for row in stored)
    )


class Snapshots:
    """The snapshots of all workspaces."""

    def __init__(self, redis: Client) -> None:
        self._redis = redis
        self._add = redis.register_script(_ADD)
        self._replace = redis.register_script(_REPLACE)

    async def add(self, team: str, snapshot: Snapshot) -> None:
        """Store a snapshot, unless it is stored already.

        Raise SnapshotError if an example was removed since the snapshot's examples were read.
        """
        key = keys.snapshot(team, snapshot.id)
        if await self._redis.hexists(key, "about"):
            return
        # List the snapshot first, so a forget request finds its rows even if this process dies.
        await self._redis.zadd(keys.snapshots(team), {snapshot.id: float(snapshot.created)})
        rows = (
            json.dumps([side, asdict(example)], ensure_ascii=False)
            for side, part in (("train", snapshot.train), ("test", snapshot.test))
            for example in part
        )
        number = 0
        while chunk := list(islice(rows, _CHUNK)):
            await self._write(team, snapshot, f"rows:{number}", "\n".join(chunk))
            number += 1
        about = {
            "labels": [asdict(label) for label in snapshot.label_set.labels],
            "created": snapshot.created,
            "left_out": snapshot.left_out,
            "chunks": number,
        }
        await self._write(team, snapshot, "about", json.dumps(about, ensure_ascii=False))

    async def _write(self, team: str, snapshot: Snapshot, name: str, content: str) -> None:
        key = keys.snapshot(team, snapshot.id)
        if not await self._add(
            keys=[key, keys.forgotten(team)], args=[snapshot.began, name, content]
        ):
            await self._redis.delete(key)
            await self._redis.zrem(keys.snapshots(team), snapshot.id)
            raise SnapshotError("examples were removed while the snapshot was taken. Try again.")

    async def ids(self, team: str) -> list[str]:
        """Return the ids of all snapshots, newest first."""
        found: list[str] = await self._redis.zrevrange(keys.snapshots(team), 0, -1)
        return found

    async def get(self, team: str, identity: str) -> Snapshot | None:
        """Return a snapshot, or None; raise SnapshotError if its content was changed."""
        key = keys.snapshot(team, identity)
        stored = await self._redis.hget(key, "about")
        if stored is None:
            return None
        about = json.loads(stored)
        parts: dict[str, list[SnapshotExample]] = {"train": [], "test": []}
        forgotten: list[tuple[str, str]] = []
        for number in range(about["chunks"]):
            chunk = await self._redis.hget(key, f"rows:{number}") or ""
            for line in chunk.split("\n"):
                side, row = json.loads(line) if line else ("", "")
                if isinstance(row, dict):
                    parts[side].append(SnapshotExample(**row))
                else:
                    forgotten.append((side, row))
        snapshot = Snapshot(
            identity,
            _label_set(about["labels"]),
            about["created"],
            tuple(parts["train"]),
            tuple(parts["test"]),
            tuple((reason, count) for reason, count in about["left_out"]),
            tuple(forgotten),
        )
        if identity != snapshot_id(
            snapshot.label_set, snapshot.train, snapshot.test, snapshot.forgotten
        ):
            raise SnapshotError(f"snapshot {identity} was changed in Redis. Take a new one.")
        return snapshot

    async def forget(self, team: str, examples: Collection[str], *, apply: bool) -> list[str]:
        """Remove examples from all snapshots; return the ids of the snapshots that had them.

        With `apply` False, only search. The part and digest of a removed row stay, so that the
        snapshot's id still matches.
        """
        touched = []
        for identity in await self.ids(team):
            key = keys.snapshot(team, identity)
            chunks = [name for name in await self._redis.hkeys(key) if name.startswith("rows:")]
            found = [await self._forget(key, chunk, examples, apply=apply) for chunk in chunks]
            if any(found):
                touched.append(identity)
        return touched

    async def _forget(
        self, key: str, chunk: str, examples: Collection[str], *, apply: bool
    ) -> bool:
        """Remove examples from a chunk; repeat if another process changed it meanwhile."""
        while stored := await self._redis.hget(key, chunk):
            kept = "\n".join(_without(line, examples) for line in stored.split("\n"))
            if kept == stored:
                return False
            digest = hashlib.sha1(stored.encode(), usedforsecurity=False).hexdigest()
            if not apply or await self._replace(keys=[key], args=[chunk, digest, kept]):
                return True
        return False


def _without(line: str, examples: Collection[str]) -> str:
    side, row = json.loads(line) if line else ("", "")
    if isinstance(row, dict) and row["id"] in examples:
        return json.dumps([side, SnapshotExample(**row).digest])
    return line
