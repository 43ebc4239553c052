"""Put nouns after numbers in the right form, for all texts that people read."""


def plural(number: int, noun: str, nouns: str = "") -> str:
    """Return the number with its noun: "1 example", "2,000 examples", "2 entries" of `nouns`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {nouns or noun + 's'}"
