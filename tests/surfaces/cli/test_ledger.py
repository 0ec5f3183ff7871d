from __future__ import annotations

import json
import sqlite3
import subprocess
import sys


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


def test_an_anchor_is_written_and_passed(ask, watched, tmp_path):
    path = tmp_path / "kept" / "anchor.json"
    said = ask("-C", watched, "ledger", "anchor", "-o", path, "--json")
    assert said.code == 0
    assert json.loads(path.read_text()) == {name: value for name, value in said.data.items() if name != "path"}
    assert said.data["count"] == said.data["seq"] > 0 and len(said.data["hash"]) == 64
    found = ask("-C", watched, "ledger", "verify", "--anchor", path, "--json")
    assert (found.code, found.data["anchor"]) == (0, {"checked": True, "matches": True})


def test_a_broken_ledger_gives_no_anchor_and_exit_4(ask, watched, tmp_path):
    database = sqlite3.connect(watched / ".watchkeeper" / "ledger.db")
    database.execute("DELETE FROM entries WHERE seq = 1")
    database.commit()
    database.close()
    said = ask("-C", watched, "ledger", "anchor", "-o", tmp_path / "anchor.json")
    assert (said.code, said.out) == (4, "")
    assert "entry 1 is missing" in said.err and not (tmp_path / "anchor.json").exists()


def test_an_export_passes_the_verifier_that_is_written_beside_it(ask, watched, tmp_path):
    said = ask("-C", watched, "ledger", "export", "-o", tmp_path / "ledger.jsonl", "--json")
    assert said.data["entries"] > 0
    ask("-C", watched, "ledger", "anchor", "-o", tmp_path / "anchor.json")
    assert ask("ledger", "verifier", "-o", tmp_path / "verify.py").code == 0
    command = [sys.executable, "-I", "-S", "verify.py", "ledger.jsonl", "--anchor", "anchor.json"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0
    assert ran.stdout.startswith(f"intact: {said.data['entries']} entries, head ")


def test_a_place_that_cannot_be_written_is_a_fault(ask, watched, tmp_path):
    (tmp_path / "taken").write_text("")
    said = ask("-C", watched, "ledger", "export", "-o", tmp_path / "taken" / "ledger.jsonl")
    assert said.code == 2 and "cannot be written" in said.err


def test_a_file_that_is_no_anchor_is_refused(ask, watched, tmp_path):
    path = tmp_path / "anchor.json"
    path.write_text("[]")
    assert ask("-C", watched, "ledger", "verify", "--anchor", path).code == 2
