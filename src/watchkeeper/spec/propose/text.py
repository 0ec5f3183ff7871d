"""A proposal as a monitor file: each key with its reason as a comment, doubtful ones commented out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from watchkeeper.spec.propose.found import Choice, Found
from watchkeeper.spec.propose.proposal import LabelsFound, Proposal
from watchkeeper.spec.propose.words import CALENDAR, hints
from watchkeeper.spec.spelt import quoted
from watchkeeper.spec.watched import type_of
from watchkeeper.spec.yaml_text import parse

_PLAIN = re.compile(r"[\w./*][\w./@*?+-]*( [\w./@+-]+)*", re.ASCII)
_WIDTH = 96
_DEFAULT_SINCE_DAYS = 90
_BESIDE = 44
"""A reason that starts before this column and fits stands beside its key, others above it."""


def file_text(proposal: Proposal) -> str:
    """The monitor file; it loads, and the file's own reader checks it."""
    blocks = [
        _head(proposal),
        _source(proposal),
        _task(proposal),
        _columns(proposal),
        _rhythm(proposal),
        _segments(proposal),
        _baseline(proposal),
        _labels(proposal),
    ]
    return "".join(f"{line}\n" for block in blocks for line in block)


def _head(proposal: Proposal) -> Iterator[str]:
    look = proposal.look
    size = f"all {look.total:,} rows" if look.whole else f"{look.sample.num_rows:,} of {look.total:,} rows"
    if look.format != "rows":
        size = f"{look.sample.num_rows:,} predictions, from a log of {look.total:,} requests"
    yield from _comment(f"A first monitor, proposed from a look at {size}.")
    yield from _comment("Beside each key stands why. A key that is commented out is a guess or an alternative.")
    yield f"name: {_value(proposal.name)}"


def _source(proposal: Proposal) -> Iterator[str]:
    rhythm, look = proposal.rhythm, proposal.look
    yield "source:"
    yield f"  table: {_value(look.table)}"
    if look.format != "rows":
        yield from _keyed("  ", "format", look.format, "its columns are those of an inference table")
    if rhythm is not None and rhythm.since.about.days > _DEFAULT_SINCE_DAYS:
        yield from _keyed("  ", "since", str(rhythm.since), rhythm.since_reason)


def _task(proposal: Proposal) -> Iterator[str]:
    truth, task = proposal.truth, proposal.task
    reasons = {
        "none": "nothing looks like a score, a decision or a label: the columns are watched as they are",
        "regression": "the label is a number",
        "multiclass": "the label has more than two classes",
        "binary": "the label has two values" if truth.task == "binary" else "a score or decision, taken for yes or no",
    }
    yield from _keyed("", "task", task, reasons[task])


def _columns(proposal: Proposal) -> Iterator[str]:
    yield "columns:"
    given = [one.role for one in proposal.look.given]
    for key, choice, missing in (
        ("id", proposal.id, "no column identifies a row, so equal rows count each"),
        ("time", proposal.time, _no_time(proposal)),
        ("score", proposal.outputs.score, ""),
        ("decision", proposal.outputs.decision, ""),
    ):
        if key not in given or key in ("score", "decision"):
            yield from _role(key, choice, missing)
    yield from _threshold(proposal)
    yield from _positive(proposal)
    for key, choice in (("version", proposal.version), ("weight", proposal.weight)):
        if key not in given:
            yield from _role(key, choice, "")
    yield from _types(proposal.types)
    yield from _sentinels(proposal)
    yield from _features(proposal)


_NO_TIME = "no column says when a prediction was made; add one (a timestamp), and name it here"


def _no_time(proposal: Proposal) -> str:
    parts = [one.column for one in proposal.features if hints(one.column, CALENDAR)]
    told = f"; {', '.join(parts[:4])} may tell it in part" if parts else ""
    return f"{_NO_TIME}{told}"


def _role(key: str, choice: Choice, missing: str) -> Iterator[str]:
    if choice.taken is not None:
        yield from _keyed("  ", key, choice.taken.column, choice.taken.reason)
    elif missing:
        yield from _comment(missing, "  ")
        yield f"  # {key}: …"
    for other in choice.instead:
        yield from _instead("  ", key, other)


def _instead(indent: str, key: str, other: Found) -> Iterator[str]:
    said = f"  # or: {_printable(other.reason)}" if other.reason else "  # or this one"
    yield f"{indent}# {key}: {_value(other.column)}{said}"[: _WIDTH + 40]


def _threshold(proposal: Proposal) -> Iterator[str]:
    outputs = proposal.outputs
    if outputs.score.taken is not None and outputs.decision.taken is None:
        yield from _comment(
            "from which score on is it yes? With it, decisions are watched and quality is judged:", "  "
        )
        yield "  # decision: {threshold: 0.5}"


def _positive(proposal: Proposal) -> Iterator[str]:
    truth = proposal.truth
    if truth.task == "binary" and truth.positive is not None:
        value = "true" if truth.positive is True else quoted(str(truth.positive))
        yield from _keyed_text("  ", f"positive: {value}", truth.why_positive)


def _types(types: Sequence[Found]) -> Iterator[str]:
    if types:
        yield "  types:"
        for one in types:
            yield from _keyed("    ", one.column, one.role, one.reason)


