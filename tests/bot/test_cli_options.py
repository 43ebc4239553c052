"""Options that several verbs have."""

import pytest

from support_triage.bot.cli_options import mapped
from support_triage.bot.config import ConfigError


def test_a_map_may_have_an_equals_sign_in_the_old_name() -> None:
    assert mapped(["a=b=BILLING", "c=OTHER"]) == {"a=b": "BILLING", "c": "OTHER"}
    with pytest.raises(ConfigError, match="write OLD=NEW"):
        mapped(["BILLING"])
