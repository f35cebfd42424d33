"""The configuration's JSON Schema, judged by somebody else's validator."""

import copy
import json

import jsonschema
import pytest

from conftest import ROOT

SCHEMA = json.loads((ROOT / "docs" / "plugins.schema.json").read_text())
CONFIGURATION = json.loads((ROOT / "plugins.json").read_text())


def test_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_shipped_configuration_fits():
    jsonschema.validate(CONFIGURATION, SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "place, value",
    [
        (["listeners"], []),
        (["listeners", 0, "port"], "8080"),
        (["listeners", 0, "prot"], 8080),
        (["signaling"], {"ringTimeout": 60}),
        (["plugins", 0, "settings", "entries", 0, "number"], "1"),
        (["surprise"], 1),
    ],
)
def test_schema_refuses_what_the_server_refuses(place, value):
    document = copy.deepcopy(CONFIGURATION)
    target = document
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)
