"""Predict a label for a text. Nothing here knows Slack or Redis."""

import os

# Set this before onnxruntime is imported: since 1.32 it reports its use to Microsoft and logs it to
# a file.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
