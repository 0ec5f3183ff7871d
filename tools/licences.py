"""What an installation of watchkeeper brings along: an SBOM (CycloneDX 1.6 JSON) and a list of licences.

Run where it is installed: python tools/licences.py [FOLDER]
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = "watchkeeper"
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_LICENCE = "License :: "


def closure(root: str = ROOT) -> dict[str, metadata.Distribution]:
    """The distributions that one needs to run, and those that these need, by name; without the root."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(_needs(metadata.distribution(root)))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = metadata.distribution(name)
            waiting += _needs(found[name])
    return dict(sorted(found.items()))


def _needs(distribution: metadata.Distribution) -> Iterator[str]:
    """Names of what is needed and installed here; what only another system or an extra needs is not."""
    for line in distribution.requires or ():
        wanted, _, marker = line.partition(";")
        name = normal("".join(_NAME.findall(wanted)))
        if "extra" not in marker and _is_installed(name):
            yield name


def normal(name: str) -> str:
    """A name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def licence(distribution: metadata.Distribution) -> str:
    """What a distribution says of its licence: the SPDX expression, else its classifiers, else its words."""
    told = distribution.metadata
    expression = told.get("License-Expression")
    if expression:
        return str(expression)
    classified = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or () if line.startswith(_LICENCE)]
    words = (told.get("License") or "").strip().partition("\n")[0]
    return ", ".join(classified) or words or "not told"


def sbom(found: dict[str, metadata.Distribution]) -> dict[str, Any]:
    """The CycloneDX document."""
    root = metadata.distribution(ROOT)
    parts = [_component(name, one, "library") for name, one in found.items()]
    needs = {ROOT: root, **found}
    edges = [
        {"ref": _purl(name, one), "dependsOn": sorted(_purl(need, found[need]) for need in set(_needs(one)))}
        for name, one in needs.items()
    ]
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    about = {"metadata": {"component": _component(ROOT, root, "application")}}
    return {**head, **about, "components": parts, "dependencies": edges}


def _component(name: str, distribution: metadata.Distribution, kind: str) -> dict[str, Any]:
    purl = _purl(name, distribution)
    said = {"type": kind, "bom-ref": purl, "name": name, "version": distribution.version, "purl": purl}
    return {**said, "licenses": [{"license": {"name": licence(distribution)}}]}


def _purl(name: str, distribution: metadata.Distribution) -> str:
    return f"pkg:pypi/{name}@{distribution.version}"


def listing(found: dict[str, metadata.Distribution]) -> str:
    """The list of licences as Markdown."""
    rows = [f"| {name} | {one.version} | {licence(one)} |" for name, one in found.items()]
    return "\n".join(["| package | version | licence |", "|---|---|---|", *rows]) + "\n"


def main(folder: Path) -> int:
    """Write both into a folder."""
    found = closure()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sbom.cdx.json").write_text(json.dumps(sbom(found), indent=2) + "\n", encoding="utf-8")
    (folder / "licences.md").write_text(listing(found), encoding="utf-8")
    sys.stdout.write(f"{len(found)} packages: {folder / 'sbom.cdx.json'}, {folder / 'licences.md'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")))
