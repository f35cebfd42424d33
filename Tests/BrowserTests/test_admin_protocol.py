"""The admin socket: JSON-RPC 2.0 to the letter, in lines and over HTTP, and everything that somebody could do to it."""

import json
import os
import random
import resource
import signal
import socket
import stat
import subprocess
import sys
import time

import pytest

from admin_client import (
    HTTP, INVALID_PARAMS, INVALID_REQUEST, NOT_FOUND, PARSE_ERROR, UNKNOWN_METHOD, Lines, Number, Refused, check_error,
    descriptors, memory, notification, request, result_of, socket_path, strict, until, written,
)
from conftest import path_from_environment
from wire_phone import WirePhone

REQUEST_LIMIT = 1 << 20
BATCH_LIMIT = 100
QUIET = 0.5
MIB = 1 << 20
CHANGE = notification("config.apply", {"patch": {"signaling": {"ringTimeout": "59s"}}})


def revision(server):
    return HTTP(socket_path(server)).call("config.get")["revision"]


class InLines:
    def __init__(self, path):
        # The first byte decides what is spoken; from then on a line may be anything.
        self.session = Lines(path)
        self.session.call("system.health")

    def exchange(self, text):
        self.session.send_text(text.replace("\n", " "))
        return self.session.receive()

    def exchange_written(self, text):
        self.session.send_text(text)
        return written(self.session.receive_text())

    def no_answer(self, text):
        self.session.send_text(text.replace("\n", " "))
        self.session.send(request("system.health", id="next"))
        assert self.session.receive()["id"] == "next"
        with pytest.raises(TimeoutError):
            self.session.receive(QUIET)


class OverHTTP:
    def __init__(self, path):
        self.http = HTTP(path)

    def exchange(self, text):
        answer = self.http.post(text.encode())
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json

    def exchange_written(self, text):
        return written(self.http.post(text.encode()).body)

    def no_answer(self, text):
        answer = self.http.post(text.encode())
        assert (answer.status, answer.body) == (204, b"")


@pytest.fixture(params=[InLines, OverHTTP])
def way(request, server):
    return request.param(socket_path(server))


@pytest.fixture
def http(server):
    return HTTP(socket_path(server))


# The examples of the specification's section 7, with methods that are here


def test_named_parameters(way, server):
    with WirePhone(server.port, "alice") as alice:
        alice.register()
        listed = way.exchange('{"jsonrpc": "2.0", "method": "registrations.list", "params": {"limit": 10}, "id": 3}')
        assert listed.keys() == {"jsonrpc", "result", "id"} and listed["id"] == 3
        (registration,) = listed["result"]["items"]
        # The order of members means nothing.
        got = way.exchange(
            f'{{"id": 4, "params": {{"registration": "{registration["id"]}"}}, "method": "registrations.get", "jsonrpc": "2.0"}}'
        )
        assert got["id"] == 4 and got["result"]["dialString"] == alice.number


def test_a_method_with_one_parameter_takes_it_by_position(way, server):
    with WirePhone(server.port, "alice") as alice:
        alice.register()
        listed = way.exchange('{"jsonrpc": "2.0", "method": "registrations.list", "id": 1}')
        (registration,) = listed["result"]["items"]
        got = way.exchange(
            f'{{"jsonrpc": "2.0", "method": "registrations.get", "params": ["{registration["id"]}"], "id": 2}}'
        )
        assert got["result"]["id"] == registration["id"]
    check_error(
        way.exchange('{"jsonrpc": "2.0", "method": "registrations.get", "params": ["1.1", "1.2"], "id": 5}'),
        INVALID_PARAMS, 5,
    )
    check_error(
        way.exchange('{"jsonrpc": "2.0", "method": "registrations.get", "params": [], "id": 6}'), INVALID_PARAMS, 6
    )
    # No parameters by position are no parameters.
    assert "result" in way.exchange('{"jsonrpc": "2.0", "method": "system.health", "params": [], "id": 7}')


@pytest.mark.parametrize(
    "text",
    [
        '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}',
        '{"jsonrpc": "2.0", "method": "foobar"}',
        '{"jsonrpc": "2.0", "method": "registrations.get", "params": {"registration": 1}}',
    ],
)
def test_a_notification_gets_no_answer_not_even_an_error(way, text):
    way.no_answer(text)


def test_a_method_that_does_not_exist(way):
    check_error(way.exchange('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}'), UNKNOWN_METHOD, "1")


def test_invalid_json(way):
    check_error(way.exchange('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]'), PARSE_ERROR)


