"""triage.toml and the environment: an error names the wrong key and says what to do."""

from pathlib import Path

import pytest

from bot.config.config import ConfigError, Mode, load_config, load_settings

LABEL = '[[labels]]\nname = "A"\nemoji = "a"\n'


def config_error(tmp_path: Path, content: str) -> str:
    file = tmp_path / "triage.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    return str(caught.value)


def test_the_shipped_file_is_valid() -> None:
    config = load_config(Path("triage.toml"))
    assert config.label_set.names == ("BILLING", "TECHNICAL", "ACCOUNT", "OTHER")
    assert config.channels == {"#support": Mode.ROUTE}
    assert config.label_of_emoji("wrench") == "TECHNICAL"
    assert config.llm.prices["gpt-6-luna"].cached == 0.01
    assert config.label("OTHER").examples == ("Do you offer student discounts?",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("labels = []", ["labels", "[[labels]]"]),
        ("", ["labels", "[[labels]]"]),
        ("nonsense", ["TOML"]),
        (LABEL + '[[labels]]\nname = "B"\nemoji = ":a:"\n', ['"a"', "label A", "label B"]),
        (LABEL + LABEL, ['duplicate label name "A" (labels 1 and 2). Rename one']),
        (
            '[triage]\nneeds_human_emoji = "white_check_mark"\n' + LABEL,
            ["triage.confirm_emoji", "triage.needs_human_emoji"],
        ),
        (
            '[channels]\n"#support" = "loud"\n' + LABEL,
            ["channels.#support", "'route', but is \"loud\""],
        ),
        ('[channels]\n"support" = "route"\n' + LABEL, ["channels.support", "C0123ABCD"]),
        (
            "[triage]\ntarget_precision = 90\n" + LABEL,
            ["triage.target_precision: must be less than 1, but is 90"],
        ),
        ('[triage]\nagents = ["ava"]\n' + LABEL, ["triage.agents.1", "@handle"]),
        ("[llm]\ntimeout_s = 0\n" + LABEL, ["llm.timeout_s: must be greater than 0, but is 0"]),
        ("[keep]\ndays = 0\n" + LABEL, ["keep.days: must be at least 1, but is 0"]),
        ("[llm]\nbudget = 1\n" + LABEL, ["llm.budget", "no such key"]),
        ('[llm.prices."m"]\nprompt = 1\n' + LABEL, ["llm.prices.m.cached: missing. Add it."]),
        (
            LABEL.replace('"a"', '"phone"') + '[[labels]]\nname = "B"\nemoji = ":telephone:"\n',
            ['"phone"', "label A", "label B"],
        ),
        ("[triage]\ncolour = 1\n" + LABEL, ["triage.colour", "no such key"]),
        ('[[labels]]\nname = "A"\nemoji = "Not An Emoji"\n', ["labels.1.emoji", "moneybag"]),
        ('[[labels]]\nname = "A\\ud83d"\nemoji = "a"\n', ["TOML", "Unicode scalar value"]),
        ('[[labels]]\nname = "A\\u0000B"\nemoji = "a"\n', ["labels.1.name", "control"]),
        (
            '[[labels]]\nname = "none_of_these"\nemoji = "a"\n',
            ["labels.1.name", "Choose another name"],
        ),
        ('[labels]\nname = "A"\nemoji = "a"\n', ["below its own line [[labels]]"]),
        ("llm = []\n" + LABEL, ["llm", "below a line such as [llm]"]),
        ('[triage]\nagents = "@ava"\n' + LABEL, ["triage.agents", "must be a list"]),
        ("[intake]\nlimit = 1.5\n" + LABEL, ["intake.limit: must be a whole number, but is 1.5"]),
        ("[cards]\nredact = 5\n" + LABEL, ["cards.redact: must be true or false, but is 5"]),
        (
            "[llm]\nmax_shots = true\n" + LABEL.replace('"a"', "[]"),
            ["labels.1.emoji: must be text"],
        ),
        (LABEL.replace('"A"', '" A"'), ["labels.1.name: begins or ends with a space. Remove it."]),
        (LABEL.replace('"A"', '"A\\nB"'), ["labels.1.name", "on one line"]),
        (LABEL.replace('"A"', '""'), ["labels.1.name: must not be empty"]),
        ('[train]\nsuffix = "My model"\n' + LABEL, ["train.suffix: must match the pattern ^[a-z0"]),
    ],
)
def test_an_error_names_the_wrong_key(tmp_path: Path, content: str, words: list[str]) -> None:
    problem = config_error(tmp_path, content)
    assert [word for word in words if word not in problem] == []


