"""The address of a Redis or Valkey: one server, what Sentinels watch over, or a cluster."""

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
    """One server, by the URL that redis-py takes."""

    url: str


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in to a server; the password is kept out of any repr."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Sentinels that know where `service` is; `own` is the login to the Sentinels themselves."""

    hosts: tuple[tuple[str, int], ...]
    service: str
    db: int = 0
    tls: bool = False
    login: Login = Login()
    own: Login = Login()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Some nodes of a cluster, from which the others are found."""

    hosts: tuple[tuple[str, int], ...]
    tls: bool = False
    login: Login = Login()


def _hosts(names: str, port: int) -> tuple[tuple[str, int], ...]:
    found = []
    for name in names.split(","):
        one = urlsplit(f"//{name}")  # its port raises ValueError outside of 0 to 65535
        if not one.hostname:
            raise ValueError(_FORMS)
        found.append((one.hostname, one.port or port))
    return tuple(found)


def _login(given: str) -> Login:
    username, _, password = given.partition(":")
    return Login(unquote(username) or None, unquote(password) or None)


def _service(path: str) -> tuple[str, int]:
    service, _, db = path.strip("/").partition("/")
    if not service or not (db or "0").isdecimal():
        raise ValueError("after the Sentinels stand the service and the db: …:26379/mymaster/0")
    return service, int(db or 0)


def _single(url: str) -> Single:
    """Return the server of this URL; ValueError names an option that does not exist or fit."""
    from redis.asyncio import ConnectionPool  # noqa: PLC0415 - settings load without redis
    from redis.exceptions import RedisError  # noqa: PLC0415 - the same

    path = urlsplit(url).path.strip("/")
    if not url.startswith("unix:") and not (path or "0").isdecimal():
        raise ValueError(f'"/{path}" is not the number of a database: {_FORMS}')
    try:
        ConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]
    except TypeError as error:
        unknown = re.search(r"keyword argument '(\w+)'", str(error))
        option = unknown[1] if unknown else "one"
        raise ValueError(f'the option "{option}" is not known: remove it from the URL') from None
    except (RedisError, OSError) as error:
        raise ValueError(f"an option of the URL does not fit: {error}") from None
    return Single(url)


def parse(url: str) -> Single | Sentinels | Cluster:
    """The address in a URL; ValueError says what would be right, and repeats no password."""
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
            raise ValueError("a cluster has one db and no options: redis+cluster://host:port,…")
        return Cluster(_hosts(names, _PORT), tls, login)
    if not options.keys() <= _OPTIONS:
        raise ValueError(f"options here are {', '.join(sorted(_OPTIONS))}")
    own = Login(options.get("sentinel_username"), options.get("sentinel_password"))
    return Sentinels(_hosts(names, _SENTINEL_PORT), *_service(parts.path), tls, login, own)
