"""The wheel and its environment contain what the bot needs and nothing else."""

import re
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.install.installed import Installed
from tests.sources import PACKAGES

PYPROJECT = tomllib.loads(Path("pyproject.toml").read_text())
OTHER_FOLDERS = ("tests", "benchmarks", "deploy", "docs")
DISTRIBUTIONS = """
import json
from importlib.metadata import distributions
print(json.dumps({one.metadata["Name"]: one.version for one in distributions()}))
"""


def bare(name: str) -> str:
    """Return the normalized name of a requirement."""
    found = re.match(r"[\w.-]+", name)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def locked(installed: Installed) -> dict[str, set[str]]:
    """Return the locked versions of each package; some depend on the Python version."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^(\S+)==([^\s;]+)", installed.requirements, re.MULTILINE):
        found.setdefault(bare(name), set()).add(version)
    return found


def test_the_wheel_has_the_packages_and_their_data_only(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())
        shipped = wheel.read("bot/triage.toml")
        entry_points = next(name for name in names if name.endswith("entry_points.txt"))
        assert b"triage = bot.cli.main:main" in wheel.read(entry_points)
    about = {name for name in names if ".dist-info/" in name}
    files = {
        str(path)
        for package in PACKAGES
        for path in Path(package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names - about == files | {"bot/triage.toml"}
    for needed in ("bot/py.typed", "sandbox/static/index.html", "sandbox/static/emoji.json"):
        assert needed in names
    assert shipped == Path("triage.toml").read_bytes()
    assert {name.rpartition("/")[2] for name in about} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt", "LICENSE", "NOTICE")
    }


def test_the_environment_has_only_locked_versions(installed: Installed) -> None:
    found = installed.asked(DISTRIBUTIONS)
    assert isinstance(found, dict)
    ours = {bare(name): version for name, version in found.items()}
    assert ours.pop("support-triage") == PYPROJECT["project"]["version"]
    lock = locked(installed)
    assert len(ours) > 20
    assert {name for name in ours if ours[name] not in lock.get(name, ())} == set()


def test_no_development_package_and_no_folder_of_the_checkout_can_be_imported(
    installed: Installed,
) -> None:
    groups = PYPROJECT["dependency-groups"]
    development = {bare(one) for group in groups.values() for one in group}
    development -= locked(installed).keys()
    modules = {
        module
        for module, names in packages_distributions().items()
        if development & {bare(name) for name in names}
    }
    assert {"pytest", "sklearn", "mypy", "hypothesis", "playwright"} <= modules
    wanted = sorted(modules | set(OTHER_FOLDERS))
    code = (
        "import json\nfrom importlib.util import find_spec\n"
        f"print(json.dumps([name for name in {wanted} if find_spec(name)]))"
    )
    assert installed.asked(code) == []