@pytest.mark.parametrize(
    ("written", "read"),
    [(":telephone:", "phone"), ("請求書", "請求書"), (":thumbsup::skin-tone-2:", "+1")],
)
def test_an_emoji_gets_its_standard_name(tmp_path: Path, written: str, read: str) -> None:
    file = tmp_path / "triage.toml"
    file.write_text(LABEL.replace('"a"', f'"{written}"'), encoding="utf-8")
    assert load_config(file).labels[0].emoji == read


def test_a_missing_or_binary_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "junk.toml").write_bytes(b"\xff\x00\xfe")
    with pytest.raises(ConfigError, match=r"junk\.toml"):
        load_config(tmp_path / "junk.toml")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REDIS_URL", "localhost:6379", "redis://host:port"),
        ("SLACK_BOT_TOKEN", "secret-value", "xoxb-"),
        ("SLACK_APP_TOKEN", "secret-value", "xapp-"),
        ("SLACK_API_URL", "slack.com", "https://"),
        ("OPENAI_BASE_URL", "nowhere", "https://"),
        ("OPENAI_BASE_URL", "http://h/v1/chat/completions", "Remove"),
        ("OPENAI_BASE_URL", "https://h/v1?api-version=1", "Remove"),
        ("OPENAI_BASE_URL", "http://h:99999/v1", "Check the host and the port"),
        ("OPENAI_API_KEY", "sk-\u00e9", "outside ASCII"),
        ("REDIS_URL", "rediss://h?ssl_cert_reqs=maybe", "invalid option"),
        ("TRIAGE_METRICS_PORT", "secret-value", "must be a whole number"),
        ("TRIAGE_METRICS_PORT", "70000", "must be at most 65535"),
    ],
)
def test_an_error_names_the_variable_without_its_value(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({name: value})
    assert str(caught.value).startswith(name)
    assert words in str(caught.value)
    assert "secret-value" not in str(caught.value)


def test_the_version_of_a_label_set_is_its_content(tmp_path: Path) -> None:
    file = tmp_path / "triage.toml"
    file.write_text(LABEL)
    first = load_config(file).label_set.version
    assert load_config(file).label_set.version == first
    file.write_text(LABEL + 'description = "other"\n')
    assert load_config(file).label_set.version != first


def test_an_empty_variable_counts_as_unset() -> None:
    assert load_settings({"REDIS_URL": ""}).redis_url is None


def test_white_space_around_a_token_is_dropped() -> None:
    token = load_settings({"SLACK_BOT_TOKEN": " xoxb-1\n"}).slack_bot_token
    assert token is not None
    assert token.get_secret_value() == "xoxb-1"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "[triage]\ntarget_precison = 0.9\n",
            'target_precison: no such key; did you mean "target_p',
        ),
        ("[triagee]\n", 'triagee: no such key; did you mean "triage"?'),
        ("[triage]\nAgents = []\n", 'did you mean "agents"?'),
        ("[train.openai]\nbasemodel = 'x'\n", "train.openai.basemodel: no such key; did you mean"),
        ("target_precision = 0.9\n", 'did you mean "target_precision" below [triage]?'),
        ("agents = ['@ava']\n", 'did you mean "agents" below [triage]?'),
        ('[prices."m"]\nprompt = 1\n', 'did you mean "prices" below [llm]?'),
        ("[triage]\n't\u00e4rget_precision' = 0.9\n", 'did you mean "target_precision"?'),
        ('[triage]\n"\\u001bx" = 1\n', "triage.\\x1bx: no such key"),
        ("[triage]\nzzzzzz = 1\n", "Allowed here: admin_channel, admins"),
    ],
)
def test_an_error_suggests_the_nearest_key(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "triage.toml"
    file.write_text(content + "[[labels]]\nname = 'A'\nemoji = 'a'\n")
    with pytest.raises(ConfigError) as raised:
        load_config(file)
    assert words in str(raised.value)


def test_an_error_suggests_the_nearest_key_of_a_label(tmp_path: Path) -> None:
    file = tmp_path / "triage.toml"
    file.write_text("[[labels]]\nname = 'A'\nemoji = 'a'\ndescripton = 'b'\n")
    with pytest.raises(ConfigError, match=r'^\S+: labels.1.descripton.*did you mean "description"'):
        load_config(file)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "triage.toml"
    file.write_text("\ufeff" + LABEL, "utf-8")
    assert load_config(file).labels[0].name == "A"
    file.write_bytes(LABEL.encode("utf-16"))
    with pytest.raises(ConfigError, match="Save it as UTF-8"):
        load_config(file)


def test_a_home_folder_is_expanded_without_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert load_settings({"TRIAGE_DATA_DIR": "~/data"}).triage_data_dir == Path("/somewhere/data")
    assert load_settings({"TRIAGE_CONFIG": "~/a.toml"}).triage_config == Path("/somewhere/a.toml")
