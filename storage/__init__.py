"""Everything that the bot stores in Redis or Valkey."""
