"""Bulk runs that read from and write to a real S3 server on loopback: `make test-bulk`."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from learning.bulk.chunks import CHUNK
from learning.bulk.parts_out import PartsOut
from learning.errors import DatasetError
from learning.reading import reader as reading
from learning.reading.opening import stamp
from learning.reading.reader import texts
from learning.reading.source import Source
from tests.learning.bulk.shouting import TEXTS, run, shout
from tests.learning.bulk.test_chunks import CutError, cut_after, whole

pytest.importorskip("moto", reason="moto is not installed: make test-bulk")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - a group of its own
    from s3fs import S3FileSystem  # noqa: PLC0415 - an extra

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    files = S3FileSystem()
    files.mkdir("bulk")
    yield files
    files.rm("bulk", recursive=True)
    server.stop()
    S3FileSystem.clear_instance_cache()


def test_texts_are_read_from_each_kind_of_object(bucket: Any, tmp_path: Path) -> None:
    bucket.pipe_file("bulk/a.jsonl", "".join(f'{{"text": "{one}"}}\n' for one in TEXTS).encode())
    bucket.pipe_file("bulk/a.csv", ("text,label\n" + ",L\n".join(TEXTS) + ",L\n").encode())
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "a.parquet", row_group_size=300)
    bucket.put_file(str(tmp_path / "a.parquet"), "bulk/a.parquet")
    for kind in ("jsonl", "csv", "parquet"):
        assert list(texts(Source(f"s3://bulk/a.{kind}"))) == TEXTS
    labelled = list(reading.read(Source("s3://bulk/a.csv")))
    assert [(one.text, one.label) for one in labelled] == [(text, "L") for text in TEXTS]
    before = stamp("s3://bulk/a.csv")
    assert before == stamp("s3://bulk/a.csv") != ""
    bucket.pipe_file("bulk/a.csv", b"text\nother\n")
    bucket.invalidate_cache()
    assert stamp("s3://bulk/a.csv") != before


def test_a_long_object_is_not_downloaded_at_once(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = json.dumps({"text": "x" * 1000}) + "\n"
    bucket.pipe_file("bulk/long.jsonl", (row * 30_000).encode())
    from s3fs.core import S3File  # noqa: PLC0415 - an extra

    fetched = []
    fetch = S3File._fetch_range  # noqa: SLF001 - what goes over the wire

    def counted(self: Any, start: int, end: int) -> bytes:
        fetched.append(end - start)
        return bytes(fetch(self, start, end))

    monkeypatch.setattr(S3File, "_fetch_range", counted)
    assert len(list(islice(texts(Source("s3://bulk/long.jsonl")), 1000))) == 1000
    assert 0 < sum(fetched) < 30_000 * len(row) / 2


@pytest.mark.parametrize("name", ["s3://bulk/none.csv", "s3://nowhere/none.csv"])
def test_a_missing_object_is_reported(bucket: Any, name: str) -> None:
    with pytest.raises(DatasetError, match="no such file"):
        list(texts(Source(name)))


def test_a_resumed_run_writes_the_same_objects(bucket: Any) -> None:
    with pytest.raises(CutError):
        run(TEXTS, PartsOut("s3://bulk/out", 2), "job", lambda todo: cut_after(3, todo))
    assert run(TEXTS, PartsOut("s3://bulk/out", 2), "job", whole) == 2
    bucket.invalidate_cache()
    found = sorted(bucket.ls("bulk/out", detail=False))
    names = ["_SUCCESS", "part-000000.jsonl", "part-000001.jsonl", "part-000002.jsonl"]
    assert found == [f"bulk/out/{name}" for name in names]
    parts = [bucket.cat_file(name).decode() for name in found[1:]]
    assert "".join(parts) == shout(TEXTS)
    assert parts[0].count("\n") == 2 * CHUNK
    with pytest.raises(DatasetError, match="is not empty"):
        run(TEXTS, PartsOut("s3://bulk/out", 2), "job", whole)