def test_invalid_request(way):
    check_error(way.exchange('{"jsonrpc": "2.0", "method": 1, "params": "bar"}'), INVALID_REQUEST)


def test_a_batch_of_invalid_json(way):
    text = '[\n{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},\n{"jsonrpc": "2.0", "method"\n]'
    check_error(way.exchange(text), PARSE_ERROR)


def test_an_empty_batch(way):
    check_error(way.exchange("[]"), INVALID_REQUEST)


@pytest.mark.parametrize("text, count", [("[1]", 1), ("[1,2,3]", 3)])
def test_a_batch_of_what_is_no_request(way, text, count):
    answers = way.exchange(text)
    assert isinstance(answers, list) and len(answers) == count
    for answer in answers:
        check_error(answer, INVALID_REQUEST)


def test_a_mixed_batch(way):
    answers = way.exchange(
        """[
        {"jsonrpc": "2.0", "method": "system.health", "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "system.info", "params": {}, "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "registrations.list", "id": "9"}
        ]"""
    )
    assert len(answers) == 5
    by_id = {answer["id"]: answer for answer in answers}
    assert by_id.keys() == {"1", "2", "5", "9", None}
    assert result_of("system.health", by_id["1"])["status"] == "ok"
    assert result_of("system.info", by_id["2"])["state"] == "serving"
    assert result_of("registrations.list", by_id["9"]) == {"items": []}
    check_error(by_id[None], INVALID_REQUEST)
    check_error(by_id["5"], UNKNOWN_METHOD, "5")


def test_a_batch_of_notifications(way):
    way.no_answer(
        """[
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
        ]"""
    )


# Requests and their ids


@pytest.mark.parametrize(
    "text", ["1", "0", "-1", "-0", "1.0", "1.5", "1e0", "1E+2", "1e400", "9007199254740993", "1" * 300, "0.1000000000000000055"]
)
def test_a_number_as_id_comes_back_as_it_was_written(way, text):
    for method, member in (("system.health", "result"), ("foobar", "error")):
        answer = way.exchange_written(f'{{"jsonrpc":"2.0","method":"{method}","id":{text}}}')
        assert member in answer and answer["id"] == Number(text)
    (answer,) = way.exchange_written(f'[{{"jsonrpc":"2.0","method":"system.health","id":{text}}}]')
    assert answer["id"] == Number(text)


@pytest.mark.parametrize("value", ["", "1", "ä €", "𝄞", "\0\n\r\x1b\u2028", '"\\/', "x" * 10_000, None])
def test_strings_and_null_as_id_come_back(way, value):
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        answer = way.exchange(f'{{"jsonrpc":"2.0","method":"system.health","id":{text}}}')
        assert "result" in answer and answer["id"] == value


@pytest.mark.parametrize("text", ["{}", '{"id":1}', "[]", "[1]", "true", "false"])
def test_another_type_as_id(way, text):
    check_error(way.exchange(f'{{"jsonrpc":"2.0","method":"system.health","id":{text}}}'), INVALID_REQUEST)
    (answer,) = way.exchange(f'[{{"jsonrpc":"2.0","method":"system.health","id":{text}}}]')
    check_error(answer, INVALID_REQUEST)


def test_an_id_used_twice_in_a_batch_is_answered_twice(way):
    answers = way.exchange(json.dumps([request("system.health", id=1), request("system.health", id=1)]))
    assert [answer["id"] for answer in answers] == [1, 1]


@pytest.mark.parametrize(
    "text",
    [
        '{"method":"system.health","id":1}',
        '{"jsonrpc":"1.0","method":"system.health","id":1}',
        '{"jsonrpc":2.0,"method":"system.health","id":1}',
        '{"jsonrpc":"2.0","id":1}',
        '{"jsonrpc":"2.0","method":null,"id":1}',
        '{"jsonrpc":"2.0","method":"system.health","params":null,"id":1}',
        '{"jsonrpc":"2.0","method":"system.health","params":"x","id":1}',
        '{"jsonrpc":"2.0","method":"system.health","params":7,"id":1}',
        "{}",
        "[[]]",
        "[null]",
    ],
)
def test_what_is_no_request(way, text):
    answer = way.exchange(text)
    if isinstance(answer, list):
        (answer,) = answer
    # Whether an id that can be read is given back, the specification leaves open.
    check_error(answer, INVALID_REQUEST, answer["id"])
    assert answer["id"] in (None, 1)


