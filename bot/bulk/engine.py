"""Runs bulk work in processes of this machine or of a Ray cluster."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.config.config import ConfigError
from learning.bulk import chunks as bulk
from learning.bulk import ray_engine as bulk_ray

ENGINES: Final[dict[str, bulk.Engine]] = {"local": bulk.answered, "ray": bulk_ray.answered}


@dataclass(frozen=True, slots=True)
class Crew:
    """An engine of ENGINES and a number of processes (None: one per core)."""

    engine: str = "local"
    processes: int | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise ConfigError(
                f'--engine: "{self.engine}" is unknown. Use one of {", ".join(ENGINES)}.'
            )

    @property
    def threads(self) -> int:
        """Return the threads of each process: its share of the cores, or 1 on a cluster."""
        cores = os.cpu_count() or 1
        return max(1, cores // (self.processes or cores)) if self.engine == "local" else 1

    def answers(self, todo: Iterable[bulk.Chunk], make: bulk.Make[bulk.T]) -> Iterator[bulk.T]:
        """Yield the answers to chunks, in their order."""
        return ENGINES[self.engine](todo, make, self.processes)