def _sentinels(proposal: Proposal) -> Iterator[str]:
    """Numbers that may mean "missing", by number: they are watched as they are."""
    by_value: dict[str, list[str]] = {}
    for one in proposal.sentinels:
        by_value.setdefault(one.value, []).append(f"{one.column} ({one.rows:,})")
    for value, names in by_value.items():
        said = (
            f"{value} lies apart from all other numbers, perhaps a code for 'no value', in rows of: {', '.join(names)}"
        )
        yield from _comment(said, "  ")


def _features(proposal: Proposal) -> Iterator[str]:
    """All but those left out; what cannot be watched anyway needs no mention but gets one."""
    label = proposal.truth.choice.taken
    unused = [Found(label.column, "", "the label")] if _label_is_unused(proposal) and label is not None else []
    named = [*unused, *(one for one in proposal.left_out if not _is_of_no_type(proposal, one))]
    no_type = [one.column for one in proposal.left_out if _is_of_no_type(proposal, one)]
    if no_type:
        names = ", ".join(_value(name) for name in no_type)
        yield from _comment(f"of a type that is not watched, such as times: {names}", "  ")
    if not named:
        yield from _keyed_text("  ", "features: all", f"{len(proposal.features)} columns")
        return
    yield "  features:"
    yield from _comment(f"all others are watched: {len(proposal.features)} columns, and new ones", "    ")
    yield "    except:"
    for one in named:
        yield from _item("      ", one.column, one.reason)


def _is_of_no_type(proposal: Proposal, one: Found) -> bool:
    """Whether its type alone keeps it from being watched."""
    return type_of(proposal.look.sample.schema.field(one.column).type) is None


def _label_is_unused(proposal: Proposal) -> bool:
    """Whether the log holds its label but the monitor cannot use it."""
    column = proposal.truth.choice.column
    return proposal.labels is None and column is not None and column in proposal.look.sample.schema.names


def _rhythm(proposal: Proposal) -> Iterator[str]:
    rhythm = proposal.rhythm
    if rhythm is not None:
        yield from _keyed("", "window", str(rhythm.window), rhythm.window_reason)
        yield from _keyed("", "grace", str(rhythm.grace), rhythm.grace_reason)


def _segments(proposal: Proposal) -> Iterator[str]:
    segments = proposal.segments
    if segments.taken:
        yield "segments:"
        for one in segments.taken:
            yield from _item("  ", one.column, one.reason)
    if segments.instead:
        names = ", ".join(_value(one.column) for one in segments.instead)
        yield from _comment(f"could also be cut by: {names}" if segments.taken else f"segments: [{names}]")


def _baseline(proposal: Proposal) -> Iterator[str]:
    rhythm = proposal.rhythm
    if proposal.baseline is not None:
        yield "baseline:"
        yield from _keyed("  ", "table", proposal.baseline, "as asked for")
    elif rhythm is not None:
        yield "baseline:"
        yield from _keyed("  ", "first", str(rhythm.baseline), rhythm.baseline_reason)


def _labels(proposal: Proposal) -> Iterator[str]:
    if proposal.labels is not None:
        yield from _label_lines(proposal.labels)
        for other in proposal.truth.choice.instead:
            yield from _instead("  ", "value", other)
        return
    yield from _comment(f"No labels: {proposal.no_labels}.")
    if proposal.truth.choice.taken is None:
        yield from _comment("labels: {table: …, join: …, value: …, at: …, matures_after: 30 days}")


def _label_lines(labels: LabelsFound) -> Iterator[str]:
    yield "labels:"
    yield f"  table: {_value(labels.table)}"
    yield from _keyed("  ", "join", labels.join.column, labels.join.reason)
    yield from _keyed("  ", "value", labels.value.column, labels.value.reason)
    if labels.at.taken is not None:
        yield from _keyed("  ", "at", labels.at.taken.column, labels.at.taken.reason)
    for other in labels.at.instead:
        yield from _instead("  ", "at", other)
    yield from _keyed("  ", "matures_after", str(labels.matures), labels.matures_reason)


def _keyed(indent: str, key: str, value: str, reason: str) -> Iterator[str]:
    yield from _keyed_text(indent, f"{_value(key)}: {_value(value)}", reason)


def _keyed_text(indent: str, text: str, reason: str) -> Iterator[str]:
    """A line with its reason beside it, or above it where the line would grow long."""
    line = f"{indent}{text}"
    reason = _printable(reason)
    beside = f"{line:<{_BESIDE}}# {reason}" if len(line) < _BESIDE else f"{line}  # {reason}"
    if not reason:
        yield line
    elif len(beside) <= _WIDTH:
        yield beside.rstrip()
    else:
        yield from _comment(reason, indent)
        yield line


def _item(indent: str, value: str, reason: str) -> Iterator[str]:
    yield from _keyed_text(indent, f"- {_value(value)}", reason)


def _comment(text: str, indent: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        _printable(text),
        _WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _value(value: str) -> str:
    """A text as YAML: as it stands where it reads back as the same text, else in quotes."""
    if _PLAIN.fullmatch(value):
        read = parse(value)
        if read is not None and read.value == value:
            return value
    return quoted(value)


def _printable(text: str) -> str:
    """Text that stays within one comment: what does not print is escaped."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