@pytest.mark.parametrize(
    "text",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"system.health","method":"system.info"}',
        b'{"jsonrpc":"2.0","id":1,"id":2,"method":"system.health"}',
        b'{"jsonrpc":"2.0","id":1,"method":"system.health","params":{"a":1,"a":1}}',
        b'{"jsonrpc":"2.0","id":"\xff","method":"system.health"}',
        b'{"jsonrpc":"2.0","id":"\xed\xa0\x80","method":"system.health"}',
        b'{"jsonrpc":"2.0","id":NaN,"method":"system.health"}',
        b'{"jsonrpc":"2.0","id":01,"method":"system.health"}',
        b'{"jsonrpc":"2.0","id":1,"method":"system.health",}',
        b'{"jsonrpc":"2.0","id":1,"method":"system.health"} x',
        b'{"jsonrpc":"2.0","id":1,"method":"system\0health"}',
        b"{'jsonrpc':'2.0'}",
    ],
)
def test_what_is_no_strict_json(server, http, text):
    with Lines(socket_path(server)) as session:
        session.send_bytes(text + b"\n")
        answer = session.receive()
        assert answer["error"]["code"] in (PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS), answer
        assert session.call("system.health")["status"] == "ok", "the next line is a new beginning"
    assert http.post(text).json["error"]["code"] == answer["error"]["code"]


# Parameters


@pytest.mark.parametrize(
    "method, params, pointer",
    [
        ("system.info", {"verbose": True}, "/verbose"),
        ("registrations.get", {}, "/registration"),
        ("registrations.get", {"registration": 12.3}, "/registration"),
        ("registrations.get", {"registration": None}, "/registration"),
        ("registrations.get", {"registration": "1.1", "registrations": "1.1"}, "/registrations"),
        ("registrations.list", {"limit": 0}, "/limit"),
        ("registrations.list", {"limit": 1001}, "/limit"),
        ("registrations.list", {"limit": 1.5}, "/limit"),
        ("registrations.list", {"limit": "10"}, "/limit"),
        ("registrations.list", {"limit": 1e300}, "/limit"),
        ("registrations.list", {"limit": -(1 << 63)}, "/limit"),
        ("registrations.list", {"connected": "yes"}, "/connected"),
        ("registrations.list", {"since": "yesterday"}, "/since"),
        ("registrations.list", {"since": "2026-13-01T00:00:00Z"}, "/since"),
        ("registrations.list", {"cursor": "not one of ours"}, "/cursor"),
        ("system.setLogLevel", {"level": "loud"}, "/level"),
        ("system.drain", {"deadlineSeconds": -1}, "/deadlineSeconds"),
        ("system.drain", {"deadlineSeconds": 1e300}, "/deadlineSeconds"),
        ("events.subscribe", {"topics": "call.*"}, "/topics"),
        ("events.subscribe", {"topics": ["call.*", 7]}, "/topics/1"),
        ("events.subscribe", {"topics": ["calls.*"]}, "/topics/0"),
        ("auth.check", {"username": "alice", "password": ["demo"]}, "/password"),
    ],
)
def test_wrong_parameters_are_pointed_at(admin, method, params, pointer):
    with pytest.raises(Refused) as refused:
        admin.call(method, **params)
    assert refused.value.code == INVALID_PARAMS, refused.value
    for problem in refused.value.data:
        assert problem.keys() == {"pointer", "problem"} and problem["problem"], problem
    assert pointer in [problem["pointer"] for problem in refused.value.data]
    assert "demo" not in str(refused.value)


def test_every_wrong_parameter_is_named_at_once(admin):
    with pytest.raises(Refused) as refused:
        admin.call("registrations.list", limit=0, connected=1, verbose=True)
    assert {problem["pointer"] for problem in refused.value.data} == {"/limit", "/connected", "/verbose"}


@pytest.mark.parametrize("method", ["", "rpc.", "rpc.unknown", "System.info", "system.info ", "system", "x" * 100_000, "\x1b[2J\n"])
def test_unknown_methods(server, way, method):
    answer = way.exchange(json.dumps(request(method, id=1)))
    check_error(answer, UNKNOWN_METHOD, 1)
    assert "\x1b" not in server.log()
    assert len(json.dumps(answer)) < 2000, "the name is not given back at length"


# Sizes and depths


def padded(size):
    text = json.dumps(request("system.health", id=1))
    return text[:-1] + " " * (size - len(text)) + "}"


def test_a_request_of_the_limit(way):
    assert way.exchange(padded(REQUEST_LIMIT))["result"]["status"] == "ok"


