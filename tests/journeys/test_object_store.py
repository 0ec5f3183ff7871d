"""A bank whose log, labels and tables of results all lie in an object store gets the numbers it would get on disk."""

from pathlib import Path

import pytest
from tests.run.build import PAYLOAD, ROWS, Bank, assert_same, between, day, labels, predictions

from watchkeeper.run.result import RunResult


class Remote(Bank):
    """A bank that writes on disk and uploads; its monitor and its store name the bucket."""

    def __init__(self, folder: Path, text: str, bucket) -> None:
        self.bucket, self.address = bucket, bucket.new_folder()
        super().__init__(folder, text.replace("data/", f"{self.address}/data/"))

    def prepare(self) -> Bank:
        super().prepare()
        (self.folder / "watchkeeper.yaml").write_text(f"project: small-bank\nstore: {self.address}/store\n")
        return self

    def run(self, *args, **options) -> RunResult:
        self.bucket.upload(self.folder / "data", f"{self.address}/data")
        return super().run(*args, **options)


def watched(bank: Bank) -> Bank:
    """Two runs, the second with what came since, late rows among it."""
    late = [number % 11 == 3 for number in range(predictions().num_rows)]
    for first, last in ((0, 6), (6, 8)):
        rows = between(predictions(), first, last)
        at = late[: rows.num_rows] if first == 0 else [False] * rows.num_rows
        bank.deliver(rows.filter([not one for one in at]))
        if first:
            early = between(predictions(), 0, 6)
            bank.deliver(early.filter(late[: early.num_rows]))
        bank.label(between(labels(), first, last, "updated_at"))
        bank.run(day(last, 2))
    return bank


@pytest.mark.slow
@pytest.mark.parametrize("text", [ROWS, PAYLOAD], ids=["rows", "payload"])
def test_an_object_store_gives_the_numbers_of_a_disk(tmp_path, bucket, text):
    near = watched(Bank(tmp_path / "near", text).prepare())
    far = watched(Remote(tmp_path / "far", text, bucket).prepare())
    version = ("monitor_version", "measure_digest", "baseline_id")
    assert_same(near.points(), far.points(), version)
    assert_same(near.verdicts(), far.verdicts(), version)
    assert near.causes() == far.causes() != []
    assert not (tmp_path / "far" / ".watchkeeper" / "points").exists()
    assert far.run(day(8, 3)).state.value == "nothing_new"


def test_a_bucket_that_is_not_there_is_named(tmp_path, bucket):
    bank = Bank(tmp_path / "bank", ROWS.replace("data/log", "s3://no-such-bucket/log")).prepare()
    with pytest.raises(Exception, match=r"s3://no-such-bucket/log \[E301\].*s3://no-such-bucket/log"):
        bank.run(day(6))
