"""Bulk on a real Ray cluster of two workers on this machine: `make test-bulk`."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.bulk.choose import Choice
from bot.bulk.classify import classify_file
from bot.bulk.engine import Crew
from bot.config.config import Settings, load_config
from learning.bulk.chunks import CHUNK, Answer, Chunk, chunks
from learning.bulk.ray_engine import answered
from learning.errors import DatasetError
from learning.reading.source import Source
from tests.learning.bulk.shouting import TEXTS, dying, shout, shouting

pytest.importorskip("ray", reason="Ray is not installed: make test-bulk")

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - reads the variable at import

        found = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
        )
        for _ in range(2):
            found.add_node(num_cpus=1)
        environment.setenv("RAY_ADDRESS", found.address)
        yield found
        found.shutdown()


class DyingOnce:
    """Answers like `shout`, but kills its process at the first attempt of the second chunk."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __call__(self) -> Answer[str]:
        return self._answer

    def _answer(self, chunk: Chunk) -> str:
        if chunk[0] == TEXTS[100]:
            try:
                self._mark.touch(exist_ok=False)
            except FileExistsError:
                return shout(chunk)
            os.kill(os.getpid(), signal.SIGKILL)
        return shout(chunk)


def test_the_same_bytes_as_on_one_machine(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("".join(f"{text} was billed twice\n" for text in TEXTS[:1100]))
    (tmp_path / "taught.csv").write_text("text,label\nwas billed twice again,OTHER\n")
    config, choice = load_config(Path("triage.toml")), Choice(examples=str(tmp_path / "taught.csv"))
    for engine in ("local", "ray"):
        source, out = str(tmp_path / "in.txt"), str(tmp_path / f"{engine}.jsonl")
        classify_file(Settings(), config, Source(source), out, choice, Crew(engine, 2))
    local, by_ray = ((tmp_path / f"{one}.jsonl").read_bytes() for one in ("local", "ray"))
    assert local.count(b"\n") == 2 * CHUNK + 76
    assert by_ray == local


def test_the_order_is_kept_if_a_process_is_killed(cluster: Any, tmp_path: Path) -> None:
    make = DyingOnce(tmp_path / "died")
    assert "".join(answered(chunks(TEXTS, 100), make, None)) == shout(TEXTS)
    assert (tmp_path / "died").exists()


def test_a_chunk_that_kills_every_process_is_reported(cluster: Any) -> None:
    with pytest.raises(DatasetError, match="a process died repeatedly"):
        list(answered(chunks(TEXTS), dying, None))


def test_chunks_of_a_lost_machine_are_answered_by_another(cluster: Any) -> None:
    [*_, last] = cluster.worker_nodes
    answers = answered(chunks(TEXTS, 20), shouting, None)
    found = next(answers)
    cluster.remove_node(last, allow_graceful=False)
    assert found + "".join(answers) == shout(TEXTS)
