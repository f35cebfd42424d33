"""The admin API over TCP: who is let in, from where, as what, and over WebSocket as a browser speaks it."""

import http.client
import json
import re
import socket
import ssl
import subprocess

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from admin_client import (
    FORBIDDEN, HTTP, INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, Lines, Refused, WebSocket, base64url, check_error, memory,
    notification, request, socket_path, tcp_port,
)
from conftest import derived_configuration, path_from_environment
from wire_phone import WirePhone

OPERATOR = "an-operators-token-of-more-than-32-characters"
VIEWER = "a-viewers-token-of-more-than-32-characters"
PUBLIC = "a-third-token-of-more-than-32-characters"
MIB = 1 << 20

OPERATOR_METHODS = {
    "system.setLogLevel": {"level": "trace"},
    "system.drain": {},
    "system.resume": {},
    "system.shutdown": {},
    "config.apply": {"patch": {"signaling": {"ringTimeout": "33s"}}},
    "config.reload": {},
    "plugins.configure": {"name": "static", "settings": {"reload": "5s"}},
    "plugins.enable": {"name": "static"},
    "plugins.disable": {"name": "static"},
    "directory.put": {"username": "eve", "dialString": "666"},
    "directory.delete": {"username": "alice"},
    "auth.check": {"username": "alice", "password": "demo"},
    "registrations.terminate": {"registration": "0.0"},
    "registrations.disconnect": {"registration": "0.0"},
    "registrations.wake": {"registration": "0.0"},
    "calls.terminate": {"call": "0.0"},
}
VIEWER_METHODS = {
    "rpc.discover": {},
    "system.info": {},
    "system.health": {},
    "system.metrics": {},
    "config.get": {},
    "config.schema": {},
    "config.validate": {"patch": {}},
    "plugins.list": {},
    "plugins.get": {"name": "static"},
    "directory.resolve": {"username": "alice"},
    "directory.list": {},
    "registrations.list": {},
    "registrations.get": {"registration": "0.0"},
    "calls.list": {},
    "calls.get": {"call": "0.0"},
    "calls.history": {},
    "calls.trace": {"dialString": "1"},
    "notifications.history": {},
    "events.subscribe": {"topics": ["*"]},
    "events.unsubscribe": {"subscription": "1"},
}


def listener(name, token, role="operator", **members):
    return {"name": name, "host": "127.0.0.1", "port": 0, "role": role, "token": token, "dashboard": False, **members}


def adjust(document):
    document["admin"] = {
        "listeners": [
            listener("operators", OPERATOR),
            listener("viewers", VIEWER, "viewer", hosts=["admin.example.test"]),
            listener("metrics", PUBLIC, "viewer", publicMetrics=True),
        ]
    }


@pytest.fixture
def server(start_server):
    server = start_server(adjust)
    yield server
    log = server.log()
    for token in (OPERATOR, VIEWER, PUBLIC):
        assert token not in log and base64url(token) not in log, "a token is logged"


@pytest.fixture
def operators(server):
    return tcp_port(server, 0)


@pytest.fixture
def viewers(server):
    return tcp_port(server, 1)


def revision(server):
    return HTTP(socket_path(server)).call("config.get")["revision"]


# The token


WRONG = {
    "none": {},
    "empty": {"Authorization": ""},
    "scheme alone": {"Authorization": "Bearer"},
    "empty token": {"Authorization": "Bearer "},
    "another": {"Authorization": f"Bearer {VIEWER}"},
    "almost": {"Authorization": f"Bearer {OPERATOR[:-1]}"},
    "more": {"Authorization": f"Bearer {OPERATOR}x"},
    "upper case": {"Authorization": f"Bearer {OPERATOR.upper()}"},
    "two": {"Authorization": f"Bearer {VIEWER}, Bearer {OPERATOR}"},
    "another scheme": {"Authorization": f"Basic {base64url('admin:' + OPERATOR)}"},
    "token alone": {"Authorization": OPERATOR},
    "long": {"Authorization": "Bearer " + "x" * 10_000},
    "cookie": {"Cookie": f"token={OPERATOR}"},
}


