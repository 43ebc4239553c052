"""The error for files and datasets that a person can fix."""


class DatasetError(Exception):
    """A file cannot be read or written; the message names the file, the place and the fix."""
