"""The incidents while the verdicts are played back, moment after moment; each draft changes them as its entry will."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from watchkeeper.incidents import draft as kinds
from watchkeeper.incidents.cause import SOURCE, Context, began_at_once, cause
from watchkeeper.incidents.consequences import follows, may_follow
from watchkeeper.incidents.draft import Draft
from watchkeeper.incidents.fingerprint import fingerprint, incident_id
from watchkeeper.incidents.json import finding_json, suspects_json, time_json, window_json
from watchkeeper.incidents.matching import Name, is_gone, name_of
from watchkeeper.incidents.project import applied
from watchkeeper.incidents.reopening import REOPENS_WITHIN, Fate, fate, is_fresh, recovery_of
from watchkeeper.incidents.spells import History, Series, Spell, series_of
from watchkeeper.incidents.surroundings import Surroundings
from watchkeeper.incidents.words import ranked, recovery, sentence, title
from watchkeeper.terms import Entry, Finding, Incident, IncidentState, Resolution, Severity, Window
from watchkeeper.windows import micros

_ORDER = ("source", "segment", "version", "column", "model")


@dataclass
class Desk:
    """The incidents while the film runs; every draft changes them the way its entry will."""

    project: str
    model: str
    monitor: str
    now: datetime
    told: Container[str]
    around: Surroundings
    incidents: dict[str, Incident]
    owner: dict[Name, str]
    drafts: list[Draft] = field(default_factory=list)
    starting: dict[datetime, list[tuple[History, Spell]]] = field(default_factory=lambda: defaultdict(list))
    owned: dict[str, list[tuple[History, Spell]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for history in (history for watch in self.around.by_watch.values() for history in watch):
            for spell in history.spells:
                if name_of(spell) in self.owner:
                    self.owned[self.owner[name_of(spell)]].append((history, spell))
                elif history.series.watch[0] == self.monitor:
                    self.starting[spell.began].append((history, spell))

    def restate(self, at: datetime) -> None:
        """Correct incidents whose evidence has gone, and reopen corrected ones whose evidence is back."""
        for incident in list(self.incidents.values()):
            if incident.state != IncidentState.RESOLVED:
                self._correct(incident)
            elif incident.resolution == Resolution.CORRECTED and incident == self._latest(incident.cause):
                self._return(incident, at)

    def play(self, at: datetime) -> None:
        """Tell what the windows that ended at this moment add."""
        fresh = [(h, s) for h, s in self.starting.get(at, ()) if name_of(s) not in self.owner]
        joined = self._begin(fresh, at) if fresh else {}
        for incident in list(self.incidents.values()):
            if incident.state != IncidentState.RESOLVED:
                self._update(incident, joined.get(incident.id, []), at)
            elif incident.resolution == Resolution.RECOVERED and incident == self._latest(incident.cause):
                self._revive(incident, joined.get(incident.id, []), at)
        self._link(at)
        for incident in list(self.incidents.values()):
            if incident.state != IncidentState.RESOLVED:
                self._recover(incident, at)

    def _begin(self, fresh: Sequence[tuple[History, Spell]], at: datetime) -> dict[str, list[Spell]]:
        """Give each new spell its incident; open and reopen those that need it, return what joined the others."""
        active = self.around.active(at)
        series = {spell.series for _, spell in fresh}
        context = Context(self.around.features, self.around.quiet(active, at))
        grouping = cause([spell.finding() for spell in active], context)
        joined: dict[str, list[Spell]] = defaultdict(list)
        for name in sorted(grouping, key=lambda c: (_ORDER.index(c.partition(":")[0]), c)):
            new = [f for f in grouping[name] if series_of(f) in series]
            for target, findings in self._targets(name, new, at).items():
                cases = [(h, s) for h, s in fresh if s.series in {series_of(f) for f in findings}]
                self._take(name, target, cases, joined, at)
        return joined

    def _targets(self, name: str, findings: Sequence[Finding], at: datetime) -> dict[str | None, list[Finding]]:
        """The incident each finding of one cause goes to; last, under None, those that need the next episode."""
        targets: dict[str | None, list[Finding]] = defaultdict(list)
        for finding in findings:
            targets[self._target(name, finding, at)].append(finding)
        return dict(sorted(targets.items(), key=lambda item: (item[0] is None, item[0] or "")))

    def _target(self, name: str, finding: Finding, at: datetime) -> str | None:
        latest = self._latest(name)
        if latest is not None and latest.state != IncidentState.RESOLVED:
            return latest.id
        explained = self._explaining(name, finding)
        if explained is not None:
            return explained
        if latest is not None and self._fate(latest, finding, at) is not Fate.NEW_EPISODE:
            return latest.id
        return None

    def _explaining(self, name: str, finding: Finding) -> str | None:
        """An unresolved incident of the same column: a broader one, or a narrower one that began at once."""
        column = f"column:{finding.point.column}"
        for incident in self._unresolved():
            if incident.cause == column and name.startswith(("segment:", "version:")):
                return incident.id
            narrow = name == column and incident.cause.startswith(("segment:", "version:"))
            if narrow and any(_same_change(finding, other) for other in incident.findings):
                return incident.id
        return None

    def _take(
        self,
        name: str,
        target: str | None,
        cases: Sequence[tuple[History, Spell]],
        joined: dict[str, list[Spell]],
        at: datetime,
    ) -> None:
        incident = self._latest(name) if target is None else self.incidents[target]
        if incident is None or (target is None and incident.state == IncidentState.RESOLVED):
            self._open(name, cases, at)
            return
        known = [(h, s, _seen(h, s, at)) for h, s in cases]
        fates = [self._fate(incident, seen.finding(), at) for _, _, seen in known]
        kept = [(h, s) for (h, s, _), what in zip(known, fates, strict=True) if what is not Fate.DECIDED]
        self._own(incident.id, kept)
        if Fate.REOPENS in fates:
            self._tell(kinds.REOPENED, incident, _key("reopened", at, kept), at)
        else:
            joined[incident.id] += [spell for _, spell in kept]

    def _fate(self, incident: Incident, finding: Finding, at: datetime) -> Fate | None:
        if incident.state != IncidentState.RESOLVED:
            return None
        return fate(incident, finding, at, resolved=self._resolved_at(incident, at), now=self.now)

    def _resolved_at(self, incident: Incident, at: datetime) -> datetime:
        """When it was over: a recovery in the time of its windows, however late the run that found it."""
        if incident.resolution != Resolution.RECOVERED:
            return incident.changed_at
        ends = [_seen(h, s, at).over(at) for h, s in self.owned[incident.id]]
        return max((end for end in ends if end is not None), default=recovery_of(incident))

    def _open(self, name: str, cases: Sequence[tuple[History, Spell]], at: datetime) -> None:
        print_ = fingerprint(self.project, self.model, name)
        latest = self._latest(name)
        episode = 1 if latest is None else latest.episode + 1
        id_ = incident_id(print_, episode)
        self._own(id_, cases)
        findings = self._findings(id_, (), at)
        body = {"fingerprint": print_, "episode": episode, "model": self.model, "monitor": self.monitor, "cause": name}
        parent = self._parent(id_, name, findings, at, {})
        body = {**body, **self._body(name, findings, at), "consequence_of": parent}
        self._draft(kinds.OPENED, id_, f"{id_}:opened", body)

    def _update(self, incident: Incident, new: Sequence[Spell], at: datetime) -> None:
        seen = [_seen(h, s, at) for h, s in self.owned[incident.id] if s.began <= at]
        worst = max((s.severity for s in seen), key=lambda s: s.rank, default=incident.severity)
        if new:
            cases = [(h, s) for h, s in self.owned[incident.id] if s in new]
            self._tell(kinds.UPDATED, incident, _key("updated", at, cases), at)
        elif worst.rank > incident.severity.rank:
            self._tell(kinds.UPDATED, incident, f"updated:{micros(at)}:{worst}", at)

    def _revive(self, incident: Incident, new: Sequence[Spell], at: datetime) -> None:
        """Tell what belongs to a recovered incident, and reopen it if a finding goes on after the recovery."""
        owned = [(h, s) for h, s in self.owned[incident.id] if any(b.window.end == at for b in s.breaches)]
        going_on = [(h, s) for h, s in owned if is_fresh(incident, (_seen(h, s, at).finding(),))]
        if going_on and at - self._resolved_at(incident, at) <= REOPENS_WITHIN:
            self._tell(kinds.REOPENED, incident, _key("reopened", at, going_on), at)
        elif new:
            self._tell(kinds.UPDATED, incident, _key("updated", at, [(h, s) for h, s in owned if s in new]), at)

    def _recover(self, incident: Incident, at: datetime) -> None:
        cases = self.owned[incident.id]
        if not cases or any(spell.began > at for _, spell in cases) or self._is_shared(incident):
            return
        seen = [_seen(h, s, at) for h, s in cases]
        ends = [spell.over(at) for spell in seen]
        if all(end is not None for end in ends) and any(spell.ended for spell in seen):
            over = max(end for end in ends if end is not None)
            self._tell(kinds.RECOVERED, incident, f"recovered:{micros(over)}", at)

    def _correct(self, incident: Incident) -> None:
        findings = incident.findings
        if self.owned[incident.id] or not all(is_gone(f, self._histories()) for f in findings):
            return
        rows = [row for f in findings for row in self._histories()[series_of(f)].rows]
        seq = max((row.seq for row in rows), default=0)
        body = {
            "reason": "the verdicts of all its evidence are no longer breaches",
            "findings": [finding_json(finding) for finding in findings],
        }
        self._draft(kinds.CORRECTED, incident.id, f"{incident.id}:corrected:{seq}", body, incident.severity)

    def _return(self, incident: Incident, at: datetime) -> None:
        cases = self.owned[incident.id]
        if not cases:
            return
        if self.now - incident.changed_at <= REOPENS_WITHIN:
            seq = max(breach.seq for _, spell in cases for breach in spell.breaches)
            self._tell(kinds.REOPENED, incident, f"{_key('reopened', at, cases)}:{seq}", at)
            return
        for history, spell in self.owned.pop(incident.id):
            del self.owner[name_of(spell)]
            self.starting[spell.began].append((history, spell))

    def _link(self, at: datetime) -> None:
        """List incidents with the one they follow from: each with one, once."""
        listed = {child for incident in self.incidents.values() for child in incident.consequences}
        told: dict[str, list[Finding]] = {}
        for child in self._unresolved():
            parent = None if child.id in listed else self._parent(child.id, child.cause, child.findings, at, told)
            if parent is not None:
                body = {"consequence": child.id, "cause": child.cause, "title": child.title}
                severity = self.incidents[parent].severity
                self._draft(kinds.CONSEQUENCE, parent, f"{parent}:consequence:{child.id}", body, severity)

    def _parent(
        self, child: str, name: str, findings: Sequence[Finding], at: datetime, told: dict[str, list[Finding]]
    ) -> str | None:
        """The unresolved incident that this one follows from, the earliest of several.

        ``told`` keeps what each incident tells at this moment, for all who ask.
        """
        if not may_follow(name, findings, self.around.features):
            return None
        for parent in sorted(self._unresolved(), key=lambda i: (i.first_window, i.id)):
            if parent.id == child or (name.startswith("column:") and parent.cause != SOURCE):
                continue
            if parent.id not in told:
                told[parent.id] = self._findings(parent.id, parent.findings, at)
            own = told[parent.id]
            if own and follows(name, findings, parent.cause, own, self.around.features):
                return parent.id
        return None

    def _tell(self, kind: str, incident: Incident, key: str, at: datetime) -> None:
        findings = self._findings(incident.id, incident.findings, at)
        body = self._body(incident.cause, findings, at)
        if kind != kinds.REOPENED:
            body["severity"] = max(incident.severity, _worst(findings), key=lambda s: s.rank).value
        if kind == kinds.RECOVERED:
            body["title"], body["sentence"] = incident.title, recovery(incident.title, _last(findings))
        body["suspects"] = body["suspects"] or suspects_json(incident.suspects)
        self._draft(kind, incident.id, f"{incident.id}:{key}", body)

    def _body(self, name: str, findings: Sequence[Finding], at: datetime) -> dict[str, Any]:
        active = self.around.active(at)
        scene = self.around.scene(name, findings, active, at)
        return {
            "severity": _worst(findings).value,
            "title": title(name, findings, scene),
            "sentence": sentence(name, findings, scene),
            "completed_by": time_json(_completing(findings, at).start),
            **window_json("first_window", min(f.first for f in findings)),
            **window_json("last_window", _last(findings)),
            "findings": [finding_json(finding) for finding in findings],
            "suspects": suspects_json(scene.suspects),
        }

    def _findings(self, id_: str, known: Sequence[Finding], at: datetime) -> list[Finding]:
        """All findings of an incident at a moment: its spells, and known ones that nothing speaks against."""
        spells: dict[Series, list[Spell]] = defaultdict(list)
        for history, spell in self.owned[id_]:
            spells[spell.series].append(_seen(history, spell, at))
        found = [_as_one(parts).finding() for parts in spells.values()]
        rest = [f for f in known if series_of(f) not in spells and not is_gone(f, self._histories())]
        return ranked([*found, *rest])

    def _draft(self, kind: str, id_: str, key: str, body: dict[str, Any], severity: Severity | None = None) -> None:
        if key in self.told:
            return
        draft = Draft(kind, id_, key, body, severity or Severity(body["severity"]))
        self.drafts.append(draft)
        entry = Entry(0, self.now, "", "", kind, id_, key, body)
        self.incidents[id_] = applied(self.incidents.get(id_), entry)

    def _own(self, id_: str, cases: Iterable[tuple[History, Spell]]) -> None:
        for history, spell in cases:
            self.owner[name_of(spell)] = id_
            self.owned[id_].append((history, spell))

    def _latest(self, name: str) -> Incident | None:
        print_ = fingerprint(self.project, self.model, name)
        episodes = [i for i in self.incidents.values() if i.fingerprint == print_]
        return max(episodes, key=lambda i: i.episode, default=None)

    def _unresolved(self) -> list[Incident]:
        return [i for i in self.incidents.values() if i.state != IncidentState.RESOLVED]

    def _is_shared(self, incident: Incident) -> bool:
        """Whether a finding belongs to a monitor whose verdicts are not at hand."""
        return any(f.point.monitor != self.monitor and series_of(f) not in self._histories() for f in incident.findings)

    def _histories(self) -> Mapping[Series, History]:
        return self.around.by_series


def _seen(history: History, spell: Spell, at: datetime) -> Spell:
    """The spell as it was at a moment; one that an earlier run told of before this moment came up stays whole."""
    return history.until(at, spell) or spell


def _as_one(spells: Sequence[Spell]) -> Spell:
    """The spells of one series told as one: an incident that was reopened has several."""
    ordered = sorted(spells, key=lambda spell: spell.began)
    return replace(ordered[-1], breaches=tuple(breach for spell in ordered for breach in spell.breaches))


def _same_change(one: Finding, other: Finding) -> bool:
    return one.point.column == other.point.column and began_at_once(one, other)


def _worst(findings: Iterable[Finding]) -> Severity:
    return max((finding.severity for finding in findings), key=lambda s: s.rank)


def _last(findings: Iterable[Finding]) -> Window:
    return max((finding.last for finding in findings), key=lambda w: (w.end, w.start))


def _completing(findings: Sequence[Finding], at: datetime) -> Window:
    """The window that completed what is told: the newest evidence by this moment."""
    return max((w for f in findings for w in f.evidence if w.end <= at), default=findings[0].last)


def _key(what: str, at: datetime, cases: Iterable[tuple[History, Spell]]) -> str:
    return f"{what}:{micros(at)}:{_digest(spell.series for _, spell in cases)}"


def _digest(series: Iterator[Series]) -> str:
    texts = sorted(
        "\x1f".join((*s.watch, s.model_version, s.segment.key, s.segment.value, str(s.grain))) for s in series
    )
    return hashlib.sha256("\x1e".join(texts).encode()).hexdigest()[:12]
