"""Finds the verbs of `/triage`: the modules of this package that have a function `answer`."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from bot import commands


def verb_modules() -> dict[str, ModuleType]:
    """Return the module of each verb by name, sorted by name."""
    names = sorted(found.name for found in iter_modules(commands.__path__))
    modules = {name: import_module(f"{commands.__name__}.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "answer")}