@pytest.mark.parametrize("what", WRONG)
def test_without_the_token_nobody_comes_in(server, operators, what):
    http = HTTP(operators, headers=WRONG[what])
    before = revision(server)
    for body in (request("system.info"), notification("config.apply", {"patch": {"signaling": {"ringTimeout": "33s"}}}), []):
        answer = http.post(body)
        assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer"), answer.status
    assert revision(server) == before


def test_all_refusals_are_alike(operators):
    """Nothing tells how near somebody was."""
    answers = set()
    for headers in WRONG.values():
        answer = HTTP(operators, headers=headers).post(request("system.info"))
        kept = {name: value for name, value in answer.headers.items() if name != "Date"}
        answers.add((answer.status, answer.body, json.dumps(kept, sort_keys=True)))
    assert len(answers) == 1
    (_, body, _), = answers
    assert OPERATOR not in body.decode()


def test_the_token_comes_before_everything_else(operators):
    """Who has none does not learn what is there."""
    http = HTTP(operators)
    assert http.do("GET", "/rpc").status == 401
    assert http.post(b"{", {"Content-Type": "text/plain"}).status == 401
    assert http.do("GET", "/metrics").status == 401
    assert http.do("GET", f"/rpc?token={OPERATOR}").status == 401
    assert http.do("POST", f"/rpc?access_token={OPERATOR}", b"{}", {"Content-Type": "application/json"}).status == 401


def test_with_the_token(operators, viewers):
    for port, token, role in ((operators, OPERATOR, "operator"), (viewers, VIEWER, "viewer")):
        assert HTTP(port, token).call("system.info")["role"] == role
        assert HTTP(port, headers={"Authorization": f"bearer {token}"}).call("system.health")["status"] == "ok"
        answer = HTTP(port, token).do("GET", "/metrics")
        assert answer.status == 200 and b"anynode_" in answer.body
    # Each listener has its own.
    assert HTTP(operators, VIEWER).post(request("system.info")).status == 401
    assert HTTP(viewers, OPERATOR).post(request("system.info")).status == 401


def test_metrics_for_everybody_where_that_is_wanted(server):
    port = tcp_port(server, 2)
    answer = HTTP(port).do("GET", "/metrics")
    assert answer.status == 200 and b"anynode_" in answer.body
    assert HTTP(port).post(request("system.info")).status == 401


def test_guessing_is_noticed(server, operators):
    for number in range(5):
        assert HTTP(operators, f"guess-{number}").post(request("system.info")).status == 401
    assert "guess-" not in server.log()


# From a page of somebody else's


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://127.0.0.1:1", "null", "", "file://", "http://127.0.0.1.evil.example", "http://localhost"],
)
def test_a_page_of_somebody_else_is_refused(server, operators, origin):
    before = revision(server)
    change = request("config.apply", {"patch": {"signaling": {"ringTimeout": "33s"}}})
    answer = HTTP(operators, OPERATOR).post(change, {"Origin": origin})
    assert answer.status == 403 and "Access-Control-Allow-Origin" not in answer.headers
    assert revision(server) == before
    with pytest.raises(InvalidStatus) as refused:
        WebSocket(operators, OPERATOR, browser=True, origin=origin)
    assert refused.value.response.status_code == 403
    preflight = HTTP(operators).do(
        "OPTIONS", "/rpc",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"},
    )
    assert preflight.status in (401, 403, 405) and "Access-Control-Allow-Origin" not in preflight.headers


def test_our_own_page_may(operators):
    origin = f"http://127.0.0.1:{operators}"
    assert HTTP(operators, OPERATOR).post(request("system.info"), {"Origin": origin}).status == 200
    with WebSocket(operators, OPERATOR, browser=True, origin=origin) as session:
        assert session.call("system.health")["status"] == "ok"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "", "a b", "2130706433"]
)
def test_a_name_that_somebody_else_had_lead_here_is_refused(server, operators, host):
    """DNS rebinding: the browser takes the page for one of ours, and only Host tells."""
    host = host.format(port=operators)
    before = revision(server)
    change = request("config.apply", {"patch": {"signaling": {"ringTimeout": "33s"}}})
    answer = HTTP(operators, OPERATOR).post(change, {"Host": host, "Origin": f"http://{host}"})
    assert answer.status in (400, 403), answer.status
    assert HTTP(operators, OPERATOR).do("GET", "/metrics", headers={"Host": host}).status in (400, 403)
    assert revision(server) == before


