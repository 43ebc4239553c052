"""Measure the LLM classifier with a real model: accuracy, tokens, bias, injections and the cascade.

    make bench-llm DATA=../shared/data ARGS="--sample 100 --model gemma-3-270m"

By default llama.cpp's server runs a small model on this machine. With `--url` (and OPENAI_API_KEY)
any OpenAI-compatible server is called with `--model`. Costs are computed from tokens at the prices
of the shipped model, for any model.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.classify.machine import machine, today
from benchmarks.llm import bias, curve, injection, report, simulated
from benchmarks.llm.asked import PRICED_AS, PYTHON, Asker, config, local_server
from benchmarks.llm.desks import Desk, desk, public, tickets
from benchmarks.llm.routes import ROUTES, asked, local_alone
from benchmarks.pages import write_part
from classifiers.base import Prediction
from classifiers.config import LlmChoice
from classifiers.llm.chat import Chat

_RESULTS = Path(".benchmarks/llm-results.json")
_PAGE = Path("docs/benchmarks-llm.md")
_CHART = Path("docs/pictures/cascade.png")
_CURVE_OF = "few-shot, narrowed"
_SIMULATED = 1000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.llm",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--url", help="an OpenAI-compatible server to call instead")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sample", type=int, default=100, help="messages per data set")
    parser.add_argument("--permuted", type=int, default=24, help="messages with 5 orders of shots")
    parser.add_argument("--attacked", type=int, default=12, help="tickets with injections")
    parser.add_argument("--kept", action="store_true", help="report the kept results")
    parser.add_argument("--write", choices=["docs"], help=f"write {_PAGE} and its chart")
    return parser.parse_args()


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


async def routes(
    one: Desk, choice: LlmChoice, found: dict[str, Any]
) -> dict[str, list[Prediction]]:
    """Return the predictions of each route, and append its figures to `found`."""
    predictions: dict[str, list[Prediction]] = {}
    predictions["local"], figures = await local_alone(one)
    found["routes"].append(figures)
    for route in ROUTES:
        predictions[route.name], figures = await asked(one, route, choice)
        found["routes"].append(figures)
        say(f"{one.name}: {route.name}: accuracy {100 * figures['accuracy']:.1f}")
    return predictions


def cascade(one: Desk, predictions: dict[str, list[Prediction]]) -> dict[str, Any]:
    truth = [label for _, label in one.asked]
    local, llm = predictions["local"], predictions[_CURVE_OF]
    return {
        "messages": len(truth),
        "curve": curve.curve(local, llm, truth),
        "chosen": curve.chosen(local, llm, truth),
    }


async def measure(given: argparse.Namespace, choice: LlmChoice) -> dict[str, Any]:
    """Run all measurements in turn, and keep the results after each."""
    found: dict[str, Any] = {
        "about": {"date": today(), "machine": machine(), "model": choice.model},
        "routes": [],
        "cascade": {},
        "permutations": [],
        "majority": [],
        "injection": [],
        "simulated": [],
    }
    narrowed = config(choice.model, **ROUTES[2].changes)
    asker = Asker(Chat(choice, narrowed), choice.model)
    ours = await tickets()
    await routes(ours, choice, found)
    kept(found)
    few = replace(ours, asked=ours.asked[: given.attacked])
    if few.asked:
        found["injection"] = await injection.injected(few, asker, narrowed.few_shot)
        say("injection: done")
        kept(found)
    chosen = list(public(given.data, "10shot", given.sample))
    if not chosen:
        say(f"{given.data} has no folder with train_10shot.csv and test.csv: only tickets are used")
    for named in chosen:
        one = await desk(*named)
        found["cascade"][one.name] = cascade(one, await routes(one, choice, found))
        kept(found)
        few = replace(one, asked=one.asked[: given.permuted])
        if few.asked:
            limits = narrowed.few_shot
            found["permutations"].append(await bias.permuted(few, asker, limits, 4))
            found["majority"].append(await bias.majority(few, asker, limits))
            say(f"{one.name}: orders of shots: done")
            kept(found)
    await asker.chat.aclose()
    found["simulated"] = await simulated.run(given.data, _SIMULATED)
    kept(found)
    return found


def kept(found: dict[str, Any]) -> None:
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps(found, indent=1))


def page(found: dict[str, Any]) -> str:
    about = found["about"]
    note = f"{about['date']}, {about['machine']}; {about['model']}; prices of {PRICED_AS}."
    return f"{note}\n\n{report.report(found)}"


async def run(given: argparse.Namespace) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        if given.url is None:
            choice = await stack.enter_async_context(local_server(given.model, given.threads))
        else:
            choice = LlmChoice(given.model, os.environ.get("OPENAI_API_KEY", ""), given.url)
        return await measure(given, choice)


def main() -> None:
    given = arguments()
    found = json.loads(_RESULTS.read_text()) if given.kept else asyncio.run(run(given))
    text = page(found)
    print(text)
    say(f"JSON: {_RESULTS}")
    if given.write:
        write(found, text)


def write(found: dict[str, Any], text: str) -> None:
    """Write the page, and the chart if there are results of the cascade."""
    if found["cascade"]:
        text += f"\n\n![Accuracy against share asked]({_CHART.relative_to('docs')})"
        subprocess.run(  # noqa: S603 - our own module
            [PYTHON, "-m", "benchmarks.llm.chart", _CHART],
            input=json.dumps(found).encode(),
            check=True,
        )
    write_part("llm", text, _PAGE)


if __name__ == "__main__":
    main()
