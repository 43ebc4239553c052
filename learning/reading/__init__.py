"""Reads labelled texts from files in any format, in any encoding, from any helpdesk."""
