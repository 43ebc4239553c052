"""The cascade of the local classifier and the LLM."""
