"""`rpc.discover`: the document is what OpenRPC 1.3 asks for, says the truth about every method, and is enough for a client."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest

from admin_client import HTTP, Lines, Refused, socket_path
from conftest import ROOT
from generate_client import NotDescribed, client_source, resolved
from wire_phone import WirePhone, talking

META_SCHEMA = json.loads((Path(__file__).parent / "openrpc.schema.json").read_text())

# `!` marks those that are required.
PARAMETERS = {
    "rpc.discover": "",
    "system.info": "",
    "system.health": "",
    "system.metrics": "",
    "system.setLogLevel": "level! label",
    "system.drain": "deadlineSeconds",
    "system.resume": "",
    "system.shutdown": "deadlineSeconds",
    "config.get": "",
    "config.schema": "",
    "config.validate": "document patch",
    "config.apply": "document patch revision dryRun persist",
    "config.reload": "",
    "plugins.list": "",
    "plugins.get": "name!",
    "plugins.configure": "name! settings persist",
    "plugins.enable": "name! persist",
    "plugins.disable": "name! persist",
    "directory.resolve": "username dialString fresh",
    "directory.list": "plugin limit cursor",
    "directory.put": "plugin username! dialString! displayName password persist",
    "directory.delete": "plugin username! persist",
    "auth.check": "username password token",
    "registrations.list": "dialString username connected plugin since limit cursor",
    "registrations.get": "registration!",
    "registrations.terminate": "registration!",
    "registrations.disconnect": "registration!",
    "registrations.wake": "registration! waitSeconds",
    "calls.list": "dialString limit cursor",
    "calls.get": "call!",
    "calls.terminate": "call!",
    "calls.history": "dialString limit cursor",
    "calls.trace": "call dialString limit",
    "notifications.history": "registration dialString limit cursor",
    "events.subscribe": "topics!",
    "events.unsubscribe": "subscription!",
}


def problems(schema, value):
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in validator.iter_errors(value)]


class Description:
    def __init__(self, document):
        self.document = document
        self.methods = {method["name"]: method for method in (resolved(document, one) for one in document["methods"])}

    def with_components(self, schema):
        return {**schema, "components": self.document.get("components", {})} if isinstance(schema, dict) else schema

    def params(self, method):
        return [resolved(self.document, param) for param in self.methods[method]["params"]]

    def result_schema(self, method):
        return self.with_components(resolved(self.document, self.methods[method]["result"])["schema"])

    def examples(self, method):
        for example in self.methods[method]["examples"]:
            yield resolved(self.document, example)

    def values(self, example):
        return {param["name"]: param["value"] for param in (resolved(self.document, one) for one in example["params"])}


@pytest.fixture
def description(admin):
    return Description(admin.call("rpc.discover"))


# The document


def test_the_schema_of_the_schema():
    """What is used to judge is sound itself, and finds what is wrong."""
    jsonschema.Draft7Validator.check_schema(META_SCHEMA)
    good = {
        "openrpc": "1.3.2",
        "info": {"title": "t", "version": "1"},
        "methods": [
            {
                "name": "m",
                "params": [{"name": "p", "schema": {"type": "string"}, "required": True}],
                "result": {"name": "r", "schema": True},
                "errors": [{"code": 1, "message": "e"}],
                "examples": [{"name": "e", "params": [{"name": "p", "value": "x"}], "result": {"name": "r", "value": None}}],
                "x-role": "viewer",
            },
            {"$ref": "#/components/x"},
        ],
    }
    assert problems(META_SCHEMA, good) == []
    for path, value in [
        ("openrpc", "2.0.0"),
        ("info", {"title": "t"}),
        ("methods", {}),
        ("more", 1),
        ("methods/0/name", ""),
        ("methods/0/params", {}),
        ("methods/0/params/0/schema", {"type": "text"}),
        ("methods/0/params/0/type", "string"),
        ("methods/0/errors/0/code", "1"),
        ("methods/0/examples/0/params/0", "x"),
        ("methods/0/paramStructure", "named"),
        ("methods/1/more", 1),
    ]:
        bad = copy.deepcopy(good)
        *way, last = path.split("/")
        place = bad
        for part in way:
            place = place[int(part) if isinstance(place, list) else part]
        place[int(last) if isinstance(place, list) else last] = value
        assert problems(META_SCHEMA, bad), path


def test_it_is_an_openrpc_document(description):
    assert problems(META_SCHEMA, description.document) == []
    assert description.document["openrpc"].startswith("1.3.")


def test_every_reference_leads_somewhere(description):
    def walk(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                resolved(description.document, {"$ref": value["$ref"]})
            for member in value.values():
                walk(member)
        elif isinstance(value, list):
            for member in value:
                walk(member)

    walk(description.document)


def test_every_method_is_there_once(description):
    assert len(description.methods) == len(description.document["methods"])
    assert description.methods.keys() == PARAMETERS.keys()


def test_the_parameters(description):
    def written(name):
        return " ".join(sorted(param["name"] + "!" * param.get("required", False) for param in description.params(name)))

    expected = {name: " ".join(sorted(words.split())) for name, words in PARAMETERS.items()}
    assert {name: written(name) for name in description.methods} == expected


def test_every_method_is_described(description):
    for name, method in description.methods.items():
        assert 10 <= len(method["summary"]) <= 120 and "\n" not in method["summary"], name
        assert method["result"], name
        schema = description.result_schema(name)
        jsonschema.Draft7Validator.check_schema(schema)
        assert resolved(description.document, schema) not in (True, {}), f"{name}: anything goes"
        for param in description.params(name):
            jsonschema.Draft7Validator.check_schema(param["schema"])
            assert param["schema"] not in (True, {}), f"{name}: {param['name']}: anything goes"
            assert param.get("summary") or param.get("description") or "description" in resolved(
                description.document, param["schema"]
            ), f"{name}: {param['name']} is not explained"
        assert method["examples"], name
        assert method["paramStructure"] == ("either" if len(method["params"]) == 1 else "by-name"), name


def test_every_example_fits_its_schemas(description):
    for name in description.methods:
        params = {param["name"]: param for param in description.params(name)}
        for example in description.examples(name):
            values = description.values(example)
            assert values.keys() <= params.keys(), f"{name}: {example['name']}"
            assert {param for param in params if params[param].get("required")} <= values.keys(), f"{name}: {example['name']}"
            for param, value in values.items():
                found = problems(description.with_components(params[param]["schema"]), value)
                assert found == [], f"{name}: {example['name']}: {param}: {found}"
            if "result" in example:
                found = problems(description.result_schema(name), resolved(description.document, example["result"])["value"])
                assert found == [], f"{name}: {example['name']}: {found}"


def test_the_document_holds_no_secret_and_nothing_of_this_machine(description, server):
    text = json.dumps(description.document)
    assert "$y$" not in text
    assert str(socket_path(server).parent) not in text and str(ROOT) not in text


# The examples, with live things in place of those that the document invents


class World:
    """Two phones that talk, one that does not, and somebody who listens to events."""

    def __init__(self, server, description):
        self.admin = Lines(socket_path(server))
        self.description = description
        self.alice, self.bob, self.carol = self.phones = [
            WirePhone(server.port, name).register() for name in ("alice", "bob", "carol")
        ]
        talking(self.alice, self.bob)
        # A call that has ended.
        one = self.carol.call(self.alice.number)
        self.carol.says("terminate", one)
        self.carol.hears_state(one, "terminated")
        self.subscription = self.admin.subscribe("call.*")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for phone in self.phones:
            phone.close()
        self.admin.close()

    def live(self, method, values):
        """The example's parameters with names that exist."""
        there = {
            "registration": lambda: self.admin.call("registrations.list", username="carol")["items"][0]["id"],
            "call": lambda: self.admin.call("calls.list")["items"][0]["id"],
            "subscription": lambda: self.subscription,
            "revision": lambda: self.admin.call("config.get")["revision"],
            "document": lambda: self.admin.call("config.get")["document"],
            "plugin": lambda: "static",
            "name": lambda: "static",
        }
        if method != "directory.put":
            there.update(username=lambda: "alice", dialString=lambda: self.alice.number)
        values = {name: there[name]() if name in there else value for name, value in values.items()}
        # A page's cursor and a plugin's own settings can't be invented.
        if "cursor" in values:
            del values["cursor"]
        if method == "plugins.configure":
            values["settings"] = {"entries": self.admin.call("plugins.get", name="static")["settings"]["entries"]}
        return values


