"""The address of a Redis or Valkey: one server, a master behind Sentinels, or a cluster."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

_PORT, _SENTINEL_PORT = 6379, 26379
_SINGLE = {"redis", "rediss", "unix"}
_SENTINEL = {"redis+sentinel", "rediss+sentinel"}
_CLUSTER = {"redis+cluster", "rediss+cluster"}
_OPTIONS = {"sentinel_username", "sentinel_password"}
_FORMS = (
    "write redis://host:port/db, rediss://…, unix:///path, "
    "redis+sentinel://host:port,host:port/service/db or redis+cluster://host:port,host:port"
)


@dataclass(frozen=True, slots=True)
class Single:
    """One server, as a URL for redis-py."""

    url: str


@dataclass(frozen=True, slots=True)
class Login:
    """The login for a server; its repr hides the password."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Sentinels that know the master of `service`; `own` is the login for the Sentinels."""

    hosts: tuple[tuple[str, int], ...]
    service: str
    db: int = 0
    tls: bool = False
    login: Login = Login()
    own: Login = Login()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes of a cluster, from which redis-py finds the others."""

    hosts: tuple[tuple[str, int], ...]
    tls: bool = False
    login: Login = Login()


def _hosts(names: str, port: int) -> tuple[tuple[str, int], ...]:
    found = []
    for name in names.split(","):
        host = urlsplit(f"//{name}")  # `port` raises ValueError outside of 0 to 65535
        if not host.hostname:
            raise ValueError(_FORMS)
        found.append((host.hostname, host.port or port))
    return tuple(found)


def _login(given: str) -> Login:
    username, _, password = given.partition(":")
    return Login(unquote(username) or None, unquote(password) or None)


def _service(path: str) -> tuple[str, int]:
    service, _, db = path.strip("/").partition("/")
    if not service or not (db or "0").isdecimal():
        raise ValueError(
            "add the service and database after the Sentinels, as in …:26379/mymaster/0"
        )
    return service, int(db or 0)


def _single(url: str) -> Single:
    """Return the server of a URL; raise ValueError that names an unknown or invalid option."""
    from redis.asyncio import ConnectionPool  # noqa: PLC0415 - settings load without redis
    from redis.exceptions import RedisError  # noqa: PLC0415 - the same

    path = urlsplit(url).path.strip("/")
    if not url.startswith("unix:") and not (path or "0").isdecimal():
        raise ValueError(f'"/{path}" is not a database number: {_FORMS}')
    try:
        ConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]
    except TypeError as error:
        unknown = re.search(r"keyword argument '(\w+)'", str(error))
        option = f'option "{unknown[1]}"' if unknown else "option"
        raise ValueError(f"unknown {option}: remove it from the URL") from None
    except (RedisError, OSError) as error:
        raise ValueError(f"invalid option in the URL: {error}") from None
    return Single(url)


def parse(url: str) -> Single | Sentinels | Cluster:
    """Parse a URL; raise ValueError that gives the right form and repeats no password."""
    parts = urlsplit(url)
    if parts.scheme in _SINGLE:
        return _single(url)
    if parts.scheme not in _SENTINEL | _CLUSTER:
        raise ValueError(_FORMS)
    given, _, names = parts.netloc.rpartition("@")
    tls, login = parts.scheme.startswith("rediss"), _login(given)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    if parts.scheme in _CLUSTER:
        if parts.path.strip("/") or options:
            raise ValueError(
                "remove the database and options of the cluster: redis+cluster://host:port,…"
            )
        return Cluster(_hosts(names, _PORT), tls, login)
    if not options.keys() <= _OPTIONS:
        raise ValueError(f"unknown option: Sentinels take only {', '.join(sorted(_OPTIONS))}")
    own = Login(options.get("sentinel_username"), options.get("sentinel_password"))
    return Sentinels(_hosts(names, _SENTINEL_PORT), *_service(parts.path), tls, login, own)
