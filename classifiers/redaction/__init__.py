"""Personal data and secrets become placeholders."""