# An example may show how something is refused; with things that exist these are not.
DESTRUCTIVE = ["registrations.terminate", "registrations.disconnect", "calls.terminate", "directory.delete"]
LAST = ["system.drain", "system.resume", "system.shutdown"]


def run_examples(world, method):
    description = world.description
    for example in description.examples(method):
        values = world.live(method, description.values(example))
        try:
            result = world.admin.call(method, **values)
        except Refused as refused:
            raise AssertionError(f"{method}: {example['name']}: {refused}") from None
        found = problems(description.result_schema(method), result)
        assert found == [], f"{method}: {example['name']}: {found}\n{json.dumps(result)[:1000]}"


def test_every_example_works(server, description):
    with World(server, description) as world:
        for method in sorted(description.methods.keys() - set(DESTRUCTIVE) - set(LAST)):
            run_examples(world, method)


@pytest.mark.parametrize("method", DESTRUCTIVE)
def test_every_example_that_ends_something_works(server, description, method):
    with World(server, description) as world:
        run_examples(world, method)


@pytest.mark.parametrize("methods", [["system.drain", "system.resume"], ["system.shutdown"]])
def test_every_example_that_ends_everything_works(server, description, methods):
    with World(server, description) as world:
        for method in methods:
            run_examples(world, method)


def test_results_are_strict(description):
    """A schema that takes any member says nothing about the members that are there."""
    loose = {"rpc.discover", "config.schema"}
    for name in description.methods.keys() - loose:
        schema = resolved(description.document, description.result_schema(name))
        if schema.get("type") == "object":
            assert schema.get("additionalProperties") is False, name


