"""One process at a time per owner; the dead hold nothing."""

import os
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from watchkeeper.errors import LeaseHeld
from watchkeeper.store import database as db
from watchkeeper.store import leases
from watchkeeper.store.process import Process, started

ELSEWHERE = Process("another-host", 12, "boot:1")
OWNER = "monitor:credit"


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def process_of(child: subprocess.Popen[bytes]) -> Process:
    return Process(socket.gethostname(), child.pid, started(child.pid) or "")


def holders(database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(sa.select(db.leases.c.owner)))


def test_a_held_lease_is_refused_to_others_and_given_back_at_the_end(database):
    with leases.held(database, OWNER), pytest.raises(LeaseHeld, match=f"{OWNER} is worked on by process {os.getpid()}"):
        leases.take(database, OWNER, ELSEWHERE, leases.clock())
    assert holders(database) == []


def test_a_lease_is_given_back_when_the_work_fails(database):
    with pytest.raises(ZeroDivisionError), leases.held(database, OWNER):
        raise ZeroDivisionError
    assert holders(database) == []


def test_owners_do_not_hinder_each_other(database):
    with leases.held(database, OWNER), leases.held(database, "source:log"):
        assert sorted(holders(database)) == [OWNER, "source:log"]


def test_a_killed_process_on_this_host_frees_its_lease_at_once(database, now):
    child = sleeper()
    leases.take(database, OWNER, process_of(child), now)
    with pytest.raises(LeaseHeld):
        leases.take(database, OWNER, Process.this(), now)
    child.kill()
    child.wait()
    leases.take(database, OWNER, Process.this(), now)


def test_a_killed_process_that_was_not_reaped_yet_frees_its_lease(database, now):
    child = sleeper()
    leases.take(database, OWNER, process_of(child), now)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    leases.take(database, OWNER, Process.this(), now)
    child.wait()


def test_another_process_under_the_same_pid_does_not_hold_it(database, now):
    leases.take(database, OWNER, Process(socket.gethostname(), os.getpid(), "an earlier start"), now)
    leases.take(database, OWNER, Process.this(), now)


def test_a_lease_of_another_host_runs_out_after_five_minutes(database, now):
    leases.take(database, OWNER, ELSEWHERE, now)
    with pytest.raises(LeaseHeld):
        leases.take(database, OWNER, Process.this(), now + timedelta(minutes=5))
    leases.take(database, OWNER, Process.this(), now + timedelta(minutes=5, seconds=1))


def test_a_process_does_not_give_back_what_another_took_over(database, now):
    leases.take(database, OWNER, ELSEWHERE, now)
    leases.take(database, OWNER, Process.this(), now + timedelta(minutes=6))
    leases.give_back(database, OWNER, ELSEWHERE)
    assert holders(database) == [OWNER]


def test_one_who_waits_gets_the_lease_when_it_is_given_back(database):
    taken = threading.Event()

    def work() -> None:
        with leases.held(database, OWNER):
            taken.set()
            time.sleep(0.3)

    other = threading.Thread(target=work)
    other.start()
    taken.wait(10)
    with leases.held(database, OWNER, wait_seconds=30):
        assert holders(database) == [OWNER]
    other.join()


def test_one_who_waited_long_enough_is_told_who_holds_it(database):
    begun = time.monotonic()
    with leases.held(database, OWNER), pytest.raises(LeaseHeld, match=f"process {os.getpid()}"):  # noqa: SIM117
        with leases.held(database, OWNER, wait_seconds=0.2):
            pass
    assert 0.2 <= time.monotonic() - begun < 5


def test_a_lease_that_could_not_be_given_back_does_not_lock_its_own_process_out(database):
    with leases.held(database, OWNER), database.writing() as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        connection.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
        connection.execute(sa.text("PRAGMA query_only = ON"))
    assert holders(database) == [OWNER]
    with database.reading() as connection:
        connection.execute(sa.text("PRAGMA query_only = OFF"))
    with leases.held(database, OWNER):
        assert holders(database) == [OWNER]
    assert holders(database) == []
