"""Triage a message: gather what is known, classify, decide and show the decision."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.config.config import Config, Mode
from bot.message.answer_log import AnswerLog
from bot.message.corrections import Standing, fold
from bot.message.decision import Decision, decide
from bot.message.presenter import Presenter
from bot.model.example_feed import ExampleFeed
from bot.slack.people import People
from bot.slack.presence import Presence
from classifiers.base import Classifier
from classifiers.redaction.redact import redact
from classifiers.text import has_words
from storage.examples.examples import Correction, Reaction, StoredExample
from storage.inbox.events import Deleted, Event, Outdated, Posted, Reacted
from storage.messages import Message, MessageId
from storage.records import ForgottenError, Hold, Record
from storage.stores import Stores

log = structlog.get_logger()


@dataclass
class Triage:
    """Bring messages to the state that follows from all their events.

    Each event is stored, then its message is settled. The result does not depend on the order of
    events, on duplicates or on crashes.
    """

    config: Config
    stores: Stores
    people: People
    classifier: Classifier
    presenter: Presenter
    example_feed: ExampleFeed
    answer_log: AnswerLog
    presence: Presence = field(init=False)

    def __post_init__(self) -> None:
        self.presence = Presence(self.presenter.gateway)

    async def handle(self, event: Event) -> None:
        """Handle an event; if this raises, deliver the event again."""
        try:
            await self._handle(event)
        except ForgottenError:
            log.info("event.forgotten", message=str(event.item))

    async def _handle(self, event: Event) -> None:
        match event:
            case Posted(message=message):
                if await self.stores.forgetting.tombstones.cover(message):
                    raise ForgottenError(str(message.id))
                if await self.presence.gone(message.id, event.waited_s):
                    await self._deleted(message.id, event.doubt)
                else:
                    await self._posted(message, event.before, event.doubt)
            case Deleted(id=identity):
                await self._deleted(identity, event.doubt)
            case Reacted():
                await self._reacted(event)
            case Outdated(id=identity):
                await self._outdated(identity, event.doubt)

    async def look_again(self, identity: MessageId) -> None:
        """Settle a message again, to search for a card that may have arrived late."""
        mode = await self.people.directory.mode(identity.channel)
        async with self.stores.records.held(identity) as hold:
            if hold.record is None or hold.record.shown.due is None or mode is None:
                await self.stores.records.not_late(identity)
            else:
                await self._settle(hold, hold.record, mode, doubt=0.0)

    async def _posted(self, message: Message, before: Message | None, doubt: float) -> None:
        mode = await self.people.directory.mode(message.id.channel)
        if mode is None:
            return
        async with self.stores.records.held(message.id) as hold:
            # If the edit arrives first, emoji may apply to the text before it.
            record = hold.record or Record(message=before or message)
            reactions = await self._reactions(record) if message.edited else []
            judged = [float(reaction.at) for reaction in reactions]
            await self._settle(hold, record.with_version(message, judged), mode, doubt)

    async def _outdated(self, identity: MessageId, doubt: float) -> None:
        mode = await self.people.directory.mode(identity.channel)
        async with self.stores.records.held(identity) as hold:
            if hold.record is not None and mode is not None:
                await self._settle(hold, hold.record, mode, doubt)

    async def _deleted(self, identity: MessageId, doubt: float) -> None:
        """Delete the card of a deleted message, its example, and quotations of it."""
        mode = await self.people.directory.mode(identity.channel)
        if await self.stores.forgetting.learnt(identity.team, str(identity)):
            await self.stores.forgetting.drop_traces(identity.team, [str(identity)])
        await self.stores.forgetting.drop_dead(identity.team, str(identity))
        async with self.stores.records.held(identity) as hold:
            if hold.record is None and mode is None:
                return
            empty = Message(id=identity, user="", text="")
            record = hold.record or Record(message=empty)
            await self._settle(hold, record.without_text(), mode or Mode.MONITOR, doubt)

    async def _reacted(self, event: Reacted) -> None:
        emoji = await self.people.directory.same_emoji(event.emoji)
        label = await self._label_of(emoji)
        confirms = emoji == await self.people.directory.same_emoji(self.config.triage.confirm_emoji)
        if label is None and not confirms:
            return
        if not await self.people.is_agent(event.user, event.received, event.home):
            return
        reaction = Reaction(
            at=event.at,
            user=event.user,
            emoji=emoji,
            added=event.added,
            label=label,
            item=str(event.item),
        )
        await self.stores.examples.add_reaction(event.item, reaction)
        identity = await self.stores.records.of_item(event.item)
        mode = await self.people.directory.mode(identity.channel)
        if mode is None:
            return
        async with self.stores.records.held(identity) as hold:
            if hold.record is not None:  # else the emoji is read when the message arrives
                await self._settle(hold, hold.record, mode, event.doubt)

    async def _label_of(self, emoji: str) -> str | None:
        for label in self.config.labels:
            if await self.people.directory.same_emoji(label.emoji) == emoji:
                return label.name
        return None

    async def _settle(self, hold: Hold, record: Record, mode: Mode, doubt: float) -> None:
        record = await self.presenter.recall(record, doubt)
        cards = -1
        while (
            len(record.shown.cards) != cards
        ):  # read again if a card was found: it may have reactions
            cards = len(record.shown.cards)
            reactions = await self._reactions(record)
            record = await self._predict(hold, record, reactions, mode)
            prediction = record.prediction
            standing, history = fold(reactions, None if prediction is None else prediction.label)
            standing = await self._renamed(record.message.id.team, standing)
            await self._remember(record, None if record.deleted else standing, history)
            decision = decide(self.config, mode, prediction, standing, deleted=record.deleted)
            decision = replace(decision, quote=await self._quote(record, standing, decision))
            record = await self.presenter.show(hold, record, standing, decision)

    async def _quote(self, record: Record, standing: Standing | None, decision: Decision) -> str:
        """Return the current text of the most similar example, for the card, or ""."""
        near = () if record.prediction is None else record.prediction.neighbours
        if decision.channel is None or standing is not None or not near:
            return ""
        if near[0].text:  # stored by version 0.1, or an example from triage.toml
            return near[0].text
        about = record.message.id
        return await self.stores.forgetting.quotes.quote(about.team, near[0].id, str(about))

    async def _renamed(self, team: str, standing: Standing | None) -> Standing | None:
        """Return the label under its current name, as it may have been renamed since."""
        if standing is None:
            return None
        names = self.config.label_set.names
        label = await self.stores.examples.present_label(team, standing.label, names)
        return replace(standing, label=label)

    async def _reactions(self, record: Record) -> list[Reaction]:
        own = record.message.id
        cards = [
            MessageId(team=own.team, channel=at.channel, ts=at.ts) for at in record.shown.cards
        ]
        return await self.stores.examples.reactions([own, *cards])

    async def _predict(
        self, hold: Hold, record: Record, reactions: Sequence[Reaction], mode: Mode
    ) -> Record:
        """Return the record with a prediction of the newest text, made once per text.

        After an agent's first emoji, predict the text that this emoji was about, so that the
        prediction does not depend on the order of events. It is stored before the next call to
        Slack: if that call fails, the retry does not ask a model again.
        """
        message = record.as_of(float(reactions[0].at)) if reactions else record.message
        known = record.prediction is not None and record.predicted_edit == message.edited
        if record.deleted or known:
            return record
        [prediction] = await self.classifier.classify([message.text])
        log.info(
            "message.classified",
            message=str(message.id),
            label=prediction.label,
            confidence=round(prediction.confidence, 3),
            classifier=prediction.classifier,
            ms=round(prediction.latency_ms, 1),
        )
        first = record.prediction is None
        changes = {"prediction": prediction.without_words, "predicted_edit": message.edited}
        outcome = "abstained" if prediction.abstained else "labelled"
        record = await hold.put(record.model_copy(update=changes), outcome if first else "")
        if first:
            shown = mode is not Mode.MONITOR
            await self.answer_log.answered(message, prediction, shown=shown)
        return record

    async def _remember(
        self, record: Record, standing: Standing | None, history: tuple[Correction, ...]
    ) -> None:
        if not history and not record.deleted:
            return
        message, prediction = record.message, record.prediction
        example = None
        # The example is the text that the agent labelled, without later edits.
        labelled = "" if standing is None else record.as_of(float(standing.when)).text
        if standing is not None and has_words(labelled):  # otherwise it is not an example
            example = StoredExample(
                id=str(message.id),
                text=redact(labelled).text,
                label=standing.label,
                source=standing.source,
                label_set=self.config.label_set.version,
                when=standing.when,
                author=message.user,
                predicted=None if prediction is None else prediction.label,
                confidence=None if prediction is None else prediction.confidence,
                classifier="" if prediction is None else prediction.classifier,
            )
        team = message.id.team
        if await self.stores.examples.put(team, str(message.id), example, history):
            await self.answer_log.judged(example)
            await self.example_feed.catch_up()