def one_error_or_the_end(session):
    """What an attacker gets; whether the connection has ended."""
    try:
        answer = session.receive()
    except (EOFError, ConnectionResetError):
        return True
    assert answer["error"]["code"] in (PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS), answer
    return False


def served(server):
    """A new connection is served."""
    with Lines(socket_path(server)) as session:
        return session.call("system.health")["status"] == "ok"


@pytest.mark.parametrize("size", [REQUEST_LIMIT + 1, 2 * REQUEST_LIMIT])
def test_a_request_over_the_limit(server, size):
    with Lines(socket_path(server)) as session:
        try:
            session.send_text(padded(size))
        except (BrokenPipeError, ConnectionResetError):
            pass
        if not one_error_or_the_end(session):
            # Once. Nobody takes the rest of the line for another request.
            assert session.is_closed() or session.call("system.health")["status"] == "ok"
    assert served(server)


def test_a_batch_of_the_limit(way):
    answers = way.exchange(json.dumps([request("system.health", id=number) for number in range(BATCH_LIMIT)]))
    assert {answer["id"] for answer in answers} == set(range(BATCH_LIMIT))
    assert all(answer["result"]["status"] == "ok" for answer in answers)


@pytest.mark.parametrize("count", [BATCH_LIMIT + 1, 200_000])
def test_a_batch_over_the_limit_is_refused_as_a_whole(way, server, count):
    if count <= 1000:
        before = revision(server)
        check_error(way.exchange(json.dumps([CHANGE] * count)), INVALID_REQUEST)
        assert revision(server) == before
    else:
        check_error(way.exchange("[" + ",".join("1" for _ in range(count)) + "]"), INVALID_REQUEST)


@pytest.mark.parametrize("depth", [10_000, 60_000])
@pytest.mark.parametrize(
    "before, opening, inside, closing, after",
    [
        ("", "[", "", "]", ""),
        ('{"jsonrpc":"2.0","id":1,"method":"system.health","params":', "[", "", "]", "}"),
        ('{"jsonrpc":"2.0","id":1,"method":"config.validate","params":{"patch":', '{"a":', "1", "}", "}}"),
        ('{"jsonrpc":"2.0","method":"system.health","id":', "[", "1", "]", "}"),
        ("", "[", "", "", ""),
    ],
    ids=["batches", "params", "patch", "id", "unclosed"],
)
def test_nested_deeply(server, http, depth, before, opening, inside, closing, after):
    text = before + opening * depth + inside + closing * depth + after
    assert len(text) < REQUEST_LIMIT
    with Lines(socket_path(server)) as session:
        session.send_text(text)
        one_error_or_the_end(session)
    answer = http.post(text)
    assert answer.status in (200, 400), answer.status
    if answer.status == 200:
        assert answer.json["error"]["code"] in (PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS)
    assert served(server)


@pytest.mark.parametrize("first", [b"{", b"[", b"x", b"\0", b"\x16\x03\x01"])
def test_a_mebibyte_of_garbage(server, http, first):
    noise = first + random.Random(5).randbytes(MIB - 1)
    answers = http.raw(noise + b"\n\r\n\r\n", finish=True)
    if first in b"{[":
        for line in answers.splitlines():
            check_error(strict(line), strict(line)["error"]["code"])
    else:
        assert answers == b"" or answers.startswith(b"HTTP/1.1 400 "), answers[:100]
    assert served(server)


@pytest.mark.parametrize("first", [b"{", b'{"jsonrpc":"2.0","id":"', b"[" * 64, b"POST /rpc HTTP/1.1\r\nX: "])
def test_64_mebibytes_without_an_end_cost_no_memory(server, first):
    assert served(server)
    before = memory(server)
    most = before
    with HTTP(socket_path(server)).stream() as stream:
        stream.sendall(first)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(64):
                stream.sendall(b"a" * MIB)
                most = max(most, memory(server))
    assert most - before < 16 * MIB
    assert served(server)


# Clients that do not behave


def ask_without_reading(session, message, seconds=2):
    """Asks again and again until the server has not taken anything for a while; how many lines went out whole."""
    line = json.dumps(message).encode() + b"\n"
    session.socket.setblocking(False)
    sent, quiet_since = 0, time.monotonic()
    while time.monotonic() - quiet_since < seconds:
        try:
            sent += session.socket.send(line[sent % len(line) :])
            quiet_since = time.monotonic()
        except BlockingIOError:
            time.sleep(0.02)
        except (BrokenPipeError, ConnectionResetError):
            break
        assert sent < 256 * MIB, "the server reads for ever"
    return sent // len(line)


