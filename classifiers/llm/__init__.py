"""Any OpenAI-compatible model, prompted or fine-tuned."""
