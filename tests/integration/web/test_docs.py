"""The reference of the API names what there is."""

from pathlib import Path

from powerdash.web.api.root import api
from powerdash.web.listing import SORT_NAMES

REFERENCE = (Path(__file__).parents[3] / "docs/reference/api.md").read_text()


def test_every_operation_and_parameter_is_described() -> None:
    for path, methods in api.get_openapi_schema()["paths"].items():
        short = path.replace("{key}", "{id or uuid}")
        for method, operation in methods.items():
            named = {f"{method.upper()} {short}", f"{method.upper()} {path}"}
            named.add(f"{method.upper()} {path.replace('{key}', '{…}')}")
            assert any(each in REFERENCE for each in named), named
            for parameter in operation.get("parameters", []):
                name = parameter["name"]
                assert name == "key" or name in REFERENCE, (path, name)


def test_every_order_is_described() -> None:
    for name in SORT_NAMES:
        assert f"`{name.removeprefix('-')}`" in REFERENCE
