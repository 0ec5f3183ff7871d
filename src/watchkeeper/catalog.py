"""Finds plug-ins: the folder is the registry, the file's name is the name, third parties join by entry points.

Looking for names reads text and imports nothing, so it is quick; a plug-in is imported when it is loaded.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import Any

from watchkeeper.errors import ExtraMissing, Fault, Faulty

PACKAGE = "watchkeeper"
BUILTIN_ONLY = "builtin"
"""Value of the environment variable ``WATCHKEEPER_PLUGINS`` that switches third parties off."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plug-in: its folder and the name that its files export."""

    folder: str
    export: str


KINDS: Mapping[str, Kind] = {
    "channels": Kind("notify", "CHANNEL"),
    "engines": Kind("engines", "ENGINE"),
    "metrics": Kind("metrics", "METRIC"),
    "remedies": Kind("remedies", "REMEDY"),
    "rules": Kind("rules", "RULE"),
    "scorers": Kind("scorers", "SCORER"),
    "sources": Kind("sources", "SOURCE"),
}


@dataclass(frozen=True, slots=True)
class Plugin:
    """Where one plug-in comes from. ``origin`` is the distribution, ``version`` that of the distribution."""

    kind: str
    name: str
    module: str
    origin: str
    version: str


@dataclass(frozen=True)
class Catalog:
    """The plug-ins there are, with or without those of third parties."""

    third_party: bool = True

    def names(self, kind: str) -> list[str]:
        """The names of one kind, sorted.

        >>> "psi" in Catalog(third_party=False).names("metrics")
        True
        """
        return sorted(self.plugins(kind))

    def plugins(self, kind: str) -> Mapping[str, Plugin]:
        """Where the plug-ins of one kind come from, by name.

        Raises:
            Faulty: E201 a third party has taken a name that is in use.
        """
        return _found(kind, self.third_party)

    def load(self, kind: str, name: str) -> Any:
        """Import one plug-in and give what its file exports.

        Raises:
            Faulty: E201 there is none of that name.
            ExtraMissing: a module it needs is not installed.
        """
        plugin = self.plugins(kind).get(name)
        if plugin is None:
            known = ", ".join(self.names(kind)) or "none"
            raise Faulty([Fault("E201", f"no {kind} plug-in '{name}'.", f"There are: {known}")])
        return _loaded(plugin)

    def all(self, kind: str) -> dict[str, Any]:
        """Every plug-in of one kind by name."""
        return {name: self.load(kind, name) for name in self.names(kind)}


@cache
def _found(kind: str, third_party: bool) -> Mapping[str, Plugin]:
    found = {plugin.name: plugin for plugin in _builtin(kind)}
    for plugin in _third_party(kind) if third_party else ():
        taken = found.get(plugin.name)
        if taken is not None:
            message = f"'{plugin.origin}' brings a {kind} plug-in '{plugin.name}', which '{taken.origin}' has already."
            raise Faulty([Fault("E201", message, f"Remove one, or set WATCHKEEPER_PLUGINS={BUILTIN_ONLY}")])
        found[plugin.name] = plugin
    return found


def _builtin(kind: str) -> Iterator[Plugin]:
    folder = resources.files(PACKAGE) / KINDS[kind].folder
    exports = re.compile(rf"^{KINDS[kind].export}\b\s*[:=]", re.MULTILINE)
    version = metadata.version(PACKAGE)
    for module, file in _modules(folder, f"{PACKAGE}.{KINDS[kind].folder}"):
        if exports.search(file.read_text("utf-8")):
            yield Plugin(kind, module.rpartition(".")[2], module, PACKAGE, version)


def _modules(folder: Traversable, package: str) -> Iterator[tuple[str, Traversable]]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name.isidentifier():
            yield from _modules(entry, f"{package}.{entry.name}")
        elif entry.name.endswith(".py") and entry.name != "__init__.py":
            yield f"{package}.{entry.name.removesuffix('.py')}", entry


def _third_party(kind: str) -> Iterator[Plugin]:
    for entry in sorted(metadata.entry_points(group=f"{PACKAGE}.{kind}"), key=lambda entry: (entry.name, entry.value)):
        dist = entry.dist
        yield Plugin(kind, entry.name, entry.value, dist.name if dist else "unknown", dist.version if dist else "")


@cache
def _loaded(plugin: Plugin) -> Any:
    module, _, attribute = plugin.module.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        message = f"'{plugin.name}' of {plugin.origin} needs the module '{error.name}', which is not installed"
        raise ExtraMissing(message) from error
    for part in attribute.split(".") if attribute else ():
        found = getattr(found, part)
    return getattr(found, KINDS[plugin.kind].export) if isinstance(found, ModuleType) else found


def default() -> Catalog:
    """The catalog as the environment allows it."""
    return Catalog(third_party=os.environ.get("WATCHKEEPER_PLUGINS") != BUILTIN_ONLY)


def names(kind: str) -> list[str]:
    """The names of one kind, sorted, as the environment allows."""
    return default().names(kind)


def load(kind: str, name: str) -> Any:
    """One plug-in, imported; see ``Catalog.load``."""
    return default().load(kind, name)


def all(kind: str) -> dict[str, Any]:  # noqa: A001 - the word for it, as `catalog.all`
    """Every plug-in of one kind by name, imported."""
    return default().all(kind)
