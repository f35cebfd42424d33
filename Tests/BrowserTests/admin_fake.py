"""An admin listener as the dashboard sees it, with canned data: for what a real server shows only on its worst days.

`python admin_fake.py [viewer]` serves it for trying things out by hand, with live events; the token is printed.
"""

import base64
import copy
import hashlib
import json
import socket
import struct
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
READ_ONLY = {
    "system.info", "system.health", "system.metrics", "config.get", "config.schema", "config.validate", "plugins.list",
    "plugins.get", "directory.resolve", "directory.list", "registrations.list", "registrations.get", "calls.list",
    "calls.get", "calls.history", "calls.trace", "notifications.history", "events.subscribe", "events.unsubscribe",
}  # fmt: skip


def at(seconds_ago=0.0):
    moment = datetime.now(timezone.utc) - timedelta(seconds=seconds_ago)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


class Refused(Exception):
    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.error = {"code": code, "message": message} | ({} if data is None else {"data": data})


def registration(number, **facts):
    return {
        "id": f"{number}.1", "dialString": f"49536381{95000 + number}", "username": f"user{number}",
        "displayName": f"Person {number}", "client": "anynode app 4.2 (iOS)", "plugin": "people", "connected": True,
        "registeredAt": at(60 * number + 5), "peer": f"192.0.2.{number % 250 + 1}:50{number % 900 + 100}",
        "canBeWoken": True, "quarantined": False, "calls": [],
    } | facts  # fmt: skip


PEOPLE = [("Alice Adams", "alice"), ("Bob Brown", "bob"), ("Carol Clark", "carol"), ("Dora Diaz", "dora"), ("Emil Ernst", "emil"),
          ("Fatma Faruk", "fatma"), ("Georg Gross", "georg"), ("Hana Hayashi", "hana"), ("Igor Ivanov", "igor")]  # fmt: skip


def people():
    items = [registration(i + 1, displayName=name, username=user) for i, (name, user) in enumerate(PEOPLE)]
    items[0]["calls"] = items[1]["calls"] = ["12.1"]
    items[3].update(connected=False, absentSince=at(640), client="anynode app 4.2 (Android)")
    items[3].pop("peer")
    items[5].update(connected=False, absentSince=at(20), canBeWoken=False, client="Chromium 131")
    items[7].update(quarantined=True)
    items[8].update(client="anynode desktop 2.0 (Windows)", canBeWoken=False)
    return items


def trace(call, dialled, steps, started=300.0, reason=None, omitted=0):
    return {
        "call": call, "dialled": dialled, "caller": {"dialString": "4953638195001", "displayName": "Alice Adams"},
        "startedAt": at(started), "steps": [
            {"at": at(started - after / 1000), "afterMilliseconds": after, "step": step, "text": text} | more
            for after, step, text, more in steps
        ], "omitted": omitted,
    } | ({"reason": reason, "endedAt": at(started - steps[-1][0] / 1000)} if reason else {})  # fmt: skip


WOKEN = [
    (0.0, "started", "4953638195001 calls 4953638195004", {}),
    (0.4, "waiting", "Dora Diaz (anynode app) is away: it will be told when it comes", {"registration": "4.1"}),
    (1.1, "pushRequested", "a push is to wake Dora Diaz (anynode app)", {"registration": "4.1"}),
    (187.9, "pushAccepted", "the messaging service took the push for Dora Diaz (anynode app)", {"registration": "4.1"}),
    (6420.3, "returned", "Dora Diaz (anynode app) is back", {"registration": "4.1"}),
    (6421.0, "offered", "Dora Diaz (anynode app) is told of the call", {"registration": "4.1"}),
    (6840.7, "ringing", "Dora Diaz (anynode app) rings", {"registration": "4.1"}),
    (12903.2, "answered", "Dora Diaz (anynode app) answers", {"registration": "4.1"}),
    (74120.5, "legEnded", "Dora Diaz (anynode app) leaves: normal", {"registration": "4.1", "reason": "normal"}),
    (74121.0, "ended", "the call is over: normal", {"reason": "normal"}),
]
GONE = [
    (0.0, "started", "4953638195001 calls 4953638195004", {}),
    (0.3, "waiting", "Dora Diaz (anynode app) is away: it will be told when it comes", {"registration": "4.1"}),
    (0.9, "pushRequested", "a push is to wake Dora Diaz (anynode app)", {"registration": "4.1"}),
    (141.2, "pushGone", "the messaging service does not know Dora Diaz (anynode app) any more", {"registration": "4.1"}),
    (30002.0, "ended", "the call is over: unavailable", {"reason": "unavailable"}),
]
TALKING = [
    (0.0, "started", "4953638195001 calls 4953638195002", {}),
    (0.5, "offered", "Bob Brown is told of the call", {"registration": "2.1"}),
    (132.0, "ringing", "Bob Brown rings", {"registration": "2.1"}),
    (4310.2, "answered", "Bob Brown answers", {"registration": "2.1"}),
]