def test_no_host_at_all_is_refused(operators):
    body = json.dumps(request("system.info")).encode()
    head = (
        f"POST /rpc HTTP/1.1\r\nAuthorization: Bearer {OPERATOR}\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n"
    )
    for hosts in ("", "Host: 127.0.0.1\r\nHost: evil.example\r\n"):
        answer = HTTP(operators).raw((head + hosts + "\r\n").encode() + body)
        assert answer.split()[1] in (b"400", b"403"), answer[:100]


def test_names_of_ours(operators, viewers):
    for host in (f"127.0.0.1:{operators}", f"localhost:{operators}", "localhost", "LOCALHOST"):
        assert HTTP(operators, OPERATOR).post(request("system.info"), {"Host": host}).status == 200
    assert HTTP(viewers, VIEWER).post(request("system.info"), {"Host": "admin.example.test"}).status == 200
    assert HTTP(operators, OPERATOR).post(request("system.info"), {"Host": "admin.example.test"}).status == 403


# Roles


def test_both_lists_are_all_methods(operators):
    document = HTTP(operators, OPERATOR).call("rpc.discover")
    assert {method["name"] for method in document["methods"]} == OPERATOR_METHODS.keys() | VIEWER_METHODS.keys()


@pytest.mark.parametrize("method", OPERATOR_METHODS)
def test_a_viewer_may_not(server, viewers, method):
    """A8: neither alone, nor in a batch, nor without an id, nor over WebSocket."""
    before = revision(server)
    params = OPERATOR_METHODS[method]
    http = HTTP(viewers, VIEWER)
    with WirePhone(server.port, "alice") as alice:
        alice.register()
        check_error(http.ask(request(method, params, id=1)), FORBIDDEN, 1)
        # Not even that the parameters are wrong is told.
        check_error(http.ask(request(method, {"nonsense": 1}, id=1)), FORBIDDEN, 1)
        batch = [request("system.health", id=1), request(method, params, id=2), request("system.health", id=3)]
        answers = {answer["id"]: answer for answer in http.ask(batch)}
        check_error(answers[2], FORBIDDEN, 2)
        assert answers[1]["result"]["status"] == answers[3]["result"]["status"] == "ok"
        assert http.post(notification(method, params)).status == 204
        assert http.post([notification(method, params)] * 2).status == 204
        with WebSocket(viewers, VIEWER) as session:
            check_error(session.ask(request(method, params, id=1)), FORBIDDEN, 1)
            session.send(notification(method, params))
            session.send([notification(method, params), request(method, params, id=2)])
            (answer,) = session.receive()
            check_error(answer, FORBIDDEN, 2)
            assert session.call("system.info")["state"] == "serving"
        # Nothing of it has happened.
        info = http.call("system.info")
        assert info["counts"]["registrations"] == info["counts"]["connected"] == 1 and info["state"] == "serving"
        alice.register()
    assert revision(server) == before


def test_a_viewer_may_look(viewers):
    with WebSocket(viewers, VIEWER) as session:
        for method, params in VIEWER_METHODS.items():
            try:
                session.call(method, **params)
            except Refused as refused:
                assert refused.code == 1001, refused


def test_an_operator_may(server, operators):
    with WirePhone(server.port, "alice") as alice:
        alice.register()
        http = HTTP(operators, OPERATOR)
        (one,) = http.call("registrations.list")["items"]
        http.call("registrations.terminate", registration=one["id"])
        assert alice.hears("register", "terminate")["reason"] == "administrator"


# WebSocket


def test_as_a_browser_says_who_it_is(operators):
    with WebSocket(operators, OPERATOR, browser=True) as session:
        assert session.socket.subprotocol == "jsonrpc", "the token is not sent back"
        assert session.call("system.info")["role"] == "operator"
    with WebSocket(operators, OPERATOR) as session:
        assert session.socket.subprotocol is None
        assert session.call("system.info")["role"] == "operator"


