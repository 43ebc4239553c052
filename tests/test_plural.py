"""Every sentence with a count uses `plural`, to avoid "1 examples"."""

import ast
import re
from collections.abc import Iterator

import pytest

from classifiers.plural import plural
from tests.sources import SOURCES

COUNTED = re.compile(
    r"^ (?:(?!and)[a-z]+ )?(?:chunks|conflicts|days|epochs|errors|events|examples|fields|files|jobs"
    r"|labels|members|messages|models|requests|rows|texts|times|tokens|words)\b"
)
EXEMPT = re.compile(r"(?:\w+\.)?_?[A-Z][A-Z_]+(?: >> \d+)?$|longest$|label$")


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 examples"), (1, "1 example"), (2000, "2,000 examples")]
)
def test_a_number_agrees_with_its_noun(number: int, words: str) -> None:
    assert plural(number, "example") == words


def test_a_noun_may_have_another_plural() -> None:
    assert plural(1, "text is", "texts are") == "1 text is"
    assert plural(2, "text is", "texts are") == "2 texts are"


def unguarded(source: str) -> Iterator[str]:
    """Yield the counts that an f-string puts before a plural noun, except limits and names."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, after in zip(node.values, node.values[1:], strict=False):
            if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                counted = ast.unparse(value.value)
                share = value.format_spec is not None and "%" in ast.unparse(value.format_spec)
                if COUNTED.match(str(after.value)) and not EXEMPT.match(counted) and not share:
                    yield counted + str(after.value)


def test_a_bare_count_is_found() -> None:
    assert list(unguarded('f"{n} examples"')) == ["n examples"]
    assert list(unguarded('f"{n:,} new rows of {_MOST} rows"')) == ["n new rows of "]


def test_no_sentence_counts_without_plural() -> None:
    found = {
        f"{path}: {words}"
        for path in SOURCES
        if path.parts[0] != "sandbox"
        for words in unguarded(path.read_text())
    }
    assert found == set()
