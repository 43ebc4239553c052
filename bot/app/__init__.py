"""Processes of the bot: how their parts are made, run and watched."""
