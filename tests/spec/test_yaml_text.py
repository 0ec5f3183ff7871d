import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.spec.yaml_text import MAX_CHARACTERS, NotYaml, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("NULL", None),
        ("True", True),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("2026-01-01", "2026-01-01"),
        ("'12'", "12"),
        ('"null"', "null"),
        ("+.INF", float("inf")),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text, value):
    read = parse(f"key: {text}").plain()["key"]
    assert read == value
    assert type(read) is type(value)


def test_every_node_knows_its_line():
    root = parse("a: 1\nb:\n  - x\n  - y\n")
    assert [key.line for key, _ in root.value] == [1, 2]
    assert [item.line for item in root.value[1][1].value] == [3, 4]


def test_an_alias_is_the_value_of_its_anchor():
    assert parse("a: &x [1, 2]\nb: *x\n").plain() == {"a": [1, 2], "b": [1, 2]}


def test_an_alias_inside_its_own_anchor_is_refused():
    with pytest.raises(NotYaml, match="no finished anchor"):
        parse("a: &x [*x]")


@pytest.mark.parametrize("text", ["[" * 2000, "a: " + "[" * 60 + "]" * 60, "? " * 3000])
def test_deep_nesting_is_refused(text):
    with pytest.raises(NotYaml):
        parse(text)


def test_a_huge_file_is_refused():
    with pytest.raises(NotYaml, match="characters"):
        parse("#" * (MAX_CHARACTERS + 1))


def test_a_second_document_is_refused():
    with pytest.raises(NotYaml, match="second document") as caught:
        parse("a: 1\n---\nb: 2\n")
    assert caught.value.line == 2


def test_the_directive_of_yaml_1_1_is_refused_by_name():
    with pytest.raises(NotYaml) as caught:
        parse("%YAML 1.1\n---\na: yes\n")
    assert caught.value.code == "E104"


@given(st.text(alphabet=st.sampled_from("ab:-#[]{}&*!|>'\"%@`?,\n\t \\0x1.~éU\x00\x85\ufeff😀"), max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        parse(text)
    except NotYaml as error:
        assert error.line >= 1
        assert error.message
