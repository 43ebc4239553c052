"""onnxruntime sends no telemetry and writes no telemetry file."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import os, classifiers.embedding.minilm
for one in os.listdir("/proc/self/fd"):
    print(os.path.realpath(f"/proc/self/fd/{one}"))
"""


def test_onnxruntime_opens_no_telemetry_file(tmp_path: Path) -> None:
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, check=True, capture_output=True, text=True
    )
    assert "onnxruntime" not in done.stdout
    assert list(tmp_path.rglob("*.db")) == []
