"""The pages link to files and headings that exist, and say what the project's files say."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

PAGES = sorted([*Path().glob("*.md"), *Path("docs").rglob("*.md"), *Path(".github").glob("*.md")])
ERRORS = re.findall(r"^\| `([^`]+)` \|", Path("docs/fine-tuning.md").read_text(), re.MULTILINE)
CHANGES = Path("CHANGELOG.md").read_text()


def prose(page: Path) -> str:
    """Return the page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the fragment of each heading, as GitHub makes it."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", prose(page)):
        path, _, fragment = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


def test_every_page_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [Path("README.md").resolve()]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", prose(page))
        waiting += [(page.parent / link).resolve() for link in links]
    guides = {path.resolve() for path in Path("docs").glob("*.md")}
    assert guides - seen == set()


def test_the_readme_fits_on_a_screen_and_a_half() -> None:
    assert len(Path("README.md").read_text().splitlines()) <= 90


def test_the_changelog_begins_with_this_version() -> None:
    version = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", CHANGES, re.MULTILINE)
    assert released[0] == version
    assert released == sorted(released, reverse=True)


def test_every_error_of_the_training_page_is_raised() -> None:
    source = "\n".join(
        path.read_text() for folder in ("bot", "learning") for path in Path(folder).rglob("*.py")
    )
    assert len(ERRORS) > 5
    assert [error for error in ERRORS if error not in source] == []


def test_ci_and_hooks_run_what_make_offers() -> None:
    targets = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), re.MULTILINE))
    workflow = yaml.safe_load(Path(".github/workflows/ci.yml").read_text())
    matrix = workflow["jobs"]["make"]["strategy"]["matrix"]["target"]
    script = re.findall(r"^make (\S+)$", Path(".ci/run").read_text(), re.MULTILINE)
    assert matrix == script
    hooks = yaml.safe_load(Path(".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    used = {hook["entry"].removeprefix("make ") for hook in hooks}
    assert used | set(matrix) <= targets
    assert "test: check" in Path("Makefile").read_text()


def test_the_report_on_the_page_of_models_is_what_is_printed() -> None:
    page = Path("docs/models.md").read_text()
    samples = re.findall(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    source = Path("learning/gate/report.py").read_text()
    rows = re.findall(r"^(\S.{22,23}?) {6,}[\d.]+%", "\n".join(samples), re.MULTILINE)
    assert len(rows) == 6
    assert [row for row in map(str.strip, rows) if f'"{row}"' not in source] == []
    assert "KEEP the model in use" in source
