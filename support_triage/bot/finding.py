"""What `triage doctor` says of one thing that it looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` is empty where it is fine."""

    what: str
    found: str
    advice: str = ""
