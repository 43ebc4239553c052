"""One message: taken from the inbox, decided, shown."""
