from __future__ import annotations

import json
import sqlite3

from watchkeeper.store.ledger import verify_lines


def test_an_intact_ledger_is_said_to_be(ask, watched):
    said = ask("-C", watched, "ledger", "verify")
    assert said.code == 0
    assert said.out.startswith("the ledger is intact: ")


def test_an_entry_that_was_edited_breaks_it_with_exit_4(ask, watched):
    database = sqlite3.connect(watched / ".watchkeeper" / "ledger.db")
    database.execute("UPDATE entries SET actor = 'nobody' WHERE seq = 1")
    database.commit()
    database.close()
    said = ask("-C", watched, "ledger", "verify", "--json")
    assert said.code == 4
    assert said.data["first_broken"]["seq"] == 1


def test_an_earlier_check_is_the_anchor_of_a_later_one(ask, watched, tmp_path):
    anchor = tmp_path / "anchor.json"
    anchor.write_text(ask("-C", watched, "ledger", "verify", "--json").out)
    said = ask("-C", watched, "ledger", "verify", "--anchor", anchor, "--json")
    assert (said.code, said.data["anchor"]) == (0, {"checked": True, "matches": True})
    forged = json.loads(anchor.read_text())["data"]["head"] | {"hash": "f" * 64}
    anchor.write_text(json.dumps(forged))
    said = ask("-C", watched, "ledger", "verify", "--anchor", anchor, "--json")
    assert (said.code, said.data["anchor"]) == (4, {"checked": True, "matches": False})


def test_an_export_checks_itself(ask, watched, tmp_path):
    path = tmp_path / "ledger.jsonl"
    said = ask("-C", watched, "ledger", "export", "-o", path, "--json")
    verified = verify_lines(path.read_text().splitlines())
    assert verified.intact
    assert verified.entries == said.data["entries"] > 0


def test_a_file_that_is_no_anchor_is_refused(ask, watched, tmp_path):
    path = tmp_path / "anchor.json"
    path.write_text("[]")
    assert ask("-C", watched, "ledger", "verify", "--anchor", path).code == 2
