"""The settings: the same names in the code, the example and the manual."""

import re
from pathlib import Path

from powerdash import settings
from powerdash.cli.settings import shown
from powerdash.lib.env import Setting

ROOT = Path(__file__).parents[2]


def names(file: str, pattern: str) -> list[str]:
    return re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE)


def test_code_example_and_manual_name_the_same_settings() -> None:
    read = sorted(settings.READ)
    assert sorted(names(".env.example", r"^# ([A-Z0-9_]+)=")) == read
    assert sorted(names("docs/reference/settings.md", r"^\| `([A-Z0-9_]+)` \|")) == read


def test_the_manual_marks_every_secret() -> None:
    marked = names(
        "docs/reference/settings.md", r"^\| `([A-Z0-9_]+)` \|.* Secret\. \|$"
    )
    secrets = [name for name, setting in settings.READ.items() if setting.secret]
    assert sorted(marked) == sorted(secrets)


def test_a_secret_is_never_shown() -> None:
    assert "hush" not in str(shown(Setting("A", "hush", "environment", True)))
    assert shown(Setting("A", "", "default", True)) == ""


def test_keys_derived_for_different_purposes_differ() -> None:
    assert settings.derived_key("a") == settings.derived_key("a")
    assert settings.derived_key("a") != settings.derived_key("b")
    assert settings.SECRET_KEY not in settings.derived_key("a")
