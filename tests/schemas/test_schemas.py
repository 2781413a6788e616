"""The facts of Kazoo's interface: every module, its keys, bounds and a line of what it does (B§7, B§11)."""

from __future__ import annotations

import pytest

from callflow.schemas import document_keys, module_schemas


def test_every_module_says_what_it_does() -> None:
    """`callflow modules` shows one sentence for each, and every module may be skipped (B§2.2)."""
    schemas = module_schemas()
    assert len(schemas) > 80
    for name, schema in schemas.items():
        assert schema.name == name
        assert schema.does.endswith(".") and len(schema.does) < 100
        assert name == "notification" or schema.keys["skip_module"].type == "boolean"


def test_record_call_has_the_keys_of_the_seed() -> None:
    """The seed's table: bounds and defaults, the silence keys among them."""
    keys = module_schemas()["record_call"].keys
    assert (keys["time_limit"].minimum, keys["time_limit"].maximum, keys["time_limit"].default) == (5, 10_800, 3600)
    assert (keys["action"].one_of, keys["action"].required) == (("start", "stop"), True)
    assert (keys["silence_final_timeout"].default, keys["silence_threshold"].default) == (5, 200)
    assert keys["url"].shortest == 5


@pytest.mark.parametrize("kind", ["users", "devices", "vmboxes", "callflows", "media", "system_config.media"])
def test_documents_have_known_keys(kind: str) -> None:
    """The documents of an account file are known by their keys."""
    assert len(document_keys()[kind]) > 5


def test_the_tables_are_read_once_and_read_only() -> None:
    """Callers share one table, and none can change it."""
    assert module_schemas() is module_schemas()
    with pytest.raises(TypeError):
        module_schemas()["x"] = module_schemas()["user"]  # type: ignore[index]
