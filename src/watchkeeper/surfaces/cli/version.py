"""``watchkeeper version``."""

from __future__ import annotations

from watchkeeper.surfaces.cli.base import Session, declare
from watchkeeper.surfaces.cli.out import Answer


@declare("version", short_help="Show which version this is.")
def command(session: Session) -> Answer:  # noqa: ARG001
    """Show which version this is. Changes nothing.

    watchkeeper version
    """
    import platform
    from importlib import metadata

    data = {"version": metadata.version("watchkeeper"), "python": platform.python_version()}
    return Answer(data, lambda _: f"watchkeeper {data['version']} (Python {data['python']})")
