from __future__ import annotations

from watchkeeper.incidents.fingerprint import fingerprint, incident_id


def test_a_fingerprint_is_of_project_model_and_cause_alone():
    assert fingerprint("bank", "credit", "source") == fingerprint("bank", "credit", "source")
    others = {
        fingerprint(*parts)
        for parts in (("shop", "credit", "source"), ("bank", "x", "source"), ("bank", "credit", "model"))
    }
    assert len(others | {fingerprint("bank", "credit", "source")}) == 4


def test_the_borders_between_the_parts_count():
    assert fingerprint("a", "b:c", "d") != fingerprint("a:b", "c", "d")


def test_it_stays_the_same_over_releases():
    assert fingerprint("bank", "credit", "source")[:10] == "4578c28bc4"


def test_an_id_is_ten_digits_and_the_episode():
    assert incident_id("0123456789abcdef", 3) == "0123456789-3"
