"""Who does bulk work: processes of this machine, or of a cluster."""

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
    """Who does the work: an engine of ENGINES, and how many processes (None: one a core)."""

    engine: str = "local"
    processes: int | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise ConfigError(f'--engine: "{self.engine}" is none of {", ".join(ENGINES)}')

    @property
    def threads(self) -> int:
        """The threads of a process: what cores there are, dealt out; on a cluster one."""
        cores = os.cpu_count() or 1
        return max(1, cores // (self.processes or cores)) if self.engine == "local" else 1

    def answers(self, todo: Iterable[bulk.Chunk], make: bulk.Make[bulk.T]) -> Iterator[bulk.T]:
        """The answers to chunks, in their order."""
        return ENGINES[self.engine](todo, make, self.processes)
