"""Fills a real Valkey with examples, runs `triage export` as a user does, and measures it.

Each format runs in a new process: seconds from start to end, and its peak memory. The result is
JSON, printed and written to the file of `--out`.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

from bot.config.config import load_config
from learning.export.export import FORMATS, SUFFIX
from storage.examples.examples import Examples, StoredExample
from storage.server.connection import connect
from storage.server.embedded import EmbeddedValkey
from storage.workspace.workspaces import Workspaces

TEAM, BATCH, MB = "TBENCH", 500, 1 << 20
SYLLABLES = ("ba", "con", "de", "fil", "gra", "in", "lo", "mer", "pay", "re", "sup", "ti", "vo")
WORDS = tuple("".join(pair) for pair in product(SYLLABLES, repeat=2))


def examples(count: int) -> Iterator[StoredExample]:
    """Yield made-up messages of about 70 characters, some with a number or an address."""
    config = load_config(Path("triage.toml"))
    names, version, rng = config.label_set.names, config.label_set.version, random.Random(7)  # noqa: S311 - no secret
    for number in range(count):
        text = " ".join(rng.choices(WORDS, k=rng.randint(6, 20)))
        if number % 5 == 0:
            text = f"Order {rng.randrange(10_000, 99_999_999)}: {text}"
        if number % 50 == 0:
            text += f", write to u{number}@example.com"
        yield StoredExample(
            id=f"C0SUPPORT:{1_700_000_000 + number}.000100",
            text=text,
            label=rng.choice(names),
            source="correction",
            label_set=version,
            when=f"{1_700_000_000 + number}.000200",
            author=f"U{number % 5000:06d}",
            predicted=rng.choice(names),
            confidence=0.5,
            classifier="local:0123abcd",
        )


async def fill(url: str, count: int) -> float:
    """Store the examples; return the seconds it took."""
    started = time.perf_counter()
    async with connect(url, Path()) as redis:
        await Workspaces(redis).add(TEAM)
        rows, store = examples(count), Examples(redis)
        while batch := list(islice(rows, BATCH)):
            await store.put_all(TEAM, [(example.id, example, ()) for example in batch])
    return time.perf_counter() - started


def triage(url: str, *arguments: str) -> dict[str, Any]:
    """Run `triage` in a new process; return its seconds, peak resident memory and output."""
    code = "from bot.cli.main import main; main()"
    with tempfile.TemporaryFile() as printed:
        started = time.perf_counter()
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-c", code, *arguments],
            os.environ | {"REDIS_URL": url},
            file_actions=[(os.POSIX_SPAWN_DUP2, printed.fileno(), 1)],
        )
        _, status, usage = os.wait4(pid, 0)
        seconds = time.perf_counter() - started
        printed.seek(0)
        assert status == 0, printed.read()
        return {
            "seconds": round(seconds, 1),
            "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
            "peak_mb": round(usage.ru_maxrss / 1024),
            "printed": printed.read().decode().splitlines(),
        }


def measure(count: int, formats: list[str], folder: Path) -> dict[str, Any]:
    """Return all figures; write the files to `folder`."""
    with EmbeddedValkey(folder / "valkey") as server:
        found: dict[str, Any] = {
            "examples": count,
            "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
            "load_before": round(os.getloadavg()[0], 1),
            "fill_seconds": round(asyncio.run(fill(server.url, count)), 1),
            "base_mb": triage(server.url, "labels", "--json", "--team", TEAM)["peak_mb"],
        }
        for kind in formats:
            out = folder / f"out.{kind}.{SUFFIX[kind]}"
            ran = triage(server.url, "export", "--format", kind, "--out", str(out), "--team", TEAM)
            ran["file_mb"] = round(sum(path.stat().st_size for path in folder.glob("out.*")) / MB)
            found[kind] = ran
            print(kind, ran, file=sys.stderr)
            if kind == "jsonl":
                found["import"] = triage(server.url, "import", str(out), "--team", "TOTHER")
                print("import", found["import"], file=sys.stderr)
            for path in folder.glob("out.*"):
                path.unlink()
    return found


def main() -> None:
    """Measure, print the figures, and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1_000_000)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--out", type=Path, default=Path(".benchmarks/export.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(given.examples, given.formats, Path(folder))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


main()
