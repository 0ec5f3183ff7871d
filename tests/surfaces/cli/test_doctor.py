from __future__ import annotations

import sqlite3
import subprocess
import sys

from tests.surfaces import bank

from watchkeeper.surfaces.doctor import misfit, packages

NOW = ("--now", bank.NOW)


def _checks(ask, folder, *words):
    said = ask(*words, "-C", folder, "doctor", "--json")
    return said.code, {one["name"]: one for one in said.data["checks"]}


def test_a_sound_project_is_well(ask, watched):
    code, found = _checks(ask, watched, *NOW)
    assert code == 0
    assert {name for name, one in found.items() if one["ok"]} >= {
        "python",
        "packages",
        "time zones",
        "project",
        "plug-ins",
        "store",
        "database",
        "ledger",
        "clock",
        "leases",
        "privacy key",
        "monitor credit",
    }


def test_as_text_each_check_is_a_line_and_a_verdict_comes_last(ask, watched):
    lines = ask("-C", watched, *NOW, "doctor").out.splitlines()
    assert lines[-1] == "all is well"
    assert sum(line.startswith("✔ ") for line in lines) >= 12


def test_an_empty_folder_is_no_fault_and_stays_empty(ask, tmp_path):
    code, found = _checks(ask, tmp_path)
    assert code == 0
    assert {name for name, one in found.items() if one["ok"] is None} >= {"project", "database", "monitors"}
    assert "propose" in found["monitors"]["fix"]
    assert list(tmp_path.iterdir()) == []


def test_a_project_that_was_never_run_stays_as_it_is(ask, bank_folder):
    before = sorted(bank_folder.rglob("*"))
    code, found = _checks(ask, bank_folder)
    assert (code, found["monitor credit"]["ok"]) == (0, True)
    assert sorted(bank_folder.rglob("*")) == before


def test_faulty_settings_are_one_check_each(ask, bank_folder):
    (bank_folder / "watchkeeper.yaml").write_text("project: small-bank\nengin: local\n")
    said = ask("-C", bank_folder, "doctor", "--json")
    assert said.code == 1
    [wrong] = [one for one in said.data["checks"] if one["ok"] is False]
    assert wrong["detail"].startswith("watchkeeper.yaml:2: no key 'engin'")
    assert "Did you mean 'engine'?" in wrong["fix"]


def test_a_table_that_is_not_there_fails_its_monitor(ask, bank_folder):
    file = bank_folder / "monitors" / "credit.yaml"
    file.write_text(file.read_text().replace("data/predictions", "data/gone"))
    code, found = _checks(ask, bank_folder)
    assert code == 1
    assert "[E301]" in found["monitor credit"]["detail"]
    assert found["monitor credit"]["fix"]


def test_a_key_that_others_can_read_is_told(ask, watched):
    key = watched / ".watchkeeper" / "privacy.key"
    key.chmod(0o644)
    code, found = _checks(ask, watched, *NOW)
    assert (code, found["privacy key"]["fix"]) == (1, f"chmod 600 {key}")


def test_a_ledger_whose_last_entry_was_changed_is_told(ask, watched):
    database = sqlite3.connect(watched / ".watchkeeper" / "ledger.db")
    database.execute("UPDATE head SET hash = 'ff'")
    database.commit()
    database.close()
    code, found = _checks(ask, watched, *NOW)
    assert (code, found["ledger"]["ok"]) == (1, False)


def test_a_clock_behind_the_ledger_is_told(ask, watched):
    code, found = _checks(ask, watched, "--now", "2026-01-01")
    assert (code, found["clock"]["ok"]) == (1, False)


def test_a_database_that_cannot_be_opened_is_told_without_its_password(ask, watched):
    code, found = _checks(ask, watched, "--database", "postgresql+pg8000://me:s3cret@127.0.0.1:1/none")
    assert (code, found["database"]["ok"]) == (1, False)
    assert "s3cret" not in str(found)


def test_a_store_that_is_a_file_is_told(ask, bank_folder):
    (bank_folder / ".watchkeeper").write_text("")
    code, found = _checks(ask, bank_folder)
    assert (code, found["store"]["ok"]) == (1, False)


def test_credentials_are_named_and_never_shown(ask, bank_folder, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-show")
    said = ask("-C", bank_folder, "doctor")
    assert "AWS_SECRET_ACCESS_KEY" in said.out
    assert "do-not-show" not in said.out


def test_a_lease_of_a_process_that_died_is_told_and_no_fault(ask, watched):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    database = sqlite3.connect(watched / ".watchkeeper" / "ledger.db")
    import socket

    row = ("monitor:credit", socket.gethostname(), gone.pid, "long ago", "2026-10-13T02:00:00.000000Z")
    database.execute("INSERT INTO leases (owner, host, pid, pid_started, renewed_at) VALUES (?, ?, ?, ?, ?)", row)
    database.commit()
    database.close()
    code, found = _checks(ask, watched, *NOW)
    assert (code, found["leases"]["ok"]) == (0, None)
    assert "monitor:credit" in found["leases"]["detail"]


def test_versions_that_do_not_fit_are_named():
    assert misfit("click>=8.2,<9") == ""
    assert misfit("click>=99").startswith("click ")
    assert misfit("no-such-package>=1") == "no-such-package is not installed"
    assert misfit("click!=8.*").startswith("click ")
    assert misfit("click~=8.0") == ""
    assert packages(["click>=99", "numpy", "pyspark>=4; extra == 'spark'"]).ok is False
