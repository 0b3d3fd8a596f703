"""Settings are typed, and each says where it came from."""

from pathlib import Path

import pytest

from powerdash.lib.env import (
    NAME,
    Env,
    Setting,
    SettingInvalid,
    load,
    network,
    origin,
)


def test_an_empty_or_null_value_counts_as_unset() -> None:
    env = Env({"A": "", "B": " null ", "C": "x"})
    assert [env.text(name, "d") for name in "ABC"] == ["d", "d", "x"]
    assert env.read["A"] == Setting("A", "d", "default", False)
    assert env.read["C"].source == "environment"


@pytest.mark.parametrize(
    ("text", "expected"), [("1", True), ("YES", True), ("off", False), ("No", False)]
)
def test_booleans_are_read_as_people_write_them(text: str, expected: bool) -> None:
    assert Env({"A": text}).boolean("A", not expected) is expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "A: 'x' is not a whole number."),
        ("1.5", "A: '1.5' is not a whole number."),
        ("0", "A: '0' must be at least 1 and at most 9."),
        ("10", "A: '10' must be at least 1 and at most 9."),
    ],
)
def test_a_wrong_whole_number_is_told_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(SettingInvalid) as caught:
        Env({"A": text}).integer("A", 5, least=1, most=9)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("text", "finer", "days"),
    [("", 7, 400), ("", 500, 500), ("", 0, 0), ("0", 7, 0), ("7", 7, 7), ("0", 0, 0)],
)
def test_what_is_made_of_something_is_kept_as_long(
    text: str, finer: int, days: int
) -> None:
    assert Env({"A": text}).days("A", 400, finer=finer) == days


@pytest.mark.parametrize(
    ("text", "finer", "said"),
    [
        ("6", 7, "A: '6' is shorter than 7 days, as what it is made of is kept."),
        ("9", 0, "A: '9' is shorter than for ever, as what it is made of is kept."),
        ("-1", 7, "A: '-1' must be at least 0 and at most 36500."),
    ],
)
def test_what_is_made_of_something_is_kept_no_shorter(
    text: str, finer: int, said: str
) -> None:
    with pytest.raises(SettingInvalid) as caught:
        Env({"A": text}).days("A", 400, finer=finer)
    assert str(caught.value) == said


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "much"])
def test_a_number_is_finite_and_within_bounds(text: str) -> None:
    with pytest.raises(SettingInvalid, match=r"^A: "):
        Env({"A": text}).number("A", 1, most=1e9)


def test_a_choice_names_its_options() -> None:
    with pytest.raises(SettingInvalid, match=r"A: 'x' is not one of b, c\."):
        Env({"A": "x"}).choice("A", "b", ("b", "c"))


def test_words_are_split_at_commas() -> None:
    assert Env({"A": "a, b,,c "}).words("A") == ("a", "b", "c")


def test_a_secret_is_read_from_the_file_its_twin_names(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hush\n")
    env = Env({"A_FILE": str(file)})
    assert env.secret("A") == "hush"
    assert env.read["A"] == Setting("A", "hush", f"file {file}", True)


def test_a_secret_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        SettingInvalid, match=r"^A_FILE: cannot read .*/absent: No such"
    ):
        Env({"A_FILE": str(tmp_path / "absent")}).secret("A")


def test_the_environment_beats_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PD_A=file\nPD_B=file\n")
    monkeypatch.setenv("PD_A", "environment")
    env = load(tmp_path)
    assert (env.text("PD_A"), env.text("PD_B")) == ("environment", "file")
    assert [env.read[name].source for name in ("PD_A", "PD_B")] == [
        "environment",
        ".env",
    ]


def test_words_are_checked_one_by_one() -> None:
    for text in (",", "10.0.0.0/8, here"):
        with pytest.raises(SettingInvalid, match=r"^A: "):
            Env({"A": text}).words("A", check=network)
    assert Env({"A": "10.0.0.0/8,::1"}).words("A", check=network)
    with pytest.raises(SettingInvalid, match="https://power"):
        Env({"A": "example.org"}).words("A", check=origin)
    assert Env({"A": "http://here:8000"}).words("A", check=origin)


def test_a_text_has_its_shape() -> None:
    with pytest.raises(SettingInvalid, match="must be letters, digits"):
        Env({"A": "a b"}).text("A", shape=NAME)
    assert Env({"A": "a-b"}).text("A", shape=NAME) == "a-b"


def test_a_secret_made_by_us_tells_its_file(tmp_path: Path) -> None:
    env = Env({})
    assert env.made("A", "hush", tmp_path / "key") == "hush"
    assert env.read["A"] == Setting("A", "hush", f"file {tmp_path / 'key'}", True)


def test_a_file_of_settings_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe")
    with pytest.raises(SettingInvalid, match="is not UTF-8 text"):
        load(tmp_path)