def test_the_errors_that_come_are_declared(server, description, admin):
    for method, params, code in [
        ("registrations.get", {"registration": "9999.1"}, 1001),
        ("registrations.terminate", {"registration": "9999.1"}, 1001),
        ("calls.get", {"call": "9999.1"}, 1001),
        ("calls.terminate", {"call": "9999.1"}, 1001),
        ("plugins.get", {"name": "nobody"}, 1001),
        ("config.apply", {"patch": {"nonsense": 1}}, 1002),
        ("config.apply", {"patch": {}, "revision": "another"}, 1005),
    ]:
        with pytest.raises(Refused) as refused:
            admin.call(method, **params)
        assert refused.value.code == code, refused.value
        errors = [resolved(description.document, error) for error in description.methods[method].get("errors", [])]
        assert code in [error["code"] for error in errors], f"{method} does not tell of {code}"


# A client made of it


def generated(document):
    namespace = {}
    exec(compile(client_source(document), "generated", "exec"), namespace)
    return namespace["Client"]


def test_a_generated_client_lists_and_ends_a_call(server, admin, description):
    client = generated(description.document)(lambda method, params: admin.call(method, **params))
    for name, method in description.methods.items():
        function = getattr(client, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace(".", "_"))
        assert function.__doc__.startswith(method["summary"][:20])
    with WirePhone(server.port, "alice") as alice, WirePhone(server.port, "bob") as bob:
        alice.register(), bob.register()
        one, other = talking(alice, bob)
        (call,) = client.calls_list()["items"]
        assert call["dialled"] == bob.number and call["state"] == "connected"
        client.calls_terminate(call=call["id"])
        assert alice.hears_state(one, "terminated")["reason"] == "administrator"
        assert bob.hears_state(other, "terminated")["reason"] == "administrator"
        assert client.calls_list(limit=10) == {"items": []}
        with pytest.raises(Refused):
            client.calls_get(call=call["id"])


def test_a_generated_client_checks_before_it_asks(description):
    asked = []
    client = generated(description.document)(lambda method, params: asked.append((method, params)))
    for attempt in (
        lambda: client.registrations_get(registration=12.3),
        lambda: client.registrations_list(limit=0),
        lambda: client.registrations_list(connected="yes"),
        lambda: client.system_set_log_level(level="loud"),
        lambda: client.events_subscribe(topics="*"),
    ):
        with pytest.raises(ValueError):
            attempt()
    with pytest.raises(TypeError):
        client.registrations_get()
    with pytest.raises(TypeError):
        client.system_info(verbose=True)
    assert asked == []
    client.registrations_list(connected=True, limit=5)
    assert asked == [("registrations.list", {"connected": True, "limit": 5})]


def test_the_generator_refuses_what_it_can_not_express():
    document = {"openrpc": "1.3.2", "info": {"title": "t", "version": "1"}, "methods": []}
    for name in ("", "1", "…"):
        with pytest.raises(NotDescribed):
            client_source({**document, "methods": [{"name": name, "params": []}]})
    with pytest.raises(NotDescribed):
        client_source({**document, "methods": [{"name": "a.b", "params": []}, {"name": "a_b", "params": []}]})
    for text in ('"""', "\\", "'''", "\\N{"):
        generated({**document, "methods": [{"name": "m", "summary": f"{text} x {text}", "params": []}]})


def test_the_document_is_one_over_every_way(server, description):
    assert HTTP(socket_path(server)).call("rpc.discover") == description.document
