"""One message: gather what is known, classify, decide (pure), and show it."""

from dataclasses import dataclass

import structlog

from support_triage.bot.config import Config, Mode
from support_triage.bot.corrections import Standing, fold
from support_triage.bot.directory import Directory
from support_triage.bot.presenter import Presenter
from support_triage.bot.teaching import Teaching
from support_triage.classifiers.base import Classifier, Prediction
from support_triage.classifiers.redaction import redact
from support_triage.storage.events import Deleted, Event, Posted, Reacted
from support_triage.storage.examples import Correction, Examples, Reaction, StoredExample
from support_triage.storage.records import Message, MessageId, Record, Records
from support_triage.storage.workspaces import Workspaces

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Decision:
    """What people shall see: an emoji, and a card in a channel as triage.toml names it."""

    emoji: str | None = None
    channel: str | None = None
    label: str | None = None
    mention: str | None = None


def decide(
    config: Config,
    mode: Mode,
    prediction: Prediction | None,
    standing: Standing | None,
    *,
    deleted: bool,
) -> Decision:
    """The visible answer to a message. An agent's label outranks a prediction; unsure is shown."""
    if deleted or mode is Mode.MONITOR:
        return Decision()
    name = standing.label if standing else prediction.label if prediction else None
    known = next((one for one in config.labels if one.name == name), None)
    if known is None:
        emoji, channel, mention = (
            config.triage.needs_human_emoji,
            config.triage.needs_human_channel,
            None,
        )
    else:
        emoji, channel, mention = known.emoji, known.channel, known.mention
    if mode is Mode.SUGGEST:
        channel = None
    return Decision(emoji, channel, None if known is None else known.name, mention)


@dataclass
class Triage:
    """Brings a message, and all that happens to it, to the state that follows from it.

    Every event is written down and then settled: whatever the order, the end is the same.
    """

    config: Config
    records: Records
    examples: Examples
    workspaces: Workspaces
    directory: Directory
    classifier: Classifier
    presenter: Presenter
    teaching: Teaching

    async def handle(self, event: Event) -> None:
        """Take one event in; when it raises, the event is to be handled again."""
        match event:
            case Posted(message=message):
                await self._posted(message)
            case Deleted(id=identity):
                await self._deleted(identity)
            case Reacted():
                await self._reacted(event)

    async def _posted(self, message: Message) -> None:
        mode = await self.directory.mode(message.id.channel)
        if mode is None:
            return
        async with self.records.locked(message.id):
            record = await self.records.get(message.id) or Record(message=message)
            if float(message.edited or 0) > float(record.message.edited or 0):
                record = record.model_copy(update={"message": message})
            await self._settle(record, mode)

    async def _deleted(self, identity: MessageId) -> None:
        mode = await self.directory.mode(identity.channel)
        if mode is None:
            return
        async with self.records.locked(identity):
            empty = Message(id=identity, user="", text="")
            record = await self.records.get(identity) or Record(message=empty)
            gone = record.message.model_copy(update={"text": ""})
            await self._settle(record.model_copy(update={"deleted": True, "message": gone}), mode)

    async def _reacted(self, event: Reacted) -> None:
        emoji = await self.directory.same_emoji(event.emoji)
        label = await self._label_of(emoji)
        confirms = emoji == await self.directory.same_emoji(self.config.triage.confirm_emoji)
        if (label is None and not confirms) or not await self.directory.is_agent(event.user):
            return
        reaction = Reaction(
            at=event.at,
            user=event.user,
            emoji=emoji,
            added=event.added,
            label=label,
            item=str(event.item),
        )
        await self.examples.add_reaction(event.item, reaction)
        identity = await self.records.of_item(event.item)
        mode = await self.directory.mode(identity.channel)
        if mode is None:
            return
        async with self.records.locked(identity):
            record = await self.records.get(identity)
            if record is not None:  # else it is read when the message or card becomes known
                await self._settle(record, mode)

    async def _label_of(self, emoji: str) -> str | None:
        for one in self.config.labels:
            if await self.directory.same_emoji(one.emoji) == emoji:
                return one.name
        return None

    async def _settle(self, record: Record, mode: Mode) -> None:
        cards = -1
        while len(record.shown.cards) != cards:  # a new card may have been reacted on already
            cards = len(record.shown.cards)
            reactions = await self._reactions(record)
            record = await self._predict(record, corrected=bool(reactions))
            predicted = None if record.prediction is None else record.prediction.label
            standing, history = fold(reactions, predicted)
            await self._remember(record, None if record.deleted else standing, history)
            decision = decide(
                self.config, mode, record.prediction, standing, deleted=record.deleted
            )
            record = await self.presenter.show(
                record,
                standing,
                emoji=decision.emoji,
                channel=decision.channel,
                label=decision.label,
                mention=decision.mention,
            )

    async def _reactions(self, record: Record) -> list[Reaction]:
        own = record.message.id
        cards = [
            MessageId(team=own.team, channel=at.channel, ts=at.ts) for at in record.shown.cards
        ]
        return await self.examples.reactions([own, *cards])

    async def _predict(self, record: Record, *, corrected: bool) -> Record:
        """Predict a message once, and again after an edit that no agent's label outranks."""
        message = record.message
        current = record.predicted_edit == message.edited or corrected
        if not record.deleted and (record.prediction is None or not current):
            [prediction] = await self.classifier.classify([message.text])
            first = record.prediction is None
            record = record.model_copy(
                update={"prediction": prediction, "predicted_edit": message.edited}
            )
            await self.records.put(record)
            if first:
                outcome = "abstained" if prediction.abstained else "labelled"
                await self.workspaces.count(message.id.team, outcome)
            log.info(
                "message.classified",
                message=str(message.id),
                label=prediction.label,
                confidence=round(prediction.confidence, 3),
                classifier=prediction.classifier,
                ms=round(prediction.latency_ms, 1),
            )
        return record

    async def _remember(
        self, record: Record, standing: Standing | None, history: tuple[Correction, ...]
    ) -> None:
        if not history and not record.deleted:
            return
        message, prediction = record.message, record.prediction
        example = None
        if standing is not None:
            example = StoredExample(
                id=str(message.id),
                text=redact(message.text).text,
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
        if await self.examples.stand(team, str(message.id), example, history):
            await self.teaching.catch_up()
