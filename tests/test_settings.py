import json
import pickle
import stat
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.errors import Faulty
from watchkeeper.settings import Secret, absolute_database, find_project, privacy_key, read_settings


@pytest.fixture
def project(tmp_path):
    """Writes watchkeeper.yaml into a folder named ``bank`` and gives the folder."""

    def write(text=""):
        folder = tmp_path / "bank"
        folder.mkdir(exist_ok=True)
        (folder / "watchkeeper.yaml").write_text(text, "utf-8")
        return folder

    return write


def read(folder, flags=None, **environment):
    return read_settings(folder, flags, {"USER": "anna", **environment})


def faults_of(folder, flags=None, **environment):
    with pytest.raises(Faulty) as caught:
        read(folder, flags, **environment)
    return [(fault.code, fault.line, fault.path) for fault in caught.value.faults]


def test_a_folder_without_a_file_has_defaults(tmp_path):
    settings = read(tmp_path)
    assert settings.directory == tmp_path
    assert settings.project == tmp_path.name
    assert settings.store == str(tmp_path / ".watchkeeper")
    assert settings.database == f"sqlite:///{tmp_path}/.watchkeeper/ledger.db"
    assert (settings.engine, settings.log, settings.now) == ("local", "text", None)
    assert settings.channels == settings.endpoints == {}
    assert settings.third_party


@pytest.mark.parametrize("name", ["project", "store", "engine", "database"])
def test_a_flag_comes_before_the_environment_before_the_file_before_the_default(project, name):
    values = {"project": "abc", "store": ("/a", "/b", "/c"), "engine": ("spark", "local", "spark")}.get(name)
    flag, environment, file = values or ("sqlite:////a.db", "sqlite:////b.db", "sqlite:////c.db")
    folder = project(f"{name}: {file}")
    variable = {f"WATCHKEEPER_{name.upper()}": environment}
    assert getattr(read(folder), name) == file
    assert getattr(read(folder, **variable), name) == environment
    assert getattr(read(folder, {name: flag}, **variable), name) == flag
    assert getattr(read(folder, {name: None}, **variable), name) == environment
    assert getattr(read(project("")), name) not in (flag, environment, file) or name == "engine"


def test_who_acts_and_when_can_be_given(tmp_path):
    settings = read(tmp_path, {"now": "2026-01-31"}, WATCHKEEPER_ACTOR="nightly", WATCHKEEPER_LOG="json")
    assert settings.actor == "nightly"
    assert settings.log == "json"
    assert settings.now == datetime(2026, 1, 31, tzinfo=UTC)


def test_all_faults_of_file_flags_and_environment_come_at_once(project):
    folder = project("stor: x\nengine: sparc\nproject: [a]\n")
    assert faults_of(folder, {"now": "yesterday"}, WATCHKEEPER_LOG="xml") == [
        ("E102", 1, "--now"),
        ("E102", 1, "WATCHKEEPER_LOG"),
        ("E101", 1, "stor"),
        ("E102", 2, "engine"),
        ("E102", 3, "project"),
    ]


@pytest.mark.parametrize("text", ["a: b: c", "- list", "project: x\nproject: y", "\tproject: x", "${X}: 1"])
def test_a_file_that_is_no_mapping_is_a_fault(project, text):
    assert faults_of(project(text))


def test_a_file_that_is_not_utf_8_is_a_fault(project):
    folder = project()
    (folder / "watchkeeper.yaml").write_bytes(b"project: \xff\xfe")
    assert faults_of(folder)[0][0] == "E301"


def test_variables_are_filled_in_and_stay_secret(project):
    folder = project("channels:\n  credit-slack:\n    slack: {webhook_url: 'https://hooks/${TOKEN}', timeout: 5}\n")
    settings = read(folder, TOKEN="t0p")
    slack = settings.channels["credit-slack"]["slack"]
    assert slack["webhook_url"].reveal() == "https://hooks/t0p"
    assert slack["timeout"] == 5
    assert "t0p" not in f"{settings} {settings!r} {slack}"


def test_a_variable_in_the_database_is_filled_in_and_not_shown(project):
    settings = read(project("database: postgresql://wk:${PASSWORD}@db/wk"), PASSWORD="t0p")
    assert settings.database == "postgresql://wk:t0p@db/wk"
    assert "t0p" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("channels: {a: {url: '${NOT_SET}'}}", ("E402", 1, "channels.a.url")),
        ("endpoints: {judge: {token: '${NOT_SET}'}}", ("E402", 1, "endpoints.judge.token")),
        ("database: postgresql://wk:${NOT_SET}@db/wk", ("E402", 1, "database")),
        ("database: postgresql://wk:t0p@db/wk", ("E402", 1, "database")),
        ("channels: {a: {slack: {webhook_url: https://hooks/t0p}}}", ("E402", 1, "channels.a.slack.webhook_url")),
        ("endpoints: {judge: {api_key: t0p}}", ("E402", 1, "endpoints.judge.api_key")),
        ("endpoints: {judge: {url: 'https://u:t0p@host'}}", ("E402", 1, "endpoints.judge.url")),
        ("store: ${HOME}/store", ("E402", 1, "store")),
        ("privacy: {key: '${KEY}'}", ("E402", 1, "privacy.key")),
        ("channels: {a: slack}", ("E102", 1, "channels.a")),
    ],
)
def test_a_secret_in_plain_text_or_a_variable_that_is_not_set_is_a_fault(project, text, fault):
    assert fault in faults_of(project(text))


