"""Asks the LLM only where that pays."""
