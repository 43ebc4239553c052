"""The result of one check by `triage doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `advice` is empty if all is well."""

    subject: str
    found: str
    advice: str = ""
