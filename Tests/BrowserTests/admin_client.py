"""Clients of the admin API: JSON-RPC 2.0 in lines, over HTTP and over WebSocket, and bare sockets for who means no good."""

import base64
import collections
import contextlib
import http.client
import itertools
import json
import re
import socket
import threading
import time
from pathlib import Path

from websockets.sync.client import connect as connect_websocket

LIMIT = 20

PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
NOT_FOUND, INVALID_CONFIGURATION, PLUGIN_UNAVAILABLE, TIMEOUT, CONFLICT, FORBIDDEN, DRAINING = range(1001, 1008)

_ids = itertools.count(1)


def socket_path(server):
    """The Unix socket stands beside the configuration unless that says otherwise."""
    return Path(server._stderr.name).parent / "run/admin.sock"


def tcp_port(server, number=0):
    """The port of the admin listeners' first, or another one, from what the server printed when it began to listen."""
    matches = [re.match(r"admin +https?://\S*:(\d+)/", line) for line in server.printed]
    return [int(match[1]) for match in matches if match][number]


class Refused(Exception):
    """The server's answer was an error."""

    def __init__(self, method, error):
        super().__init__(f"{method}: {error}")
        self.code = error["code"]
        self.message = error["message"]
        self.data = error.get("data")


class Number(str):
    """A number as it was written."""


def written(text):
    """The JSON text, with numbers as they were written: `1`, `1.0` and `1e0` are three."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_no_json)


def strict(text):
    """JSON as RFC 8259 has it: no NaN, and no member twice."""
    return json.loads(text, parse_constant=_no_json, object_pairs_hook=_members_once)


def _no_json(constant):
    raise ValueError(f"{constant} is no JSON")


def _members_once(pairs):
    assert len(dict(pairs)) == len(pairs), f"a member twice: {pairs}"
    return dict(pairs)


def request(method, params=None, **members):
    """A request with an id of its own, or with what is given: `id=None` is the id null."""
    message = {"jsonrpc": "2.0", "id": next(_ids), "method": method, **members}
    if params is not None:
        message["params"] = params
    return message


def notification(method, params=None):
    message = request(method, params)
    del message["id"]
    return message


def result_of(method, answer):
    assert isinstance(answer, dict) and answer.get("jsonrpc") == "2.0", answer
    assert ("result" in answer) != ("error" in answer), answer
    if "error" in answer:
        raise Refused(method, answer["error"])
    return answer["result"]


def check_error(answer, code, identifier=None):
    """An error object to the letter of section 5.1."""
    assert answer.keys() == {"jsonrpc", "error", "id"} and answer["jsonrpc"] == "2.0", answer
    error = answer["error"]
    assert {"code", "message"} <= error.keys() <= {"code", "message", "data"}, answer
    assert isinstance(error["message"], str) and error["message"], answer
    assert error["code"] == code, answer
    assert answer["id"] == identifier and type(answer["id"]) is type(identifier), answer
    return error


class Session:
    """What is common to the connections that live long: calls, events, and answers in any order."""

    def __init__(self):
        self.events = collections.deque()
        self.traffic = []
        self._answers = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, message):
        self.send_text(json.dumps(message, ensure_ascii=False))

    def receive(self, timeout=LIMIT):
        """The next JSON text, whatever it is. The connection's end is an EOFError, silence a TimeoutError."""
        text = self.receive_text(timeout)
        self.traffic.append(text)
        return strict(text)

    def answer_to(self, identifier, timeout=LIMIT):
        """The answer to that request; what else comes meanwhile is kept."""
        deadline = time.monotonic() + timeout
        while identifier not in self._answers:
            message = self.receive(deadline - time.monotonic())
            if isinstance(message, dict) and "method" in message:
                self.events.append(message)
            else:
                self._answers[message["id"]] = message
        return self._answers.pop(identifier)

    def ask(self, message, timeout=LIMIT):
        self.send(message)
        return self.answer_to(message["id"], timeout)

    def call(self, method, /, timeout=LIMIT, **params):
        """The result, or `Refused`."""
        return result_of(method, self.ask(request(method, params), timeout))

    def subscribe(self, *topics):
        return self.call("events.subscribe", topics=list(topics))["subscription"]

    def event(self, name, timeout=LIMIT, **data):
        """The next event of that name with these data; others are kept for who asks for them."""
        deadline = time.monotonic() + timeout
        seen = 0
        while True:
            for message in list(self.events)[seen:]:
                seen += 1
                assert message.keys() == {"jsonrpc", "method", "params"} and message["method"] == "event", message
                event = message["params"]
                if event["event"] == name and data.items() <= event["data"].items():
                    self.events.remove(message)
                    return event
            try:
                message = self.receive(max(0.01, deadline - time.monotonic()))
            except TimeoutError:
                raise AssertionError(f"no {name} {data} among {[one['params'] for one in self.events]}") from None
            if "method" in message:
                self.events.append(message)
            else:
                self._answers[message["id"]] = message

    def pages(self, method, limit, **params):
        """Page after page of a list."""
        cursor = None
        while True:
            page = self.call(method, limit=limit, **params, **({"cursor": cursor} if cursor else {}))
            assert page.keys() <= {"items", "cursor"} and len(page["items"]) <= limit, page
            yield page["items"]
            cursor = page.get("cursor")
            if cursor is None:
                return

    def all(self, method, limit=1000, **params):
        return [item for items in self.pages(method, limit, **params) for item in items]


