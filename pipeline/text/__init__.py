"""Reads texts: polarity, anger, urgency, intents, topics, language."""

import os

# Else onnxruntime tells its maker of every start, and keeps a database for that in the user's
# cache. It looks when it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