def test_who_never_reads_is_not_read_from(server, admin):
    admin.call("rpc.discover")
    before = memory(server)
    with Lines(socket_path(server), receive_buffer=4096) as glutton:
        asked = ask_without_reading(glutton, request("rpc.discover", id=1))
        assert asked > 16
        started = time.monotonic()
        for _ in range(20):
            assert admin.call("system.health")["status"] == "ok"
        assert time.monotonic() - started < 10
        assert memory(server) - before < 64 * MIB
        # What was asked is answered when somebody listens.
        glutton.socket.setblocking(True)
        for _ in range(min(asked, 200)):
            assert glutton.receive()["id"] == 1
    assert served(server)


def test_many_who_never_read(server, admin):
    admin.call("rpc.discover")
    before = memory(server)
    gluttons = [Lines(socket_path(server), receive_buffer=4096) for _ in range(50)]
    for glutton in gluttons:
        glutton.socket.setblocking(False)
        try:
            glutton.socket.send((json.dumps(request("rpc.discover")) + "\n").encode() * 200)
        except BlockingIOError:
            pass
    for _ in range(20):
        assert admin.call("system.health")["status"] == "ok"
    assert memory(server) - before < 256 * MIB
    for glutton in gluttons:
        glutton.close()
    assert served(server)


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_connections_at_once(many_descriptors, server, admin):
    """Each is served or closed; a phone notices nothing; nothing is left of them."""
    admin.call("system.health")
    before = descriptors(server)
    with WirePhone(server.port, "alice") as alice:
        alice.register()
        crowd = []
        for number in range(1000):
            session = Lines(socket_path(server))
            crowd.append(session)
            try:
                session.send(request("system.health", id=number))
            except (BrokenPipeError, ConnectionResetError):
                pass
        answered = 0
        for number, session in enumerate(crowd):
            try:
                assert session.receive()["id"] == number
                answered += 1
            except (EOFError, ConnectionResetError):
                pass
        assert answered >= 16
        assert admin.call("system.health")["status"] == "ok"
        with WirePhone(server.port, "bob") as bob:
            bob.register()
        for session in crowd:
            session.close()
        alice.register()
    until(lambda: descriptors(server) <= before, lambda: f"{descriptors(server)} descriptors, {before} before")


def test_three_hundred_silent_ones(many_descriptors, server):
    silent = [HTTP(socket_path(server)).stream() for _ in range(300)]
    assert served(server)
    with WirePhone(server.port, "alice") as alice:
        alice.register()
    assert HTTP(socket_path(server)).call("system.health")["status"] == "ok"
    for stream in silent:
        stream.close()


@pytest.mark.parametrize("text", [b"{", b'{"jsonrpc":"2.0","id":1,"meth', b"POST /rpc HTTP/1.1\r\nContent-Le", b"P", b""])
def test_half_a_line_and_the_end(server, admin, text):
    admin.call("system.health")
    before = descriptors(server)
    answers = HTTP(socket_path(server)).raw(text, finish=True)
    if answers.startswith(b"{"):
        check_error(strict(answers), PARSE_ERROR)
    else:
        assert answers == b"" or answers.startswith(b"HTTP/1.1 400 "), answers
    until(lambda: descriptors(server) <= before, "the connection is kept")


def test_who_closes_his_half_is_answered(server):
    """As `echo '…' | nc -NU run/admin.sock` does."""
    lines = b"".join((json.dumps(request("rpc.discover", id=number)) + "\n").encode() for number in range(20))
    answers = HTTP(socket_path(server)).raw(lines, finish=True)
    assert {strict(line)["id"] for line in answers.splitlines()} == set(range(20))


def test_who_leaves_before_the_answer(server, admin):
    admin.call("system.health")
    before = descriptors(server)
    for _ in range(200):
        with Lines(socket_path(server)) as session:
            session.send_bytes((json.dumps(request("rpc.discover")) + "\n").encode() * 20)
    until(lambda: descriptors(server) <= before, "connections are kept")
    assert admin.call("system.health")["status"] == "ok"


def test_byte_by_byte(server):
    with Lines(socket_path(server)) as session:
        for byte in (json.dumps(request("system.health", id=1)) + "\r\n").encode():
            session.send_bytes(bytes([byte]))
        assert session.receive()["id"] == 1


