"""docs/benchmarks.md: a page of parts, each written by the command that measures it."""

import re
from pathlib import Path

PAGE = Path("docs/benchmarks.md")


def write_part(name: str, text: str, page: Path = PAGE) -> None:
    """Put `text` between the marks of a part; ValueError where the page has no such part."""
    whole = page.read_text(encoding="utf-8")
    marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marks.search(whole):
        raise ValueError(f"{page} has no part between <!-- {name} --> and <!-- /{name} -->")
    page.write_text(
        marks.sub(lambda found: f"{found[1]}{text}\n{found[2]}", whole), encoding="utf-8"
    )
