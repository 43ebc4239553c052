"""The `/triage` verbs, one module each: admins command, others get a friendly no."""

from support_triage.bot.commands.desk import Desk

__all__ = ["Desk"]