def settings_document():
    return {
        "listeners": [{"name": "public", "scheme": "wss", "host": "0.0.0.0", "port": 443, "paths": ["/"]}],
        "signaling": {"reconnectGrace": "60s", "ringTimeout": "60s", "devices": "fork"},
        "authentication": {"methods": ["basic", "token"], "realm": "anynode"},
        "plugins": [
            {"name": "people", "kind": "LDAPDirectory", "settings": {
                "preset": "activeDirectory", "urls": ["ldaps://ldap1.example.test", "ldaps://ldap2.example.test"],
                "tls": {"startTLS": "required", "minimumVersion": "1.2"}, "password": "***", "timeout": "3s", "connections": 8,
                "followReferrals": False,
            }},
            {"name": "firebase", "kind": "FCMNotifier", "settings": {"project": "anynode-app", "key": "***"}},
        ],
        "log": {"level": "info"},
    }  # fmt: skip


SECRET = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "object", "properties": {"$env": {"type": "string"}}}]}
DURATION = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"}


def settings_of(kind, properties, required=()):
    settings = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {"if": {"properties": {"kind": {"const": kind}}}, "then": {"properties": {"settings": settings}}}


SCHEMA = {"type": "object", "properties": {"plugins": {"type": "array", "items": {"type": "object", "allOf": [
    settings_of("LDAPDirectory", {
        "preset": {"type": "string", "enum": ["openldap", "activeDirectory"], "default": "openldap", "description": "Whose schema the defaults are for."},
        "urls": {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "Addresses of servers with the same content, the preferred one first."},
        "tls": {"type": "object", "description": "How connections are encrypted.", "properties": {
            "startTLS": {"type": "string", "enum": ["required", "optional", "off"], "default": "required", "description": "Whether an ldap:// connection turns to TLS at once."},
            "authorities": {"type": "string", "description": "A PEM file with the authorities that sign the servers' certificates."},
            "minimumVersion": {"type": "string", "enum": ["1.2", "1.3"], "default": "1.2", "description": "No older version is spoken."},
        }},
        "password": SECRET | {"description": "The password we bind with."},
        "timeout": DURATION | {"default": "5s", "description": "How long an answer may take."},
        "connections": {"type": "integer", "minimum": 1, "default": 4, "description": "Connections to one server at most."},
        "followReferrals": {"type": "boolean", "default": False, "description": "Whether to ask the servers a server refers to."},
        "attributes": {"type": "array", "items": {"type": "object"}, "description": "Further attributes, as JSON."},
    }, ["urls"]),
    settings_of("FCMNotifier", {"project": {"type": "string"}, "key": SECRET, "timeout": DURATION | {"default": "10s"}}, ["key"]),
]}}}}  # fmt: skip


