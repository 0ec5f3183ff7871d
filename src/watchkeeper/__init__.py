"""Watch AI models after they are deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchkeeper.surfaces.api import Project

__all__ = ["Project"]


def __getattr__(name: str) -> Any:
    """Import ``Project`` when it is first asked for, so that importing the package stays quick."""
    if name == "Project":
        from watchkeeper.surfaces.api import Project

        return Project
    raise AttributeError(f"module 'watchkeeper' has no attribute {name!r}")
