"""The LLM classifier: any OpenAI-compatible model, prompted with examples or fine-tuned."""
