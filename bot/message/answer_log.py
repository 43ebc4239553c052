"""Record answers and agents' judgements for shadow mode and the drift watch."""

import time
from dataclasses import dataclass

from bot.model.shadow import Shadow
from classifiers.base import Prediction
from learning.feedback.outcomes import answer_record
from storage.examples.examples import StoredExample
from storage.messages import Message
from storage.series import Series


@dataclass(frozen=True)
class AnswerLog:
    """Record each first answer to a message and each judgement by an agent."""

    series: Series
    shadow: Shadow | None = None

    async def answered(self, message: Message, prediction: Prediction, *, shown: bool) -> None:
        """Record the first answer to a message; `shown` is True if people see it."""
        answer = answer_record(str(message.id) if shown else "", prediction, time.time())
        await self.series.append("answers", answer.model_dump_json())
        if self.shadow is not None:
            self.shadow.offer(message, prediction)

    async def judged(self, example: StoredExample | None) -> None:
        """Record that agents changed a label to this example's, or removed it (None)."""
        if example is not None and example.predicted is not None:
            await self.series.append("judgements", str(int(example.predicted == example.label)))
