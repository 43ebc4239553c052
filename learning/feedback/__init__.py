"""Agents' judgements: accuracy, outcomes, drift."""
