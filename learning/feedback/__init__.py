"""Measures the bot by agents' judgements: accuracy, outcomes, drift."""