def _connected(path, receive_buffer=None):
    stream = socket.socket(socket.AF_UNIX)
    if receive_buffer:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    # Without a limit: a socket that has one does not wait for a place in the queue.
    stream.connect(str(path))
    stream.settimeout(LIMIT)
    return stream


class Lines(Session):
    """Newline-delimited JSON on the Unix socket."""

    def __init__(self, path, receive_buffer=None):
        super().__init__()
        self.socket = _connected(path, receive_buffer)
        self._buffer = bytearray()

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send_text(self, text):
        self.send_bytes(text.encode() + b"\n")

    def receive_text(self, timeout=LIMIT):
        deadline = time.monotonic() + timeout
        while (end := self._buffer.find(b"\n")) < 0:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            part = self.socket.recv(1 << 18)
            if not part:
                raise EOFError(bytes(self._buffer[:200]))
            self._buffer += part
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.decode()

    def is_closed(self, timeout=LIMIT):
        """Whether the server has closed, and said nothing more before."""
        self.socket.settimeout(timeout)
        try:
            return not self._buffer and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def finish(self):
        """Nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()


class WebSocket(Session):
    """`GET /rpc` of a TCP listener; with the token as a program sends it, or as a browser has to."""

    def __init__(self, port, token=None, browser=False, origin=None, subprotocols=None, headers=None, **options):
        super().__init__()
        headers = dict(headers or {})
        if browser and token is not None:
            subprotocols = ["jsonrpc", f"bearer.{base64url(token)}"]
        elif token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._end = contextlib.ExitStack()
        self.socket = self._end.enter_context(
            connect_websocket(
                f"ws://127.0.0.1:{port}/rpc", origin=origin, subprotocols=subprotocols, additional_headers=headers,
                open_timeout=LIMIT, proxy=None, max_size=None, max_queue=None, **options,
            )
        )

    def send_text(self, text):
        self.socket.send(text)

    def receive_text(self, timeout=LIMIT):
        return self.socket.recv(timeout=timeout)

    def close(self):
        self._end.close()


def base64url(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


class Answer:
    """Of HTTP."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        assert self.headers.get_content_type() == "application/json", dict(self.headers)
        return strict(self.body)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=LIMIT)
        self._path = path

    def connect(self):
        self.sock = _connected(self._path)


class HTTP:
    """HTTP/1.1 over the Unix socket (a path) or a TCP listener (a port). Each request has a connection of its own."""

    def __init__(self, where, token=None, headers=None):
        self.where = where
        self.headers = dict(headers or {})
        if token is not None:
            self.headers["Authorization"] = f"Bearer {token}"

    def connection(self):
        if isinstance(self.where, int):
            return http.client.HTTPConnection("127.0.0.1", self.where, timeout=LIMIT)
        return _UnixConnection(self.where)

    def do(self, method, path, body=None, headers=None, **options):
        connection = self.connection()
        try:
            connection.request(method, path, body, {**self.headers, **(headers or {})}, **options)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def post(self, body, headers=None, path="/rpc"):
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        return self.do("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    def ask(self, message):
        answer = self.post(message)
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json

    def call(self, method, /, **params):
        return result_of(method, self.ask(request(method, params)))

    def raw(self, data, timeout=LIMIT, finish=False):
        """Everything the server sends to these bytes until it closes."""
        with self.stream() as stream:
            stream.settimeout(timeout)

            def send():
                try:
                    stream.sendall(data)
                    if finish:
                        stream.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # it has heard enough

            # At the same time, since the server does not read from who does not.
            sender = threading.Thread(target=send)
            sender.start()
            received = b""
            try:
                while part := stream.recv(65536):
                    received += part
            except ConnectionResetError:
                pass
            sender.join()
            return received

    def stream(self):
        if isinstance(self.where, int):
            return socket.create_connection(("127.0.0.1", self.where), timeout=LIMIT)
        return _connected(self.where)


def memory(server):
    """Bytes of the server process that are in memory."""
    status = Path(f"/proc/{server._process.pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024


def descriptors(server):
    return len(list(Path(f"/proc/{server._process.pid}/fd").iterdir()))


def until(look, what, limit=LIMIT):
    """What `look` sees once it is true."""
    deadline = time.monotonic() + limit
    while not (seen := look()):
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.02)
    return seen
