"""docs/admin-api.md: every request as it stands, in its order, and the answer compared with the one on the page."""

import json
import re
import subprocess

import pytest

from admin_client import Lines, socket_path, until
from conftest import ROOT
from documents import Document, pattern
from wire_phone import WirePhone

PAGE = Document("docs/admin-api.md")

# What the examples call things by is found out from the answers; other values are as on the page.
NAMES = {"registration", "call", "subscription", "revision", "cursor"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Stage:
    """Does what the page says that people do."""

    def __init__(self, server):
        self.server = server
        self.phones = {}
        self.calls = {}

    def register(self, *names):
        for name in names:
            self.phones[name] = WirePhone(self.server.port, name, description="demo 1.0").register()

    def talk(self, caller, callee):
        one, two = self.phones[caller], self.phones[callee]
        outgoing = one.call(two.number)
        incoming = two.rings()
        one.hears_state(outgoing, "ringing")
        two.says("answer", incoming)
        one.hears_state(outgoing, "active")
        two.hears_state(incoming, "active")
        self.calls[caller], self.calls[callee] = outgoing, incoming

    def hang_up(self, name, other):
        self.phones[name].says("terminate", self.calls[name])
        self.phones[name].hears_state(self.calls[name], "terminated")
        self.phones[other].hears_state(self.calls[other], "terminated")

    def direction(self, text):
        match text:
            case "Alice and Bob register.":
                self.register("alice", "bob")
            case "Carol registers.":
                self.register("carol")
            case "Alice calls Bob, who answers.":
                self.talk("alice", "bob")
            case "Alice hangs up.":
                self.hang_up("alice", "bob")
            case "Bob calls a number that nobody has, 404.":
                bob = self.phones["bob"]
                bob.hears_state(bob.call("404"), "terminated")
            case _:
                raise AssertionError(f"nobody knows how to: {text}")

    def end(self):
        for phone in self.phones.values():
            phone.close()


def elements(text):
    """What is to be done, line by line: blocks, stage directions, and headings."""
    for match in re.finditer(r"^```(\w+)\n(.*?)^```|^> ([^\n]+)$|^#+ ([^\n]+)$", text, re.MULTILINE | re.DOTALL):
        language, block, direction, heading = match.groups()
        if language:
            yield language, block
        elif direction:
            yield "direction", direction
        else:
            yield "heading", heading.strip("`")


class Comparison:
    """The page's values and the real ones. A name that the page uses stands for the one that was there in its place."""

    def __init__(self):
        self.real = {}

    def name(self, kind, expected, actual):
        assert type(actual) is type(expected), (kind, expected, actual)
        known = self.real.setdefault((kind, expected), actual)
        # A revision or a cursor that is shown twice may have changed meanwhile.
        if kind in ("registration", "call", "subscription"):
            assert known == actual, f"{kind} {expected} was {known} before, now {actual}"
        else:
            self.real[kind, expected] = actual

    def translated(self, params):
        """A request's parameters with the real names."""
        if isinstance(params, list):
            return params
        return {
            name: self.real.get((name, value), value) if name in NAMES and isinstance(value, str) else value
            for name, value in params.items()
        }

    def compare(self, expected, actual, kind, where):
        if expected == "…":
            return
        if isinstance(expected, dict):
            assert isinstance(actual, dict), f"{where}: {actual}"
            members = expected.keys() - {"…"}
            assert members == actual.keys() if "…" not in expected else members <= actual.keys(), (
                f"{where}: {sorted(members)} on the page, {sorted(actual)} in the answer"
            )
            for member in members:
                if member == "id" and kind:
                    self.name(kind, expected[member], actual[member])
                elif member in NAMES and isinstance(expected[member], str) and expected[member] != "…":
                    self.name(member, expected[member], actual[member])
                else:
                    inner = {"calls": "call", "listeners": None, "plugins": None}.get(member, kind)
                    self.compare(expected[member], actual[member], inner, f"{where}/{member}")
        elif isinstance(expected, list):
            assert isinstance(actual, list), f"{where}: {actual}"
            shown = [one for one in expected if one != "…"]
            assert len(shown) <= len(actual) if "…" in expected else len(shown) == len(actual), (
                f"{where}: {len(shown)} on the page, {len(actual)} in the answer: {actual}"
            )
            for index, (one, other) in enumerate(zip(shown, actual)):
                if kind and isinstance(one, str):
                    self.name(kind, one, other)
                else:
                    self.compare(one, other, kind, f"{where}/{index}")
        elif isinstance(expected, bool) or expected is None:
            assert actual is expected, f"{where}: {expected} on the page, {actual} in the answer"
        elif isinstance(expected, (int, float)):
            assert isinstance(actual, (int, float)) and not isinstance(actual, bool), f"{where}: {actual}"
        elif TIME.fullmatch(expected):
            assert TIME.fullmatch(actual), f"{where}: {actual}"
        else:
            for (known, shown), real in self.real.items():
                if known == "revision":
                    expected = expected.replace(shown, real)
            assert isinstance(actual, str) and re.fullmatch(pattern(expected), actual, re.DOTALL), (
                f"{where}: {expected!r} on the page, {actual!r} in the answer"
            )


def kind_of(method):
    """What `id` names in the answer to this method."""
    family = method.split(".")[0]
    return {"registrations": "registration", "calls": "call"}.get(family)


class Visit:
    def __init__(self, server):
        self.session = Lines(socket_path(server))
        self.stage = Stage(server)
        self.comparison = Comparison()
        self.folder = socket_path(server).parent.parent
        self.asked = None
        self.methods = []

    def json(self, block):
        message = json.loads(block)
        is_ours = isinstance(message, list) and any("method" in one for one in message) or "method" in message
        if is_ours and isinstance(message, dict) and message["method"] == "event":
            event = message["params"]
            got = self.session.event(event["event"])
            self.comparison.compare(event, got, None, event["event"])
        elif is_ours:
            assert self.asked is None, f"no answer on the page to {self.asked}"
            for one in message if isinstance(message, list) else [message]:
                self.methods.append(one["method"])
                if "params" in one:
                    one["params"] = self.comparison.translated(one["params"])
            self.session.send(message)
            is_question = any("id" in one for one in (message if isinstance(message, list) else [message]))
            self.asked = message if is_question else None
        else:
            assert self.asked is not None, f"nothing was asked that this answers: {block}"
            asked, self.asked = self.asked, None
            method = asked[0]["method"] if isinstance(asked, list) else asked["method"]
            kind = None if isinstance(asked, list) else kind_of(method)
            while True:
                got = self.session.receive()
                if isinstance(got, dict) and got.get("method") == "event":
                    self.session.events.append(got)
                else:
                    break
            if isinstance(got, list):
                got.sort(key=lambda one: json.dumps(one["id"]))
            expected = dict(message) if isinstance(message, dict) else message
            if isinstance(expected, dict):
                assert expected.pop("id") == got.pop("id") and expected.pop("jsonrpc") == got.pop("jsonrpc") == "2.0"
            self.comparison.compare(expected, got, kind, method)

    def console(self, block):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            result = subprocess.run(
                ["bash", "-c", command], cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
            )
            assert re.fullmatch(pattern(expected), result.stdout, re.DOTALL), f"$ {command}\n{result.stdout}"

    def end(self):
        self.stage.end()
        self.session.close()


@pytest.fixture
def visit(server):
    visit = Visit(server)
    yield visit
    visit.end()


def test_every_example_is_true(server, visit):
    heading = ""
    for what, text in elements(PAGE.text):
        try:
            if what == "heading":
                heading = text
            elif what == "direction":
                visit.stage.direction(text)
            elif what == "json" and re.match(r'\s*[\[{]\s*(\{\s*)?"jsonrpc"', text):
                visit.json(text)
            elif what == "console":
                visit.console(text)
        except Exception as error:
            raise AssertionError(f"under “{heading}”: {text}\n{type(error).__name__}: {error}") from error
    assert visit.asked is None
    described = {method["name"] for method in discovered(server)["methods"]} if server._process.poll() is None else None
    if described:
        assert set(visit.methods) >= described - {"system.shutdown"}
    else:
        assert "system.shutdown" in visit.methods
        until(lambda: server._process.poll() == 0, "it does not end")


def discovered(server):
    with Lines(socket_path(server)) as session:
        return session.call("rpc.discover")


def test_every_method_has_its_place(server):
    """A heading, who may call it, and all its parameters as the server knows them; and nothing that it does not know."""
    sections = dict(re.findall(r"^### `([a-z]+\.[A-Za-z]+)`\n(.*?)(?=^##|\Z)", PAGE.text, re.MULTILINE | re.DOTALL))
    methods = {method["name"]: method for method in discovered(server)["methods"]}
    assert sections.keys() == methods.keys()
    for name, section in sections.items():
        role = re.search(r"^\*(viewer|operator)\*", section, re.MULTILINE)
        assert role and role[1] == methods[name]["x-role"], name
        rows = re.findall(r"^\| `(\w+)` \| (required|) *\|", section, re.MULTILINE)
        expected = {param["name"]: param.get("required", False) for param in methods[name]["params"]}
        assert {row: is_required == "required" for row, is_required in rows} == expected, name


def test_the_errors_of_the_page_are_the_servers(server):
    declared = {error["code"] for method in discovered(server)["methods"] for error in method.get("errors", [])}
    codes = {int(code) for code in re.findall(r"^\| (-?\d+) \|", PAGE.text, re.MULTILINE)}
    assert declared <= codes
    assert codes == {-32700, -32600, -32601, -32602, -32603, *range(1001, 1008)}


def test_the_table_of_contents(server):
    for target in re.findall(r"\]\(#([a-z-]+)\)", PAGE.text):
        headings = [re.sub(r"[^a-z -]", "", line.lower()).strip().replace(" ", "-") for line in re.findall(r"^#+ (.+)$", PAGE.text, re.MULTILINE)]
        assert target in headings, target
    for path in re.findall(r"\]\(([^#)][^)]*\.md)", PAGE.text):
        assert (ROOT / "docs" / path).is_file(), path


def test_the_comparison_finds_differences():
    """What judges the page is not content with anything."""
    for expected, actual in [
        ({"a": 1}, {"a": 1, "b": 2}), ({"a": 1, "…": "…"}, {"b": 1}), ([1], []), ([], [1]), ("a", "b"), (1, "1"), (True, 1),
        ("2026-11-23T15:04:05.123Z", "2026-11-23T15:04:05Z"), ({"a": {"b": []}}, {"a": {"b": {}}}),
    ]:
        with pytest.raises(AssertionError):
            Comparison().compare(expected, actual, None, "")
    comparison = Comparison()
    comparison.compare({"id": "1.1", "at": "2026-11-23T15:04:05.123Z"}, {"id": "7.0", "at": "2027-01-01T00:00:00.000Z"}, "call", "")
    assert comparison.translated({"call": "1.1", "registration": "1.1"}) == {"call": "7.0", "registration": "1.1"}
    with pytest.raises(AssertionError):
        comparison.compare({"call": "1.1"}, {"call": "8.0"}, None, "")
