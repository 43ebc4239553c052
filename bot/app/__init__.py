"""The processes of the bot: composition, background loops and health."""