@pytest.mark.parametrize(
    "subprotocols",
    [
        None,
        ["jsonrpc"],
        ["jsonrpc", "bearer."],
        ["jsonrpc", f"bearer.{OPERATOR}"],
        ["jsonrpc", f"bearer.{base64url(VIEWER)}"],
        ["jsonrpc", f"bearer.{base64url(OPERATOR)}x"],
        ["jsonrpc", base64url(OPERATOR)],
        ["jsonrpc", f"Bearer.{base64url(OPERATOR)[:-2]}"],
    ],
)
def test_as_a_browser_with_another_token(operators, subprotocols):
    with pytest.raises(InvalidStatus) as refused:
        WebSocket(operators, subprotocols=subprotocols)
    assert refused.value.response.status_code == 401
    assert OPERATOR not in str(refused.value.response)


def test_websocket_on_another_path(operators):
    handshake = (
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n"
        f"Authorization: Bearer {OPERATOR}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    for path in ("/", "/rpc/", "/metrics/x", "/../rpc"):
        answer = HTTP(operators).raw(handshake.format(path=path).encode(), finish=True)
        assert answer.startswith(b"HTTP/1.1 404 "), (path, answer[:100])


def test_websocket_speaks_json_rpc(operators):
    with WebSocket(operators, OPERATOR) as session:
        session.send_text("{")
        check_error(session.receive(), PARSE_ERROR)
        session.send_text("[]")
        check_error(session.receive(), INVALID_REQUEST)
        # White space and line ends are as good as anywhere in JSON.
        session.send_text('\n{\n"jsonrpc": "2.0",\r\n"id": "ä",\n"method": "system.health"\n}\n')
        assert session.receive()["id"] == "ä"
        session.send([request("system.health", id=1), notification("system.health"), request("system.health", id=2)])
        assert sorted(answer["id"] for answer in session.receive()) == [1, 2]
        messages = [request("system.info") for _ in range(100)]
        for message in messages:
            session.send(message)
        assert {session.receive()["id"] for _ in messages} == {message["id"] for message in messages}
        session.socket.ping().wait(20)
        # In pieces.
        text = json.dumps(request("system.health", id=7))
        session.socket.send([text[:10], text[10:20], text[20:]])
        assert session.receive()["id"] == 7


def test_websocket_too_large(server, operators):
    with WebSocket(operators, OPERATOR) as session:
        text = json.dumps(request("system.health", id=1))
        session.send_text(text[:-1] + " " * (MIB - len(text)) + "}")
        assert session.receive()["result"]["status"] == "ok"
        with pytest.raises(ConnectionClosed):
            session.send_text("x" * (MIB + 1))
            session.receive()
    before = memory(server)
    with WebSocket(operators, OPERATOR) as session:
        try:
            session.socket.send("x" * MIB for _ in range(64))
            session.receive()
        except ConnectionClosed:
            pass
    assert memory(server) - before < 32 * MIB
    with WebSocket(operators, OPERATOR) as session:
        assert session.call("system.health")["status"] == "ok"


def test_websocket_binary_is_no_request(server, operators):
    before = revision(server)
    change = json.dumps(notification("config.apply", {"patch": {"signaling": {"ringTimeout": "33s"}}})).encode()
    with WebSocket(operators, OPERATOR) as session:
        try:
            session.socket.send(change)
            session.send(request("system.health", id=1))
            session.receive()
        except ConnectionClosed:
            pass
    assert revision(server) == before


def test_websocket_subscriptions(server, viewers):
    with WebSocket(viewers, VIEWER, browser=True) as session, WirePhone(server.port, "alice") as alice:
        subscription = session.subscribe("registration.*")
        alice.register()
        event = session.event("registration.created", username="alice")
        assert event["subscription"] == subscription
        alice.unregister()
        session.event("registration.ended", username="alice")
        session.call("events.unsubscribe", subscription=subscription)
        alice.register()
        assert session.call("system.health")["status"] == "ok"
        with pytest.raises(TimeoutError):
            session.receive(0.5)


def test_lines_are_not_spoken_over_tcp(operators):
    """They would go past the token."""
    text = json.dumps(request("system.info")).encode() + b"\n"
    answer = HTTP(operators).raw(text * 3, finish=True)
    assert b'"result"' not in answer and (answer == b"" or answer.startswith(b"HTTP/1.1 400 ")), answer


def test_clear_text_protocols_can_not_be_spoken_through_a_browser(operators):
    for first in (b"GET / HTTP/0.9\r\n\r\n", b"\x16\x03\x01\x02\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"EHLO x\r\n"):
        answer = HTTP(operators).raw(first, finish=True)
        assert answer == b"" or re.match(rb"HTTP/1\.\d [45]\d\d ", answer), answer


def test_many_silent_ones(server, operators):
    silent = [socket.create_connection(("127.0.0.1", operators)) for _ in range(300)]
    assert HTTP(operators, OPERATOR).call("system.health")["status"] == "ok"
    with Lines(socket_path(server)) as admin, WirePhone(server.port, "alice") as alice:
        alice.register()
        assert admin.call("system.health")["status"] == "ok"
    for one in silent:
        one.close()


# What is refused at the start


def started(folder, change):
    """How a server that is not to start ends, and what it says."""
    document = derived_configuration()
    document["admin"] = {"listeners": [listener("remote", OPERATOR)]}
    change(document["admin"]["listeners"][0])
    (folder / "plugins.json").write_text(json.dumps(document))
    binary = path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server")
    result = subprocess.run(
        [binary, "--config", folder / "plugins.json"], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1 and "ready" not in result.stdout.splitlines(), result.stdout
    assert OPERATOR not in result.stdout + result.stderr
    return result.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.test"])
def test_off_this_machine_only_with_tls(tmp_path, host):
    said = started(tmp_path, lambda one: one.update(host=host))
    assert "/admin/listeners/0" in said and "tls" in said.lower(), said


def test_off_this_machine_with_tls(start_server, tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=admin", "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "own.pem"],
        check=True, capture_output=True,
    )
    tls = {"certificates": [{"certificate": str(tmp_path / "own.pem"), "privateKey": str(tmp_path / "key.pem")}]}

    def change(document):
        document["admin"] = {"listeners": [listener("remote", OPERATOR, host="0.0.0.0", tls=tls)]}

    server = start_server(change)
    port = tcp_port(server)
    trust = ssl.create_default_context(cafile=tmp_path / "own.pem")
    connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=20)
    for token, status in ((OPERATOR, 200), (VIEWER, 401)):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/rpc", json.dumps(request("system.info")), headers)
        response = connection.getresponse()
        assert response.status == status, response.read()
        response.read()
    connection.close()
    # Nothing is told to who does not encrypt, and nothing taken from him.
    answer = HTTP(port, OPERATOR).raw(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n", finish=True)
    assert b"HTTP/1.1 2" not in answer
    assert OPERATOR not in server.log()


@pytest.mark.parametrize("token", [None, "", "short", "fifteen-letters", "with\nline-end-in-the-middle", "é" * 20, 31415926535])
def test_a_token_must_be_worth_something(tmp_path, token):
    def change(one):
        if token is None:
            del one["token"]
        else:
            one["token"] = token

    said = started(tmp_path, change)
    assert "/admin/listeners/0/token" in said, said
    if token:
        assert str(token) not in said


def test_roles_are_known(tmp_path):
    assert "/admin/listeners/0/role" in started(tmp_path, lambda one: one.update(role="root"))


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = started(tmp_path, lambda one: one.update(port=taken.getsockname()[1]))
        assert str(taken.getsockname()[1]) in said and "in use" in said.lower(), said


def test_parameters_by_position_over_websocket(operators):
    with WebSocket(operators, OPERATOR) as session:
        check_error(session.ask(request("registrations.get", ["9.9"], id=1)), 1001, 1)
        check_error(session.ask(request("system.setLogLevel", ["trace", "x"], id=2)), INVALID_PARAMS, 2)
