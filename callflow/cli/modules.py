"""`callflow modules`: every callflow module that Kazoo has, what it does and which settings it takes."""

from __future__ import annotations

import json
from typing import Any, Final

import click
from attrs import asdict, evolve

from callflow.core.registry import Action
from callflow.core.schema import KeySchema, ModuleSchema
from callflow.core.setting_fields import SettingDoc, describe_settings, range_words
from callflow.core.shown import shown
from callflow.core.spelling import nearest
from callflow.discovery import standard_registry
from callflow.report.wording import printable
from callflow.schemas import module_schemas

_SKIP: Final = SettingDoc("skip_module", "true or false", False, False, "", "Skip the node: go on to its `_` child.")
"""Right in every module (B§2.2)."""

_TYPES: Final = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object instead of text.")
def command(name: str | None, as_object: bool) -> None:
    """List the callflow modules, or show the settings of one, with types, defaults and bounds, and a sample node.

    A module that is "not yet" simulated is refused in a callflow, unless --skip-unsimulated is given.

    \b
    Example: callflow modules record_call
    """
    everything = {*module_schemas(), *standard_registry().names}
    if name is None:
        listed = [_entry(each) for each in sorted(everything)]
        click.echo(_json({"modules": listed}) if as_object else _list_text(listed))
        return
    if name not in everything:
        meant = nearest(name, everything)
        hint = f"did you mean '{meant}'?" if meant else "`callflow modules` lists them"
        raise click.UsageError(f"nobody knows a module {shown(name)}; {hint}")
    action, keys = standard_registry().find(name), settings_of(name)
    sample = action.sample if action is not None else None
    if as_object:
        click.echo(_json({**_entry(name), "keys": [asdict(each) for each in keys], "sample": sample}))
        return
    entry = _entry(name)
    click.echo(f"{click.style(name, bold=True)} ({_state(entry)})")
    click.echo(f"{entry['does']}\n\n{_keys_text(keys)}")
    if sample is not None:
        click.echo(f"\nSample:\n{_json(sample)}")


def settings_of(name: str) -> tuple[SettingDoc, ...]:
    """Every key that a module's `data` may hold, in alphabetical order.

    Keys that the simulator reads are described by the action's settings, with Kazoo's default where these state none;
    the others by what Kazoo says of them.
    """
    action, schema = standard_registry().find(name), module_schemas().get(name)
    known = schema.keys if schema is not None else {}
    found = {key: _from_schema(key, facts) for key, facts in known.items()}
    if action is not None:
        found = {key: evolve(each, help="Known to Kazoo; has no effect here.") for key, each in found.items()}
        for each in describe_settings(action.settings_class):
            default = found[each.name].default if each.default is None and each.name in found else each.default
            found[each.name] = evolve(each, default=default)
    found[_SKIP.name] = _SKIP
    return tuple(found[key] for key in sorted(found))


def _entry(name: str) -> dict[str, Any]:
    action: Action | None = standard_registry().find(name)
    schema: ModuleSchema | None = module_schemas().get(name)
    does = action.help if action is not None else schema.does if schema is not None else ""
    return {"name": name, "simulated": action is not None, "does": does}


def _from_schema(name: str, key: KeySchema) -> SettingDoc:
    """A key as Kazoo describes it; what it is for is not among the facts."""
    words = " or ".join(_TYPES.get(each, each) for each in key.type.split("|"))
    bounds = range_words(key.minimum, key.maximum)
    if key.one_of:
        bounds = "one of " + ", ".join(key.one_of)
    elif length := range_words(key.shortest, key.longest):
        bounds = f"{length} long"
    return SettingDoc(name, words, key.default, key.required, bounds, "")


def _state(entry: dict[str, Any]) -> str:
    return "simulated" if entry["simulated"] else "not yet"


def _list_text(listed: list[dict[str, Any]]) -> str:
    width = max(len(each["name"]) for each in listed)
    lines = []
    for each in listed:
        state = click.style(f"{_state(each):9}", fg="green" if each["simulated"] else "bright_black")
        lines.append(f"{each['name']:{width}}  {state}  {printable(each['does'])}")
    return "\n".join(lines)


def _keys_text(keys: tuple[SettingDoc, ...]) -> str:
    """A definition list, folded to the terminal's width."""
    formatter = click.HelpFormatter(max_width=110)
    formatter.write_dl([(each.name, printable(_key_text(each))) for each in keys])
    return formatter.getvalue().rstrip("\n")


def _key_text(key: SettingDoc) -> str:
    facts = [key.type, key.bounds]
    if key.required:
        facts.append("required")
    elif key.default not in (None, ""):
        facts.append(f"default {json.dumps(key.default, ensure_ascii=False)}")
    return f"{', '.join(filter(None, facts))}. {key.help}".rstrip()


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
