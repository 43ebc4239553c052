"""REDIS_URL: the meaning of each form, and the errors of invalid URLs."""

import pytest

from storage.server.address import Cluster, Login, Sentinels, Single, parse


def test_each_form_is_understood() -> None:
    for url in ("redis://h:1/2", "rediss://h", "unix:///run/valkey.sock"):
        assert parse(url) == Single(url)
    assert parse("redis+sentinel://a,b:1/main") == Sentinels((("a", 26379), ("b", 1)), "main")
    assert parse("rediss+sentinel://u:p%40@a/main/3?sentinel_password=s") == Sentinels(
        (("a", 26379),), "main", 3, tls=True, login=Login("u", "p@"), own=Login(None, "s")
    )
    assert parse("redis+cluster://a:1,[::1]:2") == Cluster((("a", 1), ("::1", 2)))
    assert parse("rediss+cluster://:p@a") == Cluster(
        (("a", 6379),), tls=True, login=Login(None, "p")
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://h",
        "h:6379",
        "redis+sentinel://:secret@a:1",
        "redis+sentinel://:secret@a:1/main/x",
        "redis+sentinel://:secret@a:1/main?db=1",
        "redis+sentinel://:secret@a:99999/main",
        "redis+cluster://:secret@",
        "redis+cluster://:secret@a:x",
        "redis+cluster://:secret@a,,b",
        "redis+cluster://:secret@a/1",
        "redis://:secret@a/db",
        "redis://:secret@a:99999",
        "redis://:secret@a/0?socket_timeout=soon",
        "redis://:secret@a/0?colour=blue",
        "unix:///run/valkey.sock?password=secret&colour=blue",
    ],
)
def test_an_invalid_url_names_the_right_form_and_no_secret(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(url)
    assert "secret" not in str(caught.value)


def test_a_password_is_in_no_repr() -> None:
    assert "secret" not in repr(parse("redis+cluster://u:secret@a"))
