"""Options that several verbs share."""

import pytest

from bot.cli.options import mapped
from bot.config.config import ConfigError


def test_a_map_may_have_an_equals_sign_in_the_old_name() -> None:
    assert mapped(["a=b=BILLING", "c=OTHER"]) == {"a=b": "BILLING", "c": "OTHER"}
    with pytest.raises(ConfigError, match="write OLD=NEW"):
        mapped(["BILLING"])
