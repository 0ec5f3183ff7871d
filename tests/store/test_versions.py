from watchkeeper.store import versions


def test_a_monitor_that_never_ran_is_an_empty_row(database):
    with database.reading() as connection:
        assert versions.monitor(connection, "credit") == versions.MonitorRow("credit")


def test_changes_to_a_monitor_keep_the_rest(database):
    with database.writing() as connection:
        versions.save_monitor(connection, "credit", judged_seq=4, cursors={"table": "c"})
        versions.save_monitor(connection, "credit", last_run={"state": "failed"})
        row = versions.monitor(connection, "credit")
    assert (row.judged_seq, row.cursors, row.last_run) == (4, {"table": "c"}, {"state": "failed"})


def test_a_version_keeps_its_first_content(database, now):
    with database.writing() as connection:
        assert versions.put_version(connection, "credit", "v1", {"window": "1 day"}, now) is True
        assert versions.put_version(connection, "credit", "v1", {"window": "1 hour"}, now) is False
        assert versions.content_of(connection, "credit", "v1") == {"window": "1 day"}


def test_a_rule_gets_back_what_it_carried(database):
    with database.writing() as connection:
        assert versions.carried(connection, "credit", "change@1") == b""
        versions.carry(connection, "credit", "change@1", 3, b"\x00state")
        versions.carry(connection, "credit", "change@1", 4, b"later")
        assert versions.carried(connection, "credit", "change@1") == b"later"


def test_an_account_consumes_a_batch_once(database):
    with database.writing() as connection:
        assert versions.consume(connection, "credit", 3) is True
        assert versions.consume(connection, "credit", 3) is False
        assert versions.consume(connection, "other", 3) is True
