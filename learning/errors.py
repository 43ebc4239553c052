"""The error of files and data sets that a person can mend."""


class DatasetError(Exception):
    """A file cannot be read or written: the message says which, where, and what to do."""
