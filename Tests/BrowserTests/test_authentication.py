"""docs/authentication.md: its configuration, and every example in it, as it stands; then each log-in from a real browser."""

import asyncio
import base64
import http.client
import json
import re
import subprocess
import sys
import time

import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conftest import path_from_environment, run
from documents import Document, pattern

PAGE = Document("docs/authentication.md")
KEY = "a key of at least 32 bytes, of which nobody knows"
ENVIRONMENT = {"SHOP_KEY": KEY}


def adjust(derived):
    """The page's own configuration, on a free port and with this checkout's web pages."""
    (block,) = PAGE.blocks("json")
    document = json.loads(block)
    document["listeners"][0].update(derived["listeners"][0], name="public", port=0, origins=[])
    # All examples come from one address, and some are wrong on purpose.
    document["limits"] = {"loginFailuresPerMinute": 1000}
    document["log"] = {"level": "trace"}
    return document


@pytest.fixture
def server(start_server):
    return start_server(adjust, ENVIRONMENT)


@pytest.fixture
def shell_path(tmp_path):
    """Where the command `anynode-server` is found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "anynode-server").symlink_to(path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server"))
    return folder


def test_commands_print_what_the_page_says(server, shell_path):
    steps = list(PAGE.commands())
    script = [f"PATH={shell_path}:$PATH"]
    for command, _ in steps:
        script += [command.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}"), "printf '\\x1e'"]
    result = subprocess.run(
        ["bash", "-c", "\n".join(script)], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120
    )
    printed = result.stdout.split("\x1e")
    assert len(printed) == len(steps) + 1
    for (command, expected), output in zip(steps, printed):
        assert re.fullmatch(pattern(expected), output), f"$ {command}\n{output}"
    assert len(steps) >= 9


def test_python_client_prints_what_the_page_says(server):
    (program,) = PAGE.blocks("python")
    (expected,) = PAGE.blocks("text")
    program = program.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
    result = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, timeout=30)
    assert result.returncode == 0, result.stderr
    assert result.stdout == expected


# Python, by every method


def basic(name="alice", password="demo"):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def token(**claims):
    claims = {"iss": "https://shop.example", "exp": int(time.time()) + 300, "username": "alice", **claims}
    return jwt.encode(claims, KEY, algorithm="HS256")


def ask_for_ticket(server, authorization):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/ticket", headers={"Authorization": authorization})
    reply = connection.getresponse()
    assert reply.status == 200, reply.read()
    ticket = json.loads(reply.read())["ticket"]
    connection.close()
    return ticket


async def registered(url, username="alice", **options):
    register = {"version": 1, "operation": "register", "action": "start", "assignment": {"username": username}}
    async with connect(url, **options) as socket:
        await socket.send(json.dumps(register))
        return json.loads(await asyncio.wait_for(socket.recv(), 10))


def test_python_logs_in_by_every_method(server):
    url = f"ws://127.0.0.1:{server.port}/"
    used = [token()]
    ways = [
        (f"ws://alice:demo@127.0.0.1:{server.port}/", {}),
        (f"{url}?access_token={used[0]}", {}),
        (url, {"additional_headers": {"Authorization": f"Bearer {used[0]}"}}),
    ]
    for authorization in (basic(), f"Bearer {used[0]}"):
        used.append(ask_for_ticket(server, authorization))
        ways.append((f"{url}?ticket={used[-1]}", {}))
    for way, options in ways:
        reply = run(registered(way, **options))
        assert reply["state"] == "registered", reply
        used.append(reply["identifier"])
        if "ticket" not in way:
            assert run(registered(way, "bob", **options))["reason"] == "forbidden"
    for secret in [*used, KEY, "demo"]:
        assert secret not in server.log(), "a secret in the log"


def test_curl_logs_in_by_every_method(server):
    url = f"http://127.0.0.1:{server.port}"
    upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    upgrade.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")

    def curl(*arguments):
        result = subprocess.run(["curl", "-s", "--max-time", "5", *arguments], capture_output=True, text=True, timeout=30)
        return result.stdout

    def handshake(*arguments):
        headers = [part for line in upgrade for part in ("-H", line)]
        return curl("-o", "/dev/null", "-w", "%{http_code}", "--max-time", "2", *headers, *arguments)

    ways = [
        ("--user", "alice:demo"),
        ("--digest", "--user", "alice:demo"),
        ("-H", f"Authorization: Bearer {token()}"),
    ]
    for way in ways:
        assert handshake(*way, f"{url}/") == "101", way
        ticket = json.loads(curl("-X", "POST", *way, f"{url}/ticket"))["ticket"]
        assert handshake(f"{url}/?ticket={ticket}") == "101", way
        assert handshake(f"{url}/?ticket={ticket}") == "401", way
    assert handshake(f"{url}/?access_token={token()}") == "101"
    assert handshake(f"{url}/?access_token={token(exp=1)}") == "401"


def test_wrong_proofs_are_refused_alike(server):
    url = f"ws://127.0.0.1:{server.port}/"
    bad = jwt.encode({"iss": "https://shop.example", "exp": 9999999999}, KEY + "x", algorithm="HS256")
    for query in (f"access_token={bad}", "ticket=0", "identifier=0", "wakeupToken=0"):
        with pytest.raises(InvalidStatus) as refusal:
            run(registered(f"{url}?{query}"))
        assert refusal.value.response.status_code == 401
    assert bad not in server.log()


def test_tokens_of_two_libraries_are_accepted(server):
    """PyJWT and python-jose agree with us on what a token is, and on what is none."""
    from jose import jwt as jose

    claims = {"iss": "https://shop.example", "exp": time.time() + 300, "username": "alice"}
    for made in (jwt.encode(claims, KEY, algorithm="HS256"), jose.encode(claims, KEY, algorithm="HS256")):
        reply = run(registered(f"ws://127.0.0.1:{server.port}/?access_token={made}"))
        assert reply["state"] == "registered", reply
    with pytest.raises(InvalidStatus):
        made = jose.encode(claims, KEY, algorithm="HS512")
        run(registered(f"ws://127.0.0.1:{server.port}/?access_token={made}"))


# Chromium, by every method


SOCKET = """
url => new Promise((resolve) => {
    const socket = new WebSocket(url);
    const register = { version: 1, operation: "register", action: "start", assignment: { username: "alice" } };
    socket.onopen = () => socket.send(JSON.stringify(register));
    socket.onmessage = (event) => { resolve(JSON.parse(event.data)); socket.close(); };
    socket.onclose = (event) => resolve({ closed: event.code });
})
"""


def page_of(server, new_context):
    page = new_context().new_page()
    page.goto(server.url)
    return page


@pytest.mark.parametrize("methods", [["basic"], ["digest"], ["digest", "basic"]])
def test_browser_logs_in_by_url_credentials(start_server, browser, methods):
    def only(derived):
        document = adjust(derived)
        document["authentication"]["methods"] = methods
        del document["authentication"]["token"]
        return document

    server = start_server(only)
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    reply = page.evaluate(SOCKET, f"ws://alice:demo@127.0.0.1:{server.port}/")
    assert reply.get("state") == "registered", reply
    wrong = page.evaluate(SOCKET, f"ws://alice:wrong@127.0.0.1:{server.port}/?again")
    assert wrong == {"closed": 1006}
    context.close()


def test_browser_logs_in_by_token(server, new_context):
    reply = page_of(server, new_context).evaluate(SOCKET, f"ws://127.0.0.1:{server.port}/?access_token={token()}")
    assert reply.get("state") == "registered", reply


def test_browser_logs_in_by_ticket_as_the_page_says(server, new_context):
    (program,) = PAGE.blocks("js")
    page = page_of(server, new_context)
    reply = page.evaluate(
        "async () => {"
        + program
        + "return await new Promise((resolve) => {"
        "socket.onopen = () => resolve('open'); socket.onclose = (event) => resolve(event.code); }); }"
    )
    assert reply == "open"


def test_browser_of_another_origin_asks_for_a_ticket_where_it_may(start_server, browser):
    """The page is of 127.0.0.1, the server is called localhost: a preflight has to be answered."""

    def allow(derived):
        document = adjust(derived)
        document["listeners"][0]["origins"] = ["*"]
        return document

    server, stranger = start_server(allow, ENVIRONMENT), start_server(adjust, ENVIRONMENT)
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(server.url)
    ask = """async (url) => {
        const headers = { authorization: "Basic " + btoa("alice:demo") };
        try {
            const reply = await fetch(url, { method: "POST", headers, credentials: "omit" });
            return (await reply.json()).ticket ? "ticket" : "nothing";
        } catch (error) { return "refused"; }
    }"""
    assert page.evaluate(ask, f"http://localhost:{server.port}/ticket") == "ticket"
    assert page.evaluate(ask, f"http://localhost:{stranger.port}/ticket") == "refused"
    context.close()
