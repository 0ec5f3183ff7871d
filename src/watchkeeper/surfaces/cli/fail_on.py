"""``--fail-on``: whether the selected monitors have an incident that is bad enough."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from watchkeeper.surfaces.cli.out import Exit

if TYPE_CHECKING:
    from watchkeeper.surfaces.api import Project


def is_met(project: Project, monitors: Collection[str], severity: str | None) -> int:
    """The exit code: 3 when one of the monitors has an unresolved incident of this severity or above, else 0."""
    if severity is None:
        return Exit.DONE
    from watchkeeper.terms import IncidentState, Severity

    least = Severity(severity).rank
    met = any(
        one.monitor in monitors and one.state is not IncidentState.RESOLVED and one.severity.rank >= least
        for one in project.incidents()
    )
    return Exit.FAIL_ON_MET if met else Exit.DONE
