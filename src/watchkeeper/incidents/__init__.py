"""From verdicts to incidents: one root cause, one incident, worked by people until it is resolved."""
