"""Write parts of docs/benchmarks.md; each part belongs to the command that measures it."""

import re
from pathlib import Path

PAGE = Path("docs/benchmarks.md")


def write_part(name: str, text: str, page: Path = PAGE) -> None:
    """Put `text` between the marks of a part; raise ValueError if the page has no such part."""
    whole = page.read_text(encoding="utf-8")
    marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marks.search(whole):
        raise ValueError(f"{page} has no part <!-- {name} --> to <!-- /{name} -->. Add both marks.")
    page.write_text(
        marks.sub(lambda found: f"{found[1]}{text}\n{found[2]}", whole), encoding="utf-8"
    )
