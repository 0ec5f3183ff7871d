"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings
from tests.object_store import bucket

__all__ = ["bucket"]

settings.register_profile("watchkeeper", deadline=None)  # a busy machine is slow now and then, and that is no fault
settings.load_profile("watchkeeper")
