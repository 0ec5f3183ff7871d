from tests.object_store import bucket

__all__ = ["bucket"]
