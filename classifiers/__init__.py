"""Text to prediction; nothing here knows Slack or Redis."""

import os

# Before onnxruntime is imported: since 1.32 it tells Microsoft of its use, and keeps a file of it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
