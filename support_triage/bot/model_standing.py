"""How far the local model meets the target precision, written down for whoever is asked."""

from dataclasses import dataclass, field

from support_triage.bot.champion import ChampionClassifier
from support_triage.storage.workspaces import Workspaces


@dataclass
class ModelStanding:
    """Notes what the classifier in use says of itself, as often as that changes."""

    workspaces: Workspaces
    team: str
    classifier: ChampionClassifier
    _said: str | None = field(default=None, init=False)

    async def look(self) -> None:
        """Write it down where it has changed."""
        standing = self.classifier.standing
        said = "" if standing is None else str(standing)
        if said != self._said:
            await self.workspaces.stands(self.team, said)
            self._said = said
