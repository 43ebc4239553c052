"""Meter the cost of requests: reserve before a request, settle after it, estimate if unknown."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from classifiers.base import NotAskedError, Usage
from classifiers.config import Price
from classifiers.ledger import Ledger, Reservation
from classifiers.tokens import text_tokens

_TURN_TOKENS = 16
_SERVER_TOKENS = 1_000  # a server may add its instructions and a chat template to a prompt
_UNBOUNDED_TOKENS = 4_096  # of an answer, if the server accepts no limit


@dataclass(frozen=True, slots=True)
class Estimate:
    """The tokens of an unanswered request: the likely number and the maximum."""

    prompt: int
    most_prompt: int
    most_completion: int


def estimate(messages: Sequence[Mapping[str, str]], fields: Mapping[str, Any]) -> Estimate:
    """Return an estimate from the bytes that are sent: no tokenizer makes two tokens of a byte."""
    sent = [*(turn["content"] for turn in messages), json.dumps(fields)]
    size = sum(len(text.encode()) for text in sent)
    turns = _TURN_TOKENS * len(messages)
    limit = fields.get("max_tokens") or fields.get("max_completion_tokens")
    return Estimate(
        prompt=sum(map(text_tokens, sent)) + turns,
        most_prompt=size + turns + _SERVER_TOKENS,
        most_completion=2 * limit if isinstance(limit, int) else _UNBOUNDED_TOKENS,
    )


def priced(price: Price | None, prompt: int, cached: int, completion: int) -> Usage:
    """Return the usage with its cost in US dollars, which is 0 without a price."""
    cost = 0.0 if price is None else price.cost_usd(prompt, cached, completion)
    return Usage(prompt, cached, completion, cost)


@dataclass
class Bill:
    """The usage of a request: the estimate, until its answer reports more."""

    usage: Usage

    def cancel(self) -> None:
        """Record that the request was rejected and costs nothing."""
        self.usage = Usage()


class Meter:
    """Counts the requests to a model, and allows only those that the day's budget covers.

    A request that was cut off, cancelled or answered too late counts at its estimate, because the
    provider may charge for it.
    """

    def __init__(self, ledger: Ledger, price: Price | None, budget_usd: float | None) -> None:
        self._ledger, self._price, self._budget_usd = ledger, price, budget_usd
        self._one_by_one = asyncio.Lock()
        self._open = 0
        self._settled = asyncio.Event()
        self._settling: set[asyncio.Task[None]] = set()

    @property
    def price(self) -> Price | None:
        """Return the price of the model's tokens."""
        return self._price

    @asynccontextmanager
    async def request(self, expected: Estimate) -> AsyncIterator[Bill]:
        """Reserve the maximum cost, yield the bill of the request, and settle by it.

        Wait while in-flight requests hold the rest of the budget. Raise NotAskedError if the
        budget is spent.
        """
        most = priced(self._price, expected.most_prompt, 0, expected.most_completion)
        likely = priced(self._price, expected.prompt, 0, expected.most_completion // 2)
        while (reservation := await self._reserve(most.cost_usd, likely.cost_usd)) is None:
            await self._settled.wait()
        bill = Bill(likely)
        try:
            yield bill
        finally:
            task = asyncio.create_task(self._settle(reservation, bill.usage))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)
            await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait until all requests are settled."""
        if self._settling:
            await asyncio.wait(self._settling)

    async def _reserve(self, usd: float, likely_usd: float) -> Reservation | None:
        """Return a reservation, or None if in-flight requests hold the rest of the budget."""
        async with self._one_by_one:
            self._settled.clear()
            found = await self._ledger.reserve(usd, self._budget_usd, likely_usd)
            if found is not None:
                self._open += 1
            elif not self._open and not self._settled.is_set():
                raise NotAskedError(
                    f"today's budget ([llm] daily_budget_usd = {self._budget_usd:g}) is spent"
                )
            return found

    async def _settle(self, reservation: Reservation, usage: Usage) -> None:
        try:
            await self._ledger.settle(reservation, usage)
        finally:
            self._open -= 1
            self._settled.set()
