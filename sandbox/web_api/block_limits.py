"""Block Kit's limits: blocks that Slack refuses are refused here too."""

from sandbox.wire import Json, SlackError

SECTION_TEXT = 3000
FIELDS = 10
FIELD_TEXT = 2000
HEADER_TEXT = 150
BUTTON_TEXT = 75
ELEMENTS = {"actions": 25, "context": 10}


def check_blocks(blocks: object, most: int) -> list[Json]:
    """Return the blocks, each with an id; raise `invalid_blocks` with the place of the error."""
    if not isinstance(blocks, list) or len(blocks) > most:
        raise SlackError("invalid_blocks", errors=[f"no more than {most} items allowed"])
    for number, block in enumerate(blocks):
        wrong = _wrong(block) if isinstance(block, dict) else "must be an object"
        if wrong:
            raise SlackError("invalid_blocks", errors=[f"{wrong} [json-pointer:/blocks/{number}]"])
        block.setdefault("block_id", f"b{number}")
    return blocks


def _wrong(block: Json) -> str:
    kind = block.get("type", "")
    elements, fields = block.get("elements") or [], block.get("fields") or []
    limits = {"section": SECTION_TEXT, "header": HEADER_TEXT}
    if not kind or (kind == "section" and not (block.get("text") or fields)):
        return "missing required field"
    if _length(block) > limits.get(kind, SECTION_TEXT):
        return f"the text of a {kind} is too long"
    if len(fields) > FIELDS or any(len(f.get("text", "")) > FIELD_TEXT for f in fields):
        return "too many fields, or too long"
    if len(elements) > ELEMENTS.get(kind, len(elements)):
        return f"too many elements in {kind}"
    if any(e.get("type") == "button" and _length(e) > BUTTON_TEXT for e in elements):
        return "the text of a button is too long"
    return _wrong_texts(block, [*fields, *elements])


def _wrong_texts(block: Json, parts: list[Json]) -> str:
    objects = [block.get("text"), *parts, *(part.get("text") for part in parts)]
    fits = all(_fits(one) for one in objects if isinstance(one, dict))
    return "" if fits else "a text must have 1 to 3000 characters"


def _fits(element: Json) -> bool:
    text = element.get("text")
    if element.get("type") not in {"mrkdwn", "plain_text"}:
        return True
    return isinstance(text, str) and 0 < len(text) <= SECTION_TEXT


def _length(element: Json) -> int:
    text = element.get("text")
    return len(text.get("text", "")) if isinstance(text, dict) else 0
