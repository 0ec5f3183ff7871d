"""Connections, secrets and the choices of one project: flags before environment before file before defaults."""

from __future__ import annotations

import getpass
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from watchkeeper.catalog import BUILTIN_ONLY, Catalog
from watchkeeper.errors import Fault, Faulty
from watchkeeper.spec.report import Report, nearest
from watchkeeper.spec.shapes import BAD, Choice, Key, Optional, Record, Text, entries, joined, moment_of, shown
from watchkeeper.spec.yaml_text import Node, NotYaml, parse

FILE = "watchkeeper.yaml"
MONITORS = "monitors"
STORE = ".watchkeeper"
DATABASE = "sqlite:///.watchkeeper/ledger.db"
KEY_FILE = "privacy.key"
ENGINES = ("local", "spark")
LOGS = ("text", "json")
PREFIX = "WATCHKEEPER_"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET_KEY = re.compile(r"(token|secret|password|passwd|api_?key|webhook|routing_key|credential)", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")
_HERE = re.compile(r"^https?://(localhost|127\.0\.0\.1|\[::1\])([:/]|$)")
_CATALOG_SCHEMA = re.compile(r"^[\w-]+\.[\w-]+$")
_SHORTEST_KEY = 16


class Secret:
    """A text that shows itself only on ``reveal``."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(("secret", self._text))

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not written anywhere")


@dataclass(frozen=True)
class Settings:
    """What a project is told.

    Args:
        directory: the project's folder, absolute.
        project: its name; part of every fingerprint of an incident.
        store: absolute path of the tables' folder, or a Unity Catalog schema on Spark.
        database: SQLAlchemy URL of the ledger; a relative SQLite path is already made absolute.
        actor: who acts, as the ledger names them.
        now: the moment that a person gave; None means the clock.
        channels: options of each channel by its name; texts from variables are ``Secret``.
        endpoints: the same for endpoints of models.
        key_file: where the key of hashed ids lies; made at first use where ``key_made`` says so.
        third_party: whether plug-ins of third parties are used.
    """

    directory: Path
    project: str
    store: str
    database: str = field(repr=False)
    engine: str
    actor: str
    now: datetime | None
    log: str
    channels: Mapping[str, Mapping[str, Any]]
    endpoints: Mapping[str, Mapping[str, Any]]
    key_file: Path
    key_made: bool
    third_party: bool

    @property
    def catalog(self) -> Catalog:
        """The plug-ins this project may use."""
        return Catalog(self.third_party)

    @property
    def monitor_files(self) -> list[Path]:
        """The monitor files of the project, sorted by name."""
        return sorted((self.directory / MONITORS).glob("*.yaml"))

    def privacy_key(self) -> bytes:
        """The key of hashed ids.

        Raises:
            Faulty: E301 the file that was named is not there; E402 it holds too little to be a key.
        """
        return privacy_key(self.key_file, make=self.key_made)


def find_project(start: Path) -> Path:
    """The folder at or above ``start`` that holds ``watchkeeper.yaml``, else ``start`` itself."""
    here = start.resolve()
    return next((folder for folder in (here, *here.parents) if (folder / FILE).is_file()), here)


def privacy_key(file: Path, *, make: bool) -> bytes:
    """Read the key of hashed ids, and make it first where it is missing and ``make`` allows.

    A file that is made has mode 600 and 64 random hexadecimal digits. Two processes that make it at once end up
    with one key.

    Raises:
        Faulty: E301 there is no such file; E402 it holds fewer than 16 bytes.
    """
    if not file.exists():
        if not make:
            fix = f"Write at least {_SHORTEST_KEY} random bytes into it, mode 600, or remove 'privacy.key'"
            raise Faulty([Fault("E301", f"there is no key file '{file.name}'.", fix, FILE, path="privacy.key")])
        _make_key(file)
    key = file.read_bytes().strip()
    if len(key) < _SHORTEST_KEY:
        fix = f"A key has at least {_SHORTEST_KEY} bytes"
        raise Faulty([Fault("E402", f"the key file '{file.name}' is too short.", fix, FILE, path="privacy.key")])
    return key


def _make_key(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(secrets.token_hex(32) + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def read_settings(
    directory: Path | None = None,
    flags: Mapping[str, str | None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings of a project.

    Args:
        directory: the project's folder; found from the working directory where None.
        flags: ``store``, ``database``, ``engine``, ``now``, ``log`` … as given on the command line.
        environment: the process's own where None.

    Raises:
        Faulty: everything that is wrong with the file, the environment and the flags, at once.
    """
    told = dict(os.environ) if environment is None else dict(environment)
    folder = find_project(Path.cwd()) if directory is None else directory.resolve()
    report = Report(FILE)
    form = _read_file(folder / FILE, report, told)
    given = _Given({k: v for k, v in (flags or {}).items() if v is not None}, told, form, report)
    settings = _settings(folder, given, form)
    if report.failed:
        raise Faulty(report.ordered())
    return settings


@dataclass(frozen=True)
class _Form:
    """What ``watchkeeper.yaml`` says."""

    project: str | None = None
    store: str | None = None
    database: str | None = None
    engine: str | None = None
    plugins: str = "all"
    channels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    endpoints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    privacy: str | None = None


def _read_file(path: Path, report: Report, environment: Mapping[str, str]) -> _Form:
    if not path.is_file():
        return _Form()
    report.lines[""] = 1
    try:
        root = parse(path.read_text("utf-8"))
    except NotYaml as error:
        report.add(error.code, "", error.message, error.fix, error.line)
        return _Form()
    except (OSError, UnicodeDecodeError) as error:
        report.add("E301", "", f"the file cannot be read: {error}")
        return _Form()
    form = _Form() if root is None or root.value is None else shape(environment).read(root, "", report)
    return _Form() if form is BAD else form


def shape(environment: Mapping[str, str]) -> Record:
    """The shape of ``watchkeeper.yaml``; variables are filled in from an environment."""
    name = Text(r"^[\w][\w .@-]{0,99}$", "a name", "use letters, digits, '_', '-' and '.'")
    options = _Connections(environment)
    keys = (
        Key("project", Optional(name), None, "the project's name; the folder's where none is given"),
        Key("store", Optional(_Plain()), None, "folder of the tables, or a Unity Catalog schema"),
        Key("database", Optional(_Filled(environment=environment)), None, "SQLAlchemy URL of the ledger"),
        Key("engine", Optional(Choice(ENGINES)), None, "what reads and writes the tables"),
        Key("plugins", Choice(("all", BUILTIN_ONLY)), "all", "whether plug-ins of third parties are used"),
        Key("channels", options, {}, "where notifications go, by name"),
        Key("endpoints", options, {}, "models that are asked, by name"),
        Key("privacy", _PRIVACY, None, "how ids of people are hashed"),
    )
    return Record(_Form, keys, wanted="a mapping of keys to values")


def _key_path(key: str | None) -> str | None:
    return key


class _Plain(Text):
    """Text in which no variable is filled in."""

    def read(self, node: Node, path: str, report: Report) -> Any:
        value = super().read(node, path, report)
        if value is not BAD and _VARIABLE.search(value):
            report.add("E402", path, "no variable is filled in here", "only in channels, endpoints and database")
            return BAD
        return value


_PRIVACY = Record(_key_path, (Key("key", Optional(_Plain()), None, "the file that holds the key"),))


@dataclass(frozen=True)
class _Filled(Text):
    """Text whose ``${NAME}`` are filled in from the environment."""

    environment: Mapping[str, str] = field(default_factory=dict)

    def read(self, node: Node, path: str, report: Report) -> Any:
        value = super().read(node, path, report)
        if value is BAD:
            return value
        password = _PASSWORD.search(value)
        if password is not None and not _VARIABLE.search(password[1]):
            _plain_secret(path, node, report)
        return filled(value, self.environment, path, node, report)


def filled(text: str, environment: Mapping[str, str], path: str, node: Node, report: Report) -> str:
    """The text with its ``${NAME}`` filled in, adding E402 for each that is not set."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if not environment.get(name):
            report.add("E402", path, f"the variable '{name}' is not set", "set it in the environment", node.line)
        return environment.get(name, "")

    return _VARIABLE.sub(value, text)


def _plain_secret(path: str, node: Node, report: Report) -> None:
    report.add("E402", path, "a secret stands here in plain text", "write ${NAME} and set the variable", node.line)


@dataclass(frozen=True)
class _Connections:
    """A mapping of names to options; texts with variables become secrets."""

    environment: Mapping[str, str]

    def read(self, node: Node, path: str, report: Report) -> Any:
        if node.kind != "mapping":
            report.add("E102", path, f"{shown(node)} is not a mapping of names to options", "", node.line)
            return BAD
        found = {}
        for name, body in entries(node, path, report):
            where = joined(path, name)
            if body.kind == "mapping":
                found[name] = self._value(body, where, report)
            else:
                report.add("E102", where, f"{shown(body)} is not a mapping of options", "", body.line)
        return found

    def _value(self, node: Node, path: str, report: Report) -> Any:
        if node.kind == "mapping":
            return {key: self._value(item, joined(path, key), report) for key, item in entries(node, path, report)}
        if node.kind == "list":
            return [self._value(item, f"{path}[{index}]", report) for index, item in enumerate(node.value)]
        return self._scalar(node, path, report)

    def _scalar(self, node: Node, path: str, report: Report) -> Any:
        if not isinstance(node.value, str):
            return node.value
        if _VARIABLE.search(node.value):
            return Secret(filled(node.value, self.environment, path, node, report))
        secret = _SECRET_KEY.search(path.rpartition(".")[2]) or _PASSWORD.search(node.value)
        if secret and not _HERE.match(node.value):
            _plain_secret(path, node, report)
        return node.value

    def spell(self, value: Any) -> Any:
        return dict.fromkeys(value, "***")

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": "object"}}


@dataclass(frozen=True)
class _Given:
    """Finds each setting: flag, environment, file."""

    flags: Mapping[str, str]
    environment: Mapping[str, str]
    form: _Form
    report: Report

    def value(self, name: str) -> str | None:
        """The first that is given, None where none is."""
        return self.flags.get(name) or self.environment.get(PREFIX + name.upper()) or getattr(self.form, name, None)

    def place(self, name: str) -> str:
        """Where a person finds what they gave."""
        if self.flags.get(name):
            return f"--{name}"
        return PREFIX + name.upper() if self.environment.get(PREFIX + name.upper()) else name

    def choice(self, name: str, words: tuple[str, ...]) -> str:
        """One of a few words, the first by default."""
        value = self.value(name) or words[0]
        if value not in words:
            hint = nearest(value, words)
            self.report.add("E102", self.place(name), f"'{value}' is not one of {', '.join(words)}", hint)
        return value

    def now(self) -> datetime | None:
        """The moment given."""
        text = self.value("now")
        try:
            return None if text is None else moment_of(text)
        except (ValueError, OverflowError):
            fix = "write for instance 2026-01-31 or 2026-01-31T06:00:00Z"
            self.report.add("E102", self.place("now"), f"'{text}' is not a date or a time with a zone", fix)
            return None


def _settings(folder: Path, given: _Given, form: _Form) -> Settings:
    engine = given.choice("engine", ENGINES)
    plugins = given.environment.get(f"{PREFIX}PLUGINS") or form.plugins
    return Settings(
        directory=folder,
        project=given.value("project") or folder.name or "project",
        store=_store(given.value("store") or STORE, engine, folder),
        database=absolute_database(given.value("database") or DATABASE, folder),
        engine=engine,
        actor=given.value("actor") or _user(),
        now=given.now(),
        log=given.choice("log", LOGS),
        channels=form.channels,
        endpoints=form.endpoints,
        key_file=folder / (form.privacy or f"{STORE}/{KEY_FILE}"),
        key_made=form.privacy is None,
        third_party=plugins != BUILTIN_ONLY and form.plugins != BUILTIN_ONLY,
    )


def _store(given: str, engine: str, folder: Path) -> str:
    in_catalog = engine == "spark" and _CATALOG_SCHEMA.match(given)
    return given if in_catalog or "://" in given else str(folder / Path(given).expanduser())


def absolute_database(url: str, folder: Path) -> str:
    """The URL with a relative SQLite path meant from a folder.

    >>> absolute_database("sqlite:///ledger.db", Path("/bank"))
    'sqlite:////bank/ledger.db'
    """
    head, slashes, path = url.partition(":///")
    relative = head.startswith("sqlite") and slashes and path and not path.startswith((":memory:", "file:"))
    return f"{head}:///{folder / path}" if relative else url


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