def test_a_hundred_requests_at_once(admin):
    messages = [request("system.info") for _ in range(50)] + [request("foobar") for _ in range(50)]
    random.Random(5).shuffle(messages)
    admin.send_bytes(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
    answers = [admin.receive() for _ in messages]
    assert {answer["id"] for answer in answers} == {message["id"] for message in messages}
    assert sum("result" in answer for answer in answers) == 50
    with pytest.raises(TimeoutError):
        admin.receive(QUIET)


# A notification of a method that changes something


@pytest.mark.parametrize("batch", [False, True])
def test_a_changing_method_without_id_is_executed_once_and_not_answered(server, admin, batch):
    with WirePhone(server.port, "alice") as alice, WirePhone(server.port, "bob") as bob:
        alice.register(), bob.register()
        admin.subscribe("registration.*")
        (ours,) = admin.call("registrations.list", dialString=alice.number)["items"]
        message = notification("registrations.terminate", {"registration": ours["id"]})
        admin.send([message] if batch else message)
        assert alice.hears("register", "terminate")["reason"] == "administrator"
        ended = admin.event("registration.ended")
        assert ended["data"]["registration"] == ours["id"] and ended["data"]["reason"] == "administrator"
        assert [one["dialString"] for one in admin.call("registrations.list")["items"]] == [bob.number]
        with pytest.raises(TimeoutError):
            admin.receive(QUIET)


def test_the_same_over_http(server, http):
    with WirePhone(server.port, "alice") as alice:
        alice.register()
        (ours,) = http.call("registrations.list")["items"]
        answer = http.post(notification("registrations.terminate", {"registration": ours["id"]}))
        assert (answer.status, answer.body) == (204, b"")
        assert alice.hears("register", "terminate")["reason"] == "administrator"
        assert http.call("registrations.list") == {"items": []}


# HTTP


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_http_another_method(http, method):
    answer = http.do(method, "/rpc")
    if method == "BREW" and answer.status in (400, 501):
        return  # not even known
    assert answer.status == 405 and answer.headers["Allow"] == "POST", (answer.status, dict(answer.headers))


@pytest.mark.parametrize("path", ["/rpc/", "/RPC", "/rpc/x", "/rp", "/%72pc/..", "/../rpc", "//rpc", "/etc/passwd"])
def test_http_another_path(http, path):
    assert http.post(request("system.health"), path=path).status == 404


@pytest.mark.parametrize(
    "content_type, status",
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON;charset=UTF-8", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonp", 415),
        ("application/json, text/plain", 415),
        ("", 415),
    ],
)
def test_http_content_type(http, content_type, status):
    """A form of a foreign page can't send JSON."""
    assert http.post(request("system.health"), {"Content-Type": content_type}).status == status


def test_http_without_content_type(http):
    body = json.dumps(request("system.health")).encode()
    answer = http.raw(b"POST /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    assert answer.startswith(b"HTTP/1.1 415 ")


def test_http_too_large(server, http):
    head = b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    assert http.raw(head + b"Content-Length: %d\r\n\r\n" % (REQUEST_LIMIT + 1), finish=True).startswith(b"HTTP/1.1 413 ")
    assert http.raw(head + b"Content-Length: %d\r\n\r\n" % (1 << 62), finish=True).startswith(b"HTTP/1.1 413 ")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    answer = http.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ") and answer.count(b"HTTP/1.1 ") == 1
    assert http.post(padded(REQUEST_LIMIT)).status == 200
    assert served(server)


def test_http_expect(http):
    body = json.dumps(request("system.health", id=1)).encode()
    head = b"POST /rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
    with http.stream() as stream:
        stream.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
        assert stream.recv(1000).startswith(b"HTTP/1.1 100 ")
        stream.sendall(body)
        received = b""
        while part := stream.recv(65536):
            received += part
        assert received.startswith(b"HTTP/1.1 200 ") and b'"ok"' in received
    # Nobody is asked for what will be thrown away.
    answer = http.raw(head + b"Content-Length: %d\r\n\r\n" % (REQUEST_LIMIT + 1), finish=True)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_http_chunked(http):
    text = json.dumps(request("system.health", id=1))

    def chunks():
        for character in text:
            yield character.encode()

    answer = http.do(
        "POST", "/rpc", chunks(), {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}, encode_chunked=True
    )
    assert answer.status == 200 and answer.json["id"] == 1


def test_http_pipelined(http):
    """Answers of HTTP come in order, whatever takes how long."""
    requests = b""
    for number, method in enumerate(["rpc.discover", "system.health", "foobar", "rpc.discover", "system.health"]):
        body = json.dumps(request(method, id=number)).encode()
        last = b"Connection: close\r\n" if number == 4 else b""
        requests += (
            b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
            % (last, len(body), body)
        )
    received = http.raw(requests)
    bodies = [part.split(b"\r\n\r\n", 1)[1] for part in received.split(b"HTTP/1.1 200 ")[1:]]
    assert [strict(body)["id"] for body in bodies] == [0, 1, 2, 3, 4]


def test_http_connection_is_kept(http):
    connection = http.connection()
    for number in range(5):
        connection.request(
            "POST", "/rpc", json.dumps(request("system.health", id=number)), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        assert response.status == 200 and json.load(response)["id"] == number
    connection.close()


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 50\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5x\r\n",
        b"Content-Length: 99999999999999999999999999\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
    ],
)
def test_http_smuggling(server, http, framing):
    """Where a request ends must be beyond doubt: nothing after it may be taken for another one."""
    before = revision(server)
    second = json.dumps(CHANGE).encode()
    smuggled = (
        b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(second), second)
    )
    answer = http.raw(
        b"POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + framing + b"\r\n0\r\n\r\n" + smuggled, finish=True
    )
    assert answer.count(b"HTTP/1.1 ") <= 1 and b"HTTP/1.1 20" not in answer, answer
    assert revision(server) == before


