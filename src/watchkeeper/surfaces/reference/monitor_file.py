"""The page of the monitor file."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.catalog import Catalog
from watchkeeper.metrics.base import Metric
from watchkeeper.spec.declarations import Known, monitor_shape
from watchkeeper.spec.defaults import DEFAULTS, QUALITY, Default
from watchkeeper.surfaces.reference.keys import Line, lines
from watchkeeper.surfaces.reference.markdown import block, code, table

EXAMPLE = """\
# monitors/credit_score.yaml
owner: credit-models@bank.example
description: Applications for consumer credit
source:
  table: data/credit_score_payload
  where: status_code = 200
  since: 90 days
task: binary
columns:
  score: predictions
  decision: {threshold: 0.3}
  features: {except: [applicant_id]}
  types: {postcode: string}
window: 1 day
grace: 6 hours
timezone: Europe/Zurich
segments: [region, "amount > 10000"]
baseline:
  from: 2026-01-01
  to: 2026-02-01
  compare: [fixed]
labels:
  table: data/repayments
  join: client_request_id
  value: defaulted
  at: updated_at
  matures_after: 90 days
metrics:
  - default
  - quantile: {columns: [latency_ms], p: 0.99}
alarms:
  needs: 2 of 3
  limits:
    - metric: share_above
      column: latency_ms
      options: {value: 800}
      above: 0.05
      for: 2 of 3
      severity: critical
      owner: platform@bank.example
      reason: SLO-12
      expires: 2027-06-30
caps: {segment_values: 50}
"""
EXAMPLES: Mapping[str, str] = {
    "name": "credit_score",
    "model": "credit_score",
    "task": "binary",
    "owner": "credit-models@bank.example",
    "description": "Applications for consumer credit",
    "source": "data/credit_score_payload",
    "source.table": "data/*.parquet",
    "source.where": "status_code = 200",
    "columns.id": "request_id",
    "columns.time": "created_at",
    "columns.score": "predictions.score",
    "columns.decision": "{threshold: 0.5}",
    "columns.positive": "declined",
    "columns.version": "model_version",
    "columns.weight": "weight",
    "columns.features": "{except: [customer_name]}",
    "columns.types": "{postcode: string}",
    "window": "1 hour",
    "grace": "6 hours",
    "timezone": "Europe/Zurich",
    "segments": '[region, "amount > 10000"]',
    "baseline.table": "data/training.parquet",
    "baseline.first": "28 days",
    "baseline.from": "2026-01-01",
    "baseline.to": "2026-02-01",
    "baseline.compare": "[fixed]",
    "labels.table": "data/repayments",
    "labels.join": "[client_request_id, row_index]",
    "labels.value": "defaulted",
    "labels.at": "updated_at",
    "labels.matures_after": "90 days",
    "metrics": "[default, {quantile: {columns: [latency_ms], p: 0.99}}]",
    "alarms.needs": "3 of 4",
    "alarms.limits[].metric": "share_above",
    "alarms.limits[].column": "latency_ms",
    "alarms.limits[].options": "{value: 800}",
    "alarms.limits[].segment": "{region: north}",
    "alarms.limits[].above": "0.05",
    "alarms.limits[].below": "0.8",
    "alarms.limits[].for": "1 of 1",
    "alarms.limits[].severity": "critical",
    "alarms.limits[].owner": "platform@bank.example",
    "alarms.limits[].reason": "SLO-12",
    "alarms.limits[].expires": "2027-06-30",
}
"""One way to write a key; the others are shown by their default."""
_NOT_YET = ("scores", "notify", "remedies")
_HEAD = """\
One YAML 1.2 file for each monitor under `monitors/`. Only `source` is needed; a table that is no inference table also
needs `columns.time`. `watchkeeper check` names every mistake with its line, `watchkeeper check --json` gives the file
with every default filled in.

Durations are whole numbers of minutes, hours, days, weeks or months. A date is midnight UTC; a time has a zone.
`where` and segments are SQL booleans over the columns of one row, evaluated by DuckDB without access to files or
network. A column name with dots reaches into a struct."""
_DEFAULTS = """\
## What `default` stands for

`metrics: [default]` computes these. Quality needs labels; the tasks in brackets are the only ones they are for."""


def page() -> str:
    metrics: Mapping[str, Metric] = Catalog(third_party=False).all("metrics")
    found = lines(monitor_shape(Known(metrics)))
    parts = [_HEAD, "An example with most keys:", block(EXAMPLE, "yaml")]
    for section in dict.fromkeys(line.section for line in found):
        rows = [_row(line) for line in found if line.section == section]
        title = f"`{section}`" if section else "The keys"
        parts.append(f"## {title}\n\n{table(['key', 'what it takes', 'default', 'meaning', 'example'], rows)}")
    rows = [(code(line.metric) + _options(line), _where(line)) for line in DEFAULTS + QUALITY]
    return "\n\n".join([*parts, _DEFAULTS, table(["metric", "of"], rows)])


def _row(line: Line) -> tuple[str, ...]:
    about = line.about + (". Read, but nothing acts on it yet" if line.path in _NOT_YET else "")
    return code(line.path), line.takes, line.default, about, code(EXAMPLES.get(line.path, ""))


def _options(line: Default) -> str:
    return "".join(f", {name} = {value}" for name, value in line.options.items())


def _where(line: Default) -> str:
    column = f"`{line.column}`" if line.column else f"every {line.type} {line.role}".replace("  ", " ")
    column = column if line.column or line.role.value == "feature" else f"the {line.role}"
    return column + (f" ({', '.join(line.tasks)})" if line.tasks else "")
