"""A program as a user writes it: run a project, and look at what came of it."""

from __future__ import annotations

from datetime import datetime

import watchkeeper as wk

project = wk.Project(".", now="2026-10-13T02:00:00Z")

for result in project.run(["credit"], since="2026-10-01"):
    seconds: float = result.seconds
    opened: int = result.incidents.opened
    print(result.monitor, result.state.value, result.rows.new, seconds, opened)

for state in project.status():
    last: datetime | None = state.last_run
    print(state.monitor, state.state, state.open_incidents.get("critical", 0), last)

for incident in project.incidents(state="open", severity="critical"):
    name: str = incident.title
    print(name, incident.findings[0].value, incident.first_window.start)
    project.acknowledge(incident.id, note="looking")

table = project.points("credit", metric="psi")
print(table.num_rows, project.verdicts("credit", outcome="breach").num_rows)
print(project.report("report.html", ["credit"]).name)
project.close()
