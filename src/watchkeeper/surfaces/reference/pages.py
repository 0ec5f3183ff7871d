"""Every reference page by the name of its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from watchkeeper.surfaces.reference import (
    command_line,
    environment,
    faults,
    log_formats,
    metrics,
    monitor_file,
    python_api,
    rules,
    settings_file,
    tables,
)
from watchkeeper.surfaces.reference.markdown import table

_MADE = "<!-- Made by `make docs` from the declarations in the code; edit those. -->"

PAGES: Mapping[str, tuple[str, str, Callable[[], str]]] = {
    "command-line.md": ("Command line", "every command, option and exit code", command_line.page),
    "monitor-file.md": ("Monitor file", "every key of `monitors/*.yaml`", monitor_file.page),
    "watchkeeper-yaml.md": ("watchkeeper.yaml", "settings of a project", settings_file.page),
    "environment.md": ("Environment", "variables that are read", environment.page),
    "metrics.md": ("Metrics", "formula, unit, range, options, needs", metrics.page),
    "rules.md": ("Rules", "when a number is a breach", rules.page),
    "log-formats.md": ("Log formats", "what a log may look like", log_formats.page),
    "tables.md": ("Tables", "what is stored, column by column, and what the words mean", tables.page),
    "python-api.md": ("Python API", "`Project` and what it returns", python_api.page),
    "faults.md": ("Faults", "every code, its meaning and what mends it", faults.page),
}
"""Title, content in a few words, and what makes the page."""


def pages() -> dict[str, str]:
    """Every page, ``README.md`` among them, as text by the name of its file."""
    made = {name: f"{_MADE}\n\n# {title}\n\n{body().strip()}\n" for name, (title, _, body) in PAGES.items()}
    rows = [(f"[{title}]({name})", about) for name, (title, about, _) in PAGES.items()]
    listed = table(["page", "what is there"], rows)
    said = "Made from the declarations in the code, so that it says what the code does."
    return {"README.md": f"{_MADE}\n\n# Reference\n\n{said}\n\n{listed}\n", **made}


def write(folder: Path) -> None:
    """Write the pages into a folder and remove pages there that are no longer made."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for stale in {path.name for path in folder.glob("*.md")} - set(made):
        (folder / stale).unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
