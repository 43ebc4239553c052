"""Lists the packages and source files, for tests that read them."""

from pathlib import Path

PACKAGES = ("bot", "classifiers", "learning", "storage", "sandbox")

SOURCES = sorted(path for package in PACKAGES for path in Path(package).rglob("*.py"))
