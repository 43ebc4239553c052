"""The embedder's file is built from checked weights, kept, and rebuilt if it is damaged."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from classifiers.embedding.minilm import MiniLmEmbedder
from classifiers.embedding.minilm_onnx import quantised


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def minilm(folder: Path) -> MiniLmEmbedder:
    return MiniLmEmbedder(folder=folder)


def test_vectors_have_unit_length_and_meaning(minilm: MiniLmEmbedder) -> None:
    charge, twice, weather = minilm.embed(
        ["My card was charged twice", "You billed me two times", "It will rain tomorrow"]
    )
    assert np.allclose(np.linalg.norm([charge, twice, weather], axis=1), 1.0, atol=1e-5)
    assert charge @ twice > charge @ weather + 0.1


def test_a_text_has_the_same_vector_alone_and_among_longer_ones(minilm: MiniLmEmbedder) -> None:
    texts = [
        "Refund?",
        "I would like to have a refund for the order of last week " * 20,
        "",
        "ü" * 9,
    ]
    together = minilm.embed(texts)
    alone = np.vstack([minilm.embed([text]) for text in texts])
    assert np.allclose(together, alone, atol=0.02)


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "no digest"])
def test_a_damaged_file_is_rebuilt(folder: Path, minilm: MiniLmEmbedder, damage: str) -> None:
    [kept] = folder.iterdir()
    good = kept.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    damaged = {"cut": good[:1000], "empty": b"", "flipped": bytes(flipped), "no digest": good[32:]}
    kept.write_bytes(damaged[damage])
    again = MiniLmEmbedder(folder=folder)
    assert kept.read_bytes() == good
    assert np.array_equal(again.embed(["Hello"]), minilm.embed(["Hello"]))


def test_it_works_without_a_writable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = MiniLmEmbedder(folder=tmp_path / "file")
    assert found.embed(["Hello"]).shape == (1, 768)


def test_eight_bit_weights_are_close_to_the_originals() -> None:
    weight = np.random.default_rng(0).normal(size=(6, 64)).astype(np.float32)
    weight[2] = 0.0
    codes, scales = quantised(weight)
    back = (codes.astype(np.float32) - 128) * np.array(scales).reshape(6, 2, 1)
    assert np.abs(back.reshape(6, 64) - weight).max() <= np.abs(weight).max() / 127


_GROWTH = """
import os, sys
from pathlib import Path
from classifiers.embedding.minilm import MiniLmEmbedder

def rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

minilm = MiniLmEmbedder(folder=Path(sys.argv[1]))
minilm.embed(["Hello"])
before = rss_mb()
minilm.embed(["Why was I charged for five seats of the larger plan? " * 20] * 32)
print(rss_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_many_long_texts_keep_little_memory(folder: Path, minilm: MiniLmEmbedder) -> None:
    assert minilm.name  # its file is in the folder, which the process below reads
    command = (sys.executable, "-c", _GROWTH, str(folder))
    out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert float(out) < 60  # 30 in batches of 8, 119 in batches of 32
