"""Files in: any format, encoding and helpdesk."""