def test_http_head_without_end(http):
    answer = http.raw(b"POST /rpc HTTP/1.1\r\n" + b"X-Filler: " + b"a" * (2 * MIB) + b"\r\n\r\n")
    assert answer == b"" or answer.split()[1] in (b"400", b"413", b"431"), answer[:100]


def test_http_1_0(http):
    body = json.dumps(request("system.health", id=1)).encode()
    answer = http.raw(b"POST /rpc HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    assert b" 200 " in answer.splitlines()[0] and b'"ok"' in answer


def test_http_says_what_went_wrong_in_json_rpc(http):
    answer = http.post(b"{")
    assert answer.status == 200
    check_error(answer.json, PARSE_ERROR)
    answer = http.post(b"")
    assert answer.status == 200
    check_error(answer.json, PARSE_ERROR)


def test_http_has_no_subscriptions(http):
    with pytest.raises(Refused) as refused:
        http.call("events.subscribe", topics=["*"])
    assert refused.value.code in (INVALID_REQUEST, UNKNOWN_METHOD), refused.value


def test_http_metrics(http):
    answer = http.do("GET", "/metrics")
    assert answer.status == 200 and answer.headers.get_content_type() == "text/plain"
    names = {line.split()[2] for line in answer.body.decode().splitlines() if line.startswith("# TYPE ")}
    assert any(name.startswith("anynode_") for name in names)
    text = http.call("system.metrics")["text"]
    assert {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")} >= names
    assert http.do("POST", "/metrics", b"").status == 405


def test_curl(server):
    def curl(*arguments):
        return subprocess.run(
            ["curl", "-sS", "--max-time", "20", "--unix-socket", socket_path(server), *arguments],
            capture_output=True, text=True, check=True,
        ).stdout

    answer = curl(
        "-H", "Content-Type: application/json", "-d", '{"jsonrpc":"2.0","id":1,"method":"system.info"}', "http://localhost/rpc"
    )
    assert json.loads(answer)["result"]["pid"] == server._process.pid
    assert "anynode_" in curl("http://localhost/metrics")


# The socket's file


def test_only_the_owner_may_open_it(server):
    path = socket_path(server)
    status = path.stat()
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir() if "admin" in entry.name] == ["admin.sock"], "nothing is left over"


def test_the_file_goes_with_the_server(start_server):
    server = start_server()
    assert server.stop() == 0
    assert not socket_path(server).exists()


AS_NOBODY = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
stream = socket.socket(socket.AF_UNIX)
stream.settimeout(20)
stream.connect("admin.sock")
try:
    stream.sendall(sys.stdin.buffer.read())
    stream.shutdown(socket.SHUT_WR)
    while part := stream.recv(65536):
        sys.stdout.buffer.write(part)
except (BrokenPipeError, ConnectionResetError):
    pass
"""


def ask_as_nobody(server, text):
    """What another account is told, had somebody opened the file to everybody."""
    path = socket_path(server)
    path.chmod(0o666)
    path.parent.chmod(0o755)
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY], cwd=path.parent, input=text.encode(), capture_output=True, check=True, timeout=60
    ).stdout


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="another account can be taken on by root alone")


@needs_root
def test_another_account_is_refused(server):
    post = "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"
    ask = json.dumps(request("system.info", id=1))
    for text in (ask + "\n", post.format(len(ask), ask), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"):
        answer = ask_as_nobody(server, text)
        assert b'"result"' not in answer and b"anynode_" not in answer and b" 200 " not in answer, answer
    before = revision(server)
    ask_as_nobody(server, json.dumps(CHANGE) + "\n")
    assert revision(server) == before
    assert "65534" in server.log(), "who was refused stands in the log"


HOLD_AS_NOBODY = """
import os, resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (2000, 2000))
os.setgroups([]); os.setgid(65534); os.setuid(65534)
crowd = []
for _ in range(1500):
    stream = socket.socket(socket.AF_UNIX)
    stream.connect("admin.sock")
    crowd.append(stream)
