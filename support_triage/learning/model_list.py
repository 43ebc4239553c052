"""The models of a team with the part each one plays."""

from dataclasses import dataclass
from typing import Literal

from support_triage.storage.models import Model, Models


@dataclass(frozen=True, slots=True)
class Listed:
    """A model and its part; one for another label set is not `usable`."""

    model: Model
    role: Literal["champion", "challenger", "former"]
    usable: bool


async def listed(models: Models, team: str, label_set: str) -> list[Listed]:
    """All models, newest first."""
    champion = await models.champion(team)
    used = {one.after for one in await models.history(team)}

    def role(model: Model) -> Literal["champion", "challenger", "former"]:
        if model.id == champion:
            return "champion"
        return "former" if model.id in used else "challenger"

    return [
        Listed(one, role(one), one.label_set == label_set)
        for one in reversed(await models.all(team))
    ]
