"""support-triage: label and route support messages in Slack, and learn from corrections."""
