"""Mistakes that a type checker has to find; each is marked."""

from __future__ import annotations

import watchkeeper as wk

project = wk.Project(now=3)  # wrong
result = project.run("credit", backfill="yes")  # wrong
print(project.incidents()[0].titel)  # wrong
number: int = project.status()[0].state  # wrong
