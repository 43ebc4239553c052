"""Bulk runs keep the order, and a killed and resumed run writes the same bytes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from learning.bulk.chunks import CHUNK, answered, chunks
from learning.bulk.file_out import FileOut, Out
from learning.bulk.parts_out import PartsOut
from learning.errors import DatasetError
from learning.reading.reader import texts
from learning.reading.source import Source
from tests.learning.bulk.shouting import TEXTS, dying, run, shout, shouting

CHILD = """
import sys
from pathlib import Path
from functools import partial
from learning.bulk.chunks import answered
from learning.bulk.file_out import FileOut
from learning.reading.reader import texts
from learning.reading.source import Source
from tests.learning.bulk.shouting import TEXTS, run, shouting
print("started", flush=True)
def reported(todo):
    for lines in answered(todo, shouting, 2):
        yield lines
        print("chunk", flush=True)
        if len(sys.argv) > 2: sys.stdin.readline()
if __name__ == "__main__":
    run(TEXTS, FileOut(Path(sys.argv[1])), "job", reported)
"""


class CutError(Exception):
    """Interrupts a run."""


def whole(todo: Iterator[list[str]]) -> Iterator[str]:
    return map(shout, todo)


def cut_after(count: int, todo: Iterator[list[str]]) -> Iterator[str]:
    yield from map(shout, islice(todo, count))
    raise CutError


@pytest.fixture(params=["file", "parts"])
def out_of(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Out]:
    if request.param == "file":
        return lambda: FileOut(tmp_path / "out.jsonl")
    (tmp_path / "out").mkdir()
    return lambda: PartsOut(f"file://{tmp_path}/out", group=2)


def written(folder: Path) -> str:
    files = sorted([*folder.glob("out.jsonl"), *folder.glob("out/part-*")])
    return "".join(path.read_text() for path in files)


@pytest.mark.parametrize("first", [0, 1, 2, 3, 5])
def test_a_resumed_run_writes_the_same_bytes(
    tmp_path: Path, out_of: Callable[[], Out], first: int
) -> None:
    with pytest.raises(CutError):
        run(TEXTS, out_of(), "job", lambda todo: cut_after(first, todo))
    assert not (tmp_path / "out.jsonl").exists()
    assert not (tmp_path / "out" / "_SUCCESS").exists()
    out = out_of()
    resumed_at = first if isinstance(out, FileOut) else first - first % 2
    if isinstance(out, FileOut):
        with (tmp_path / ".out.jsonl.part").open("ab") as torn:
            torn.write(b"half a li")
    assert run(TEXTS, out, "job", whole) == resumed_at
    assert written(tmp_path) == shout(TEXTS)
    left = {path.name for path in tmp_path.rglob("*") if path.name.startswith((".", "_"))}
    assert left == (set() if isinstance(out, FileOut) else {"_SUCCESS"})


def test_a_run_is_resumed_only_by_the_same_job(out_of: Callable[[], Out]) -> None:
    with pytest.raises(CutError):
        run(TEXTS, out_of(), "job", lambda todo: cut_after(2, todo))
    assert out_of().resume("another job") is None
    out = out_of()
    assert (out.resume("job"), out.done) == (b"job", 2)
    out.close()


def test_another_job_starts_from_the_beginning(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with pytest.raises(CutError):
        run(TEXTS, FileOut(out), "job", lambda todo: cut_after(2, todo))
    assert run(TEXTS[:3], FileOut(out), "another", whole) == 0
    assert out.read_text() == shout(TEXTS[:3])


def test_parts_of_another_job_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(CutError):
        run(TEXTS, PartsOut(f"file://{tmp_path}/out", 1), "job", lambda todo: cut_after(2, todo))
    with pytest.raises(DatasetError, match="is not empty"):
        run(TEXTS, PartsOut(f"file://{tmp_path}/out", 1), "another", whole)
    assert written(tmp_path) == shout(TEXTS[: 2 * CHUNK])


def test_two_runs_do_not_write_the_same_file(tmp_path: Path) -> None:
    first, second = FileOut(tmp_path / "out.jsonl"), FileOut(tmp_path / "out.jsonl")
    first.begin("job", b"")
    with pytest.raises(DatasetError, match="another run is writing this file"):
        second.begin("job", b"")
    second.close()
    first.close()


def test_processes_answer_in_order() -> None:
    assert "".join(answered(chunks(TEXTS, 100), shouting, 2)) == shout(TEXTS)


def test_a_killed_process_is_reported_with_what_to_do() -> None:
    with pytest.raises(DatasetError, match="Run the same command again"):
        list(answered(chunks(TEXTS), dying, 1))


def test_a_killed_run_resumes_where_it_stopped(tmp_path: Path) -> None:
    script, out = tmp_path / "child.py", tmp_path / "out.jsonl"
    script.write_text(CHILD)
    command = [sys.executable, str(script), str(out)]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    child = subprocess.Popen(
        [*command, "waiting"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        start_new_session=True,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    for line in child.stdout:
        if line == "chunk\n":
            child.stdin.write("\n")
            child.stdin.flush()
            break
    assert any("chunk" in line for line in child.stdout)  # another process may start between
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert json.loads((tmp_path / ".out.jsonl.progress").read_text())["chunks"] >= 1
    assert not out.exists()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    assert out.read_text() == shout(TEXTS)


def test_the_same_texts_are_read_from_each_kind_of_file(tmp_path: Path) -> None:
    wanted = ["one", "two, with a comma", "drei ä"]
    files = {
        "a.csv": 'id,text\n1,one\n2,"two, with a comma"\n3,drei ä\n',
        "a.jsonl": "".join(json.dumps({"text": text}) + "\n" for text in wanted),
        "a.txt": "\n".join(wanted) + "\n\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        assert list(texts(Source(str(tmp_path / name)))) == wanted, name
        assert list(texts(Source(f"file://{tmp_path / name}"))) == wanted, name
    pq.write_table(pa.table({"text": wanted, "n": [1, 2, 3]}), tmp_path / "a.parquet")
    assert list(texts(Source(str(tmp_path / "a.parquet")))) == wanted


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", "id\n1\n"), ("a.jsonl", '{"secret": 1}\n'), ("b.csv", None)]
)
def test_an_unreadable_file_is_reported_without_its_content(
    tmp_path: Path, name: str, content: str | None
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(DatasetError, match=name) as caught:
        list(texts(Source(str(tmp_path / name))))
    assert "secret" not in str(caught.value)