print("here", flush=True)
sys.stdin.read()
"""


@needs_root
def test_many_who_are_refused_keep_nobody_out(many_descriptors, server, admin):
    path = socket_path(server)
    path.chmod(0o666)
    path.parent.chmod(0o755)
    admin.call("system.health")
    before = descriptors(server)
    crowd = subprocess.Popen(
        [sys.executable, "-c", HOLD_AS_NOBODY], cwd=path.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert crowd.stdout.readline() == "here\n"
        assert served(server)
        until(lambda: descriptors(server) <= before + 1, lambda: f"{descriptors(server)} descriptors, {before} before")
        assert len(server.log()) < 1_000_000, "each of them fills the log"
    finally:
        crowd.stdin.close()
        crowd.wait(20)
        crowd.stdout.close()


@needs_root
def test_an_account_that_is_allowed(start_server):
    def adjust(document):
        document["admin"] = {"allowedUIDs": [65534]}

    server = start_server(adjust)
    answer = ask_as_nobody(server, json.dumps(request("system.info", id=1)) + "\n")
    assert strict(answer)["result"]["pid"] == server._process.pid


def test_the_socket_of_a_dead_server_is_replaced(start_server, tmp_path):
    def leave_one(_):
        folder = tmp_path / "server-1/run"
        folder.mkdir(mode=0o700)
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(str(folder / "admin.sock"))
        dead.listen()
        dead.close()

    server = start_server(leave_one)
    assert served(server)
    assert stat.S_IMODE(socket_path(server).stat().st_mode) == 0o600


def start_beside(server):
    """Another server with the same configuration: its status and what it said."""
    binary = path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server")
    folder = socket_path(server).parent.parent
    result = subprocess.run(
        [binary, "--config", folder / "plugins.json"], cwd=folder, capture_output=True, text=True, timeout=60
    )
    return result.returncode, result.stdout + result.stderr


def test_a_second_server_leaves_the_socket_alone(server, admin):
    before = socket_path(server).stat()
    status, said = start_beside(server)
    assert status == 1 and "admin.sock" in said, said
    assert "ready" not in said.splitlines()
    after = socket_path(server).stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert admin.call("system.health")["status"] == "ok"
    assert served(server)


def test_a_server_that_is_stopped_for_a_while_keeps_its_socket(server):
    """It can't answer, yet it is there: connecting works."""
    server._process.send_signal(signal.SIGSTOP)
    try:
        status, said = start_beside(server)
    finally:
        server._process.send_signal(signal.SIGCONT)
    assert status == 1 and "admin.sock" in said, said
    assert served(server)


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_what_is_no_socket_is_not_replaced(server, tmp_path, kind):
    folder = tmp_path / "another"
    (folder / "run").mkdir(parents=True, mode=0o700)
    path = folder / "run/admin.sock"
    target = folder / "precious"
    target.write_text("precious")
    if kind == "file":
        path.write_text("precious")
    elif kind == "link":
        path.symlink_to(target)
    else:
        path.mkdir()
    (folder / "plugins.json").write_text((socket_path(server).parent.parent / "plugins.json").read_text())
    binary = path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server")
    result = subprocess.run([binary, "--config", folder / "plugins.json"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 1 and "admin.sock" in result.stderr, result.stderr
    assert target.read_text() == "precious"
    assert path.is_dir() if kind == "folder" else path.read_text() == "precious"


def test_a_name_that_is_not_there(admin):
    for method, member in (("registrations.get", "registration"), ("calls.get", "call"), ("plugins.get", "name")):
        with pytest.raises(Refused) as refused:
            admin.call(method, **{member: "9999.9999"})
        assert refused.value.code == NOT_FOUND