def test_a_secret_in_plain_text_is_not_repeated_in_its_fault(project):
    with pytest.raises(Faulty) as caught:
        read(project("endpoints: {judge: {api_key: t0p}}"))
    assert "t0p" not in str(caught.value)


def test_a_server_on_this_machine_needs_no_secret(project):
    folder = project("channels: {a: {slack: {webhook_url: 'http://127.0.0.1:8000/x'}}}")
    assert read(folder).channels["a"]["slack"]["webhook_url"] == "http://127.0.0.1:8000/x"


@pytest.mark.parametrize(("text", "environment"), [("plugins: builtin", {}), ("", {"WATCHKEEPER_PLUGINS": "builtin"})])
def test_third_parties_can_be_switched_off_by_file_or_environment(project, text, environment):
    assert not read(project(text), **environment).third_party
    assert not read(project(text), **environment).catalog.third_party


def test_the_environment_cannot_switch_on_what_the_file_switches_off(project):
    assert not read(project("plugins: builtin"), WATCHKEEPER_PLUGINS="all").third_party


def test_a_schema_of_unity_catalog_is_kept_on_spark(project):
    folder = project("store: main.monitoring")
    assert read(folder, {"engine": "spark"}).store == "main.monitoring"
    assert read(folder).store == str(folder / "main.monitoring")


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("sqlite:///a/ledger.db", "sqlite:////bank/a/ledger.db"),
        ("sqlite:////a/ledger.db", "sqlite:////a/ledger.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("postgresql:///wk", "postgresql:///wk"),
    ],
)
def test_a_relative_ledger_lies_in_the_projects_folder(tmp_path, url, absolute):
    folder = tmp_path / "bank"
    assert absolute_database(url, folder) == absolute.replace("/bank", str(folder))


def test_a_project_is_found_from_a_folder_inside_it(project):
    folder = project()
    inside = folder / "monitors" / "deep"
    inside.mkdir(parents=True)
    assert find_project(inside) == folder
    assert find_project(folder.parent) == folder.parent


def test_the_monitor_files_come_by_name(project):
    folder = project()
    (folder / "monitors").mkdir()
    for name in ("b.yaml", "a.yaml", "notes.md"):
        (folder / "monitors" / name).touch()
    assert [file.name for file in read(folder).monitor_files] == ["a.yaml", "b.yaml"]


def test_the_key_of_hashed_ids_is_made_once_for_its_owner_alone(tmp_path):
    settings = read(tmp_path)
    key = settings.privacy_key()
    assert len(key) == 64
    assert stat.S_IMODE(settings.key_file.stat().st_mode) == 0o600
    assert read(tmp_path).privacy_key() == key
    assert [file.name for file in settings.key_file.parent.iterdir()] == ["privacy.key"]


def test_two_that_make_the_key_at_once_get_one_key(tmp_path):
    keys = []
    threads = [threading.Thread(target=lambda: keys.append(privacy_key(tmp_path / "key", make=True))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert len(keys) == 8


def test_a_key_file_that_was_named_is_not_made(project):
    settings = read(project("privacy: {key: keys/ids}"))
    with pytest.raises(Faulty, match="no key file"):
        settings.privacy_key()
    settings.key_file.parent.mkdir()
    settings.key_file.write_bytes(b"0123456789abcdef\n")
    assert settings.privacy_key() == b"0123456789abcdef"


def test_a_key_that_is_too_short_is_refused(tmp_path):
    (tmp_path / "key").write_text("short")
    with pytest.raises(Faulty, match="too short"):
        privacy_key(tmp_path / "key", make=True)


@given(st.text().map("k3y-".__add__))
def test_a_secret_never_shows_itself(text):
    secret = Secret(text)
    assert text not in f"{secret} {secret!r} {secret:>20} {[secret]}"
    assert secret.reveal() == text
    assert secret == Secret(text)


def test_a_secret_is_written_nowhere():
    with pytest.raises(TypeError):
        pickle.dumps(Secret("t0p"))
    with pytest.raises(TypeError):
        json.dumps(Secret("t0p"))