class FakeAdmin:
    """The listener and its data. Tests change the data, and look at `requests`."""

    token = "a-token-of-the-fake"

    def __init__(self, role="operator"):
        self.role = role
        self.tells_role = True
        self.requests = []
        self.sockets = []
        self.accepts_sockets = True
        self.draining = False
        self.started = at(93_784)
        self.revision = 7
        self.document = settings_document()
        self.running_is_file = True
        self.registrations = people()
        self.calls = [{
            "id": "12.1", "state": "connected", "dialled": "4953638195002", "startedAt": at(190), "answeredAt": at(185.7),
            "caller": {"registration": "1.1", "dialString": "4953638195001", "displayName": "Alice Adams", "state": "connected", "onHold": False, "connected": True},
            "callees": [{"registration": "2.1", "dialString": "4953638195002", "displayName": "Bob Brown", "state": "connected", "onHold": False, "connected": True}],
        }]  # fmt: skip
        self.history = [
            self.record("11.1", "4953638195004", 240, "normal", talk=61.2, pushes=1), self.record("10.1", "4953638195004", 900, "unavailable", pushes=1),
            self.record("9.1", "4953638195003", 1500, "busy"), self.record("8.1", "0800555", 2900, "notFound"),
            self.record("7.1", "4953638195005", 4100, "noAnswer"), self.record("6.1", "4953638195006", 5200, "normal", talk=3725),
        ]  # fmt: skip
        self.traces = [
            trace("12.1", "4953638195002", TALKING, 190), trace("11.1", "4953638195004", WOKEN, 315, "normal", omitted=3),
            trace("10.1", "4953638195004", GONE, 930, "unavailable"),
        ]  # fmt: skip
        self.pushes = [self.push(300, "accepted", 186.8, "11.1"), self.push(930, "gone", 140.3, "10.1", "the token is not registered any more"),
                       self.push(4000, "throttled", 0.2), self.push(9000, "failed", 10000.0, None, "no answer within 10 s")]  # fmt: skip
        health = {"status": "ok", "since": at(93_700)}
        self.plugins = [
            {"name": "people", "kind": "LDAPDirectory", "roles": ["directory", "authenticator"], "enabled": True,
             "health": {"status": "degraded", "since": at(1260), "problem": "ldaps://ldap2.example.test: connection refused"},
             "counters": [{"question": "resolve", "outcome": "found", "count": 128_411}, {"question": "resolve", "outcome": "missing", "count": 932},
                          {"question": "authenticate", "outcome": "accepted", "count": 48_210}, {"question": "authenticate", "outcome": "refused", "count": 77}],
             "latencies": [{"question": "resolve", "count": 129_343, "p50Milliseconds": 1.8, "p90Milliseconds": 4.6, "p99Milliseconds": 38.1},
                           {"question": "authenticate", "count": 48_287, "p50Milliseconds": 12.4, "p90Milliseconds": 31.0, "p99Milliseconds": 204.9}],
             "cache": {"hit": 901_223, "miss": 129_343, "joined": 412, "stale": 18}},
            {"name": "firebase", "kind": "FCMNotifier", "roles": ["notifier"], "enabled": True, "health": health, "counters": [], "latencies": []},
        ]  # fmt: skip
        self.lock = threading.Lock()
        fake = self

        class Handler(_Handler):
            owner = fake

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def record(call, dialled, ago, reason, talk=None, pushes=0):
        callee = {"callee": {"dialString": dialled, "displayName": "Dora Diaz"}, "talkSeconds": talk} if talk else {}
        return {"id": call, "dialled": dialled, "caller": {"dialString": "4953638195001", "displayName": "Alice Adams"},
                "startedAt": at(ago + 75), "endedAt": at(ago), "reason": reason, "pushes": pushes} | callee  # fmt: skip

    @staticmethod
    def push(ago, outcome, latency, call=None, problem=None):
        more = ({"call": call} if call else {}) | ({"problem": problem} if problem else {})
        return {"at": at(ago), "registration": "4.1", "dialString": "4953638195004", "plugin": "firebase", "kind": "wake",
                "outcome": outcome, "latencyMilliseconds": latency} | more  # fmt: skip

    # Events

    def emit(self, event, **data):
        params = {"subscription": "1", "event": event, "at": at(), "data": data}
        self._send_all({"jsonrpc": "2.0", "method": "event", "params": params})

    def _send_all(self, message):
        with self.lock:
            sockets = list(self.sockets)
        for connection in sockets:
            try:
                connection.send_text(json.dumps(message))
            except OSError:
                pass

    def drop_sockets(self):
        with self.lock:
            sockets, self.sockets = self.sockets, []
        for connection in sockets:
            try:
                connection.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def until_subscribed(self, limit=10):
        deadline = time.monotonic() + limit
        while not self.sockets:
            assert time.monotonic() < deadline, "nobody subscribed"
            time.sleep(0.02)

    def asked(self, method):
        return [params for name, params in self.requests if name == method]

    def stop(self):
        self.drop_sockets()
        self.server.shutdown()
        self.server.server_close()

    # Methods

    def answer(self, request):
        method, params = request["method"], request.get("params", {})
        self.requests.append((method, params))
        envelope = {"jsonrpc": "2.0", "id": request.get("id")}
        try:
            if self.role == "viewer" and method not in READ_ONLY:
                raise Refused(1006, f"{method} is for operators")
            handler = getattr(self, method.replace(".", "_"), None)
            if handler is None:
                raise Refused(-32601, f"Method not found: {method}")
            return envelope | {"result": handler(params)}
        except Refused as refusal:
            return envelope | {"error": refusal.error}

    def system_info(self, _):
        role = {"role": self.role} if self.tells_role else {}
        connected = sum(1 for one in self.registrations if one["connected"])
        return {
            "name": "anynode-server", "version": "0.1.0", "pid": 4711, "startedAt": self.started, "uptimeSeconds": 93_784.2, "host": "sbc-1.example.test",
            "state": "draining" if self.draining else "serving",
            "configuration": {"path": "/etc/anynode/plugins.json", "revision": f"c0ffee-{self.revision}", "changedSinceFile": not self.running_is_file},
            "listeners": [{"name": "public", "url": "wss://sbc-1.example.test:443/", "connections": connected}, {"name": "inside", "url": "ws://10.0.0.4:8080/", "connections": 0}],
            "plugins": [{key: plugin[key] for key in ("name", "kind", "enabled")} for plugin in self.plugins],
            "counts": {"registrations": len(self.registrations), "connected": connected, "calls": len(self.calls), "sockets": connected + 2, "waitingPushes": 0},
        } | role  # fmt: skip

    def system_health(self, _):
        parts = [{"name": name, "status": "ok", "since": at(93_780)} for name in ("listener:public", "listener:inside", "store", "log")]
        parts[2:2] = [{"name": f"plugin:{plugin['name']}"} | plugin["health"] for plugin in self.plugins]
        return {"status": "degraded", "components": parts}

    def system_drain(self, _):
        self.draining = True
        self.emit("system.drain")
        return {"state": "draining", "sockets": 9, "calls": 1}

    def system_resume(self, _):
        self.draining = False
        self.emit("system.resume")
        return {"state": "serving"}

    def system_setLogLevel(self, params):
        return {"level": params["level"] if "label" not in params else "info", "labels": {params["label"]: params["level"]} if "label" in params else {}}

    def config_get(self, _):
        return {"revision": f"c0ffee-{self.revision}", "document": copy.deepcopy(self.document), "path": "/etc/anynode/plugins.json"}

    def config_schema(self, _):
        return SCHEMA

    def _problems(self, document):
        timeout = document.get("signaling", {}).get("ringTimeout")
        found = []
        if timeout is not None and not isinstance(timeout, str):
            found.append({"pointer": "/signaling/ringTimeout", "problem": f'expected a duration such as "60s", found the number {timeout}'})
        for index, plugin in enumerate(document.get("plugins", [])):
            if plugin.get("settings", {}).get("connections", 1) > 64:
                found.append({"pointer": f"/plugins/{index}/settings/connections", "problem": "expected a number from 1 to 64, found more"})
        return found

    def config_validate(self, params):
        document = params["document"]
        changes = [{"pointer": f"/{key}", "change": "changed"} for key in document if document[key] != self.document.get(key)]
        problems = self._problems(document)
        return {"valid": not problems, "problems": problems, "changes": changes, "restartRequired": ["/listeners"]}

    def config_apply(self, params):
        if params.get("revision", f"c0ffee-{self.revision}") != f"c0ffee-{self.revision}":
            raise Refused(1005, "the configuration is not what it was", {"revision": f"c0ffee-{self.revision}"})
        if problems := self._problems(params["document"]):
            raise Refused(1002, "invalid configuration", problems)
        checked = self.config_validate(params)
        self.change_document(params["document"])
        return {"revision": f"c0ffee-{self.revision}", "changes": checked["changes"], "restartRequired": [], "persisted": params.get("persist", False)}

    def change_document(self, document):
        self.document = document
        self.revision += 1
        self.emit("system.configured", revision=f"c0ffee-{self.revision}")

    def config_reload(self, _):
        self.change_document(settings_document())
        return {"revision": f"c0ffee-{self.revision}", "changes": [], "restartRequired": []}

    def plugins_list(self, _):
        return {"items": [{key: plugin[key] for key in ("name", "kind", "roles", "enabled", "health")} for plugin in self.plugins]}

    def _plugin(self, name):
        for index, plugin in enumerate(self.plugins):
            if plugin["name"] == name:
                return index, plugin
        raise Refused(1001, f'no plugin "{name}"')

    def plugins_get(self, params):
        index, plugin = self._plugin(params["name"])
        return plugin | {"settings": copy.deepcopy(self.document["plugins"][index]["settings"]), "pointer": f"/plugins/{index}"}

    def plugins_configure(self, params):
        index, _ = self._plugin(params["name"])
        document = copy.deepcopy(self.document)
        settings = document["plugins"][index]["settings"]
        for name, value in params["settings"].items():
            if isinstance(value, dict):
                settings.setdefault(name, {}).update(value)
            elif value is None:
                settings.pop(name, None)
            else:
                settings[name] = value
        if problems := self._problems(document):
            raise Refused(1002, "invalid configuration", problems)
        self.change_document(document)
        return {"revision": f"c0ffee-{self.revision}", "changes": [], "restartRequired": []}

    def _switch(self, name, enabled):
        self._plugin(name)[1]["enabled"] = enabled
        self.emit("plugin.changed", plugin=name, status="ok" if enabled else "disabled")
        return {"revision": f"c0ffee-{self.revision}"}

    def plugins_enable(self, params):
        return self._switch(params["name"], True)

    def plugins_disable(self, params):
        return self._switch(params["name"], False)

    def directory_resolve(self, params):
        key, value = next((key, params[key]) for key in ("username", "dialString") if key in params)
        one = next((one for one in self.registrations if one.get(key) == value), None)
        asked = [{"plugin": "people", "outcome": "found" if one else "missing", "milliseconds": 2.4}]
        if one is None:
            return {"found": False, "milliseconds": 2.4, "asked": asked}
        entry = {name: one[name] for name in ("username", "dialString", "displayName") if name in one}
        return {"found": True, "entry": entry, "plugin": "people", "milliseconds": 2.4, "asked": asked}

    @staticmethod
    def _page(items, params):
        start, limit = int(params.get("cursor", 0)), params.get("limit", 100)
        more = {"cursor": str(start + limit)} if start + limit < len(items) else {}
        return {"items": items[start : start + limit]} | more

    def registrations_list(self, params):
        number = params.get("dialString")
        if number is not None and not all(one.isalnum() or one in "+*#._-" for one in number):
            raise Refused(-32602, "Invalid params", [{"pointer": "/dialString", "problem": "expected a number, found another text"}])
        names = [name for name in ("dialString", "username", "connected", "plugin") if name in params]
        return self._page([one for one in self.registrations if all(one.get(name) == params[name] for name in names)], params)

    def _registration(self, params):
        for one in self.registrations:
            if one["id"] == params["registration"]:
                return one
        raise Refused(1001, f"no registration {params['registration']}")

    def registrations_get(self, params):
        return self._registration(params)

    def registrations_terminate(self, params):
        one = self._registration(params)
        self.registrations.remove(one)
        self.emit("registration.ended", registration=one["id"], dialString=one["dialString"], reason="administrator")
        return {}

    def registrations_disconnect(self, params):
        one = self._registration(params)
        one.update(connected=False, absentSince=at())
        self.emit("registration.lost", registration=one["id"], dialString=one["dialString"])
        return {}

    def registrations_wake(self, params):
        if self._registration(params)["connected"]:
            return {"outcome": "connected", "returned": True, "steps": []}
        texts = [(0.0, "a push is requested from firebase"), (171.4, "the messaging service took the push"), (5210.0, "the client is back")]
        return {"outcome": "accepted", "plugin": "firebase", "returned": True, "steps": [{"at": at(), "afterMilliseconds": after, "text": text} for after, text in texts]}

    def calls_list(self, params):
        return self._page(self.calls, params)

    def _call(self, params):
        for call in self.calls:
            if call["id"] == params["call"]:
                return call
        raise Refused(1001, f"no call {params['call']}")

    def calls_get(self, params):
        return self._call(params)

    def calls_terminate(self, params):
        call = self._call(params)
        self.calls.remove(call)
        self.history.insert(0, self.record(call["id"], call["dialled"], 0, "administrator", talk=185.0))
        self.emit("call.ended", call=call["id"], caller=call["caller"]["dialString"], dialled=call["dialled"], reason="administrator")
        return {}

    def calls_history(self, params):
        return self._page(self.history, params)

    def calls_trace(self, params):
        key, value = ("call", params["call"]) if "call" in params else ("dialled", params["dialString"])
        return {"items": [one for one in self.traces if one[key] == value][: params.get("limit", 1)]}

    def notifications_history(self, params):
        names = [name for name in ("registration", "dialString") if name in params]
        return self._page([one for one in self.pushes if all(one[name] == params[name] for name in names)], params)

    def events_subscribe(self, _):
        return {"subscription": "1"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def _say(self, status, body=b"", kind="text/plain"):
        self.send_response(status)
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/rpc":
            return self._say(404)
        if self.headers.get("Authorization") != f"Bearer {self.owner.token}":
            return self._say(401, b"expected the token")
        if self.headers.get("Content-Type") != "application/json":
            return self._say(415)
        self._say(200, json.dumps(self.owner.answer(json.loads(body))).encode(), "application/json")

    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/rpc":
            return self._open_socket()
        file = ROOT / "web" / "admin" / (path[1:] or "index.html")
        if "/" in path[1:] or not file.is_file() or file.suffix not in TYPES:
            return self._say(404)
        self._say(200, file.read_bytes(), TYPES[file.suffix])

    # WebSocket (RFC 6455), as much of it as a page that sends short texts needs

    def _open_socket(self):
        proof = "bearer." + base64.urlsafe_b64encode(self.owner.token.encode()).decode().rstrip("=")
        offered = [one.strip() for one in self.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        if proof not in offered or "jsonrpc" not in offered:
            return self._say(401)
        if not self.owner.accepts_sockets:
            return self._say(503)
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.send_header("Sec-WebSocket-Protocol", "jsonrpc")
        self.end_headers()
        self.close_connection = True
        self.writing = threading.Lock()
        try:
            while (text := self._read_text()) is not None:
                request = json.loads(text)
                self.send_text(json.dumps(self.owner.answer(request)))
                if request["method"] == "events.subscribe":
                    with self.owner.lock:
                        self.owner.sockets.append(self)
        except (OSError, struct.error):
            pass
        finally:
            with self.owner.lock:
                if self in self.owner.sockets:
                    self.owner.sockets.remove(self)

    def _read_text(self):
        first, second = struct.unpack("!BB", self.rfile.read(2))
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self.rfile.read(2))
        mask = self.rfile.read(4)
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self.rfile.read(length)))
        return body if first & 0x0F == 1 else None

    def send_text(self, text):
        body = text.encode()
        if len(body) < 126:
            head = struct.pack("!BB", 0x81, len(body))
        else:
            head = struct.pack("!BBH", 0x81, 126, len(body)) if len(body) < 65536 else struct.pack("!BBQ", 0x81, 127, len(body))
        with self.writing:
            self.wfile.write(head + body)
            self.wfile.flush()


def some_events(fake):
    number = 100
    while True:
        number += 1
        call = {"call": f"{number}.1", "caller": "4953638195001", "dialled": "4953638195002"}
        for event in ("call.started", "call.ringing", "call.answered", "call.ended"):
            fake.emit(event, **call | ({"reason": "normal"} if event == "call.ended" else {}))
            time.sleep(1.5)
        fake.emit("registration.lost", registration="5.1", dialString="4953638195005", username="emil")
        fake.emit("registration.returned", registration="5.1", dialString="4953638195005", username="emil")


if __name__ == "__main__":
    admin = FakeAdmin(role=sys.argv[1] if len(sys.argv) > 1 else "operator")
    print(admin.url, "token:", admin.token, flush=True)
    some_events(admin)
