"""A day of an operator who has nothing but the admin API: a number from LDAP, a phone that sleeps, a call that wakes it, why it
rang, and the end of the day. With a real slapd and the push simulator."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from admin_client import Lines, Refused, socket_path, until
from conftest import ROOT, Server, path_from_environment
from test_admin_methods import in_order, just_now, moment, refusal, registration_of, steps
from wire_phone import WirePhone

BOBS_NUMBER = "4953638195998"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Company:
    """The example directory, as Scripts/example-directory starts it."""

    def __init__(self, folder):
        self.port = free_port()
        self.environment = {**os.environ, "EXAMPLE_DIRECTORY": str(folder / "directory")}
        self._script("start", str(self.port))
        self.pid = int((folder / "directory/slapd.pid").read_text())

    def _script(self, *arguments):
        subprocess.run(
            [ROOT / "Scripts/example-directory", *arguments], env=self.environment, check=True, timeout=60,
            stdout=subprocess.DEVNULL,
        )

    def assign(self, user, number):
        change = f"dn: uid={user},ou=people,dc=example,dc=test\nchangetype: modify\nreplace: telephoneNumber\ntelephoneNumber: {number}\n"
        subprocess.run(
            ["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", "cn=admin,dc=example,dc=test", "-w", "admin"],
            input=change, text=True, check=True, stdout=subprocess.DEVNULL, timeout=60,
        )

    def stop(self):
        self._script("stop")


class MessagingService:
    """The push simulator, and what it was asked to deliver."""

    def __init__(self, folder):
        self.folder = folder / "push"
        self.folder.mkdir()
        self.port = free_port()
        self.log = folder / "pushes.log"
        binary = path_from_environment("PUSH_SIMULATOR", ".build/debug/push-simulator")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [binary, "--port", str(self.port), "--directory", self.folder], stdout=log, stderr=subprocess.STDOUT
            )
        until(lambda: (self.folder / "authority.pem").exists() and (self.folder / "service-account.json").exists(), "no simulator")

    def pushes(self):
        lines = [line for line in self.log.read_text().split("\n")[:-1] if line.startswith('{"time"')]
        return [push for push in map(json.loads, lines) if push["service"] == "fcm"]

    def push(self, number):
        until(lambda: len(self.pushes()) >= number, lambda: f"no push {number} among {self.pushes()}")
        return self.pushes()[number - 1]

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def company(tmp_path):
    company = Company(tmp_path)
    yield company
    company.stop()


@pytest.fixture
def service(tmp_path):
    service = MessagingService(tmp_path)
    yield service
    service.stop()


def configured(company, service, calls):
    def adjust(document):
        document["plugins"] = [
            {
                "name": "company", "kind": "LDAPDirectory", "cache": {"found": "1h"},
                "settings": {
                    "urls": [f"ldap://127.0.0.1:{company.port}"],
                    "tls": {"startTLS": "off"},
                    "bind": {
                        "method": "simple", "dn": "cn=anynode,ou=services,dc=example,dc=test", "password": {"$env": "LDAP_PASSWORD"}
                    },
                    "users": {"base": "ou=people,dc=example,dc=test"},
                    "numbers": {"rewrite": [{"strip": " ()/-."}, {"pattern": "^0", "with": "49"}], "refresh": "1s"},
                    "timeouts": {"search": "2s"},
                },
            },
            {
                "name": "firebase", "kind": "FCMNotifier",
                "settings": {
                    "serviceAccount": str(service.folder / "service-account.json"),
                    "endpoint": f"https://127.0.0.1:{service.port}",
                    "authorities": str(service.folder / "authority.pem"),
                },
            },
        ]
        document["drain"] = {"spread": "100ms", "deadline": "1s", "calls": calls}

    return adjust


def falls_asleep(admin, phone):
    phone.cut()
    until(lambda: registration_of(admin, phone)["connected"] is False, f"{phone.username} is still there")


def wakes_up(server, push):
    """What the phone does with a push."""
    return WirePhone(server.port, query=f"?wakeupToken={push['data']['wakeupToken']}").returned()


def has_stopped(pid):
    """A signal stops one thread after the other: an answer may be on its way still."""
    states = [task.read_text().rpartition(")")[2].split()[0] for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


@pytest.mark.parametrize("calls", ["keep", "end"])
def test_a_day(start_server, company, service, calls):
    server = start_server(configured(company, service, calls), {"LDAP_PASSWORD": "anynode-secret"})
    with Lines(socket_path(server)) as admin, Lines(socket_path(server)) as events:
        events.subscribe("*")

        # In the morning all is well.
        assert admin.call("system.health")["status"] == "ok"
        plugins = {plugin["name"]: plugin for plugin in admin.call("plugins.list")["items"]}
        assert plugins["company"]["roles"] == ["directory", "authenticator"] and plugins["firebase"]["roles"] == ["notifier"]

        # Bob has got another desk. The directory says so, the server's memory not yet.
        old = admin.call("directory.resolve", username="bob")
        assert old["plugin"] == "company" and old["asked"][0]["outcome"] == "found"
        company.assign("bob", "05363 8195-998")
        assert admin.call("directory.resolve", username="bob")["entry"] == old["entry"]
        new = admin.call("directory.resolve", username="bob", fresh=True)
        assert new["entry"]["dialString"] == BOBS_NUMBER
        assert admin.call("directory.resolve", username="bob")["entry"] == new["entry"]
        # Numbers are listed now and then.
        by_number = until(
            lambda: admin.call("directory.resolve", dialString=BOBS_NUMBER, fresh=True).get("entry"), "his number is not found"
        )
        assert by_number["username"] == "bob"
        # It is not ours to write to.
        assert refusal(admin, "directory.put", plugin="company", username="eve", dialString="1").code in (-32602, 1001, 1003)

        # May he come in? He may, and his phone registers.
        assert admin.call("auth.check", username="bob", password="demo")["plugin"] == "company"
        assert admin.call("auth.check", username="bob", password="guess")["accepted"] is False
        alice = WirePhone(server.port, "alice").register()
        bob = WirePhone(server.port, "bob", description="Bob's phone").register()
        assert bob.number == BOBS_NUMBER
        created = events.event("registration.created", username="bob")
        bobs_id = created["data"]["registration"]
        assert admin.call("registrations.get", registration=bobs_id)["client"] == "Bob's phone"

        # It leaves a token, and sleeps.
        bob.can_be_woken(service="fcm", token="bobs-phone")
        falls_asleep(admin, bob)
        asleep = admin.call("registrations.get", registration=bobs_id)
        assert asleep["canBeWoken"] is True and just_now(asleep["absentSince"]) and asleep["calls"] == []
        events.event("registration.lost", registration=bobs_id)

        # Would it wake? An operator tries it.
        answers = []
        with Lines(socket_path(server)) as another:
            thread = threading.Thread(
                target=lambda: answers.append(another.call("registrations.wake", registration=bobs_id, waitSeconds=20, timeout=30))
            )
            thread.start()
            first = service.push(1)
            assert first["target"] == "bobs-phone"
            bob = wakes_up(server, first)
            thread.join()
        (woken,) = answers
        assert woken["outcome"] == "accepted" and woken["returned"] is True and woken["plugin"] == "firebase", woken
        after = [step["afterMilliseconds"] for step in woken["steps"]]
        assert after == sorted(after) and len(after) >= 3 and all(step["text"] for step in woken["steps"])
        (push,) = admin.call("notifications.history")["items"]
        assert push["outcome"] == "accepted" and push["plugin"] == "firebase" and push["dialString"] == BOBS_NUMBER
        assert push["registration"] == bobs_id and "call" not in push and push["latencyMilliseconds"] >= 0
        events.event("notification.sent", registration=bobs_id)
        events.event("registration.returned", registration=bobs_id)
        assert admin.call("registrations.wake", registration=bobs_id)["outcome"] == "connected"

        # Asleep again, and a call comes.
        bob.can_be_woken(service="fcm", token="bobs-phone")
        falls_asleep(admin, bob)
        one = alice.call(BOBS_NUMBER)
        second = service.push(2)
        assert second["data"]["caller"] == alice.number
        (call,) = admin.call("calls.list")["items"]
        assert call["callees"][0]["connected"] is False
        bob = wakes_up(server, second)
        other = bob.rings()
        alice.hears_state(one, "ringing")
        bob.says("answer", other)
        alice.hears_state(one, "active")
        bob.hears_state(other, "active")

        # Why did it ring, and how long did each step take?
        (trace,) = admin.call("calls.trace", dialString=BOBS_NUMBER)["items"]
        assert trace["call"] == call["id"] and trace["caller"]["dialString"] == alice.number
        story = ["started", "waiting", "pushRequested", "pushAccepted", "returned", "offered", "ringing", "answered"]
        assert in_order(story, steps(trace)), steps(trace)
        assert all(step.get("registration") == bobs_id for step in trace["steps"] if step["step"].startswith("push"))
        events.event("call.started", dialled=BOBS_NUMBER)
        events.event("notification.sent", call=call["id"])
        events.event("call.answered", call=call["id"])
        assert admin.call("notifications.history", limit=1)["items"][0]["call"] == call["id"]

        # The directory is away for lunch. Nobody who talks notices, and an operator sees it.
        os.kill(company.pid, signal.SIGSTOP)
        until(lambda: has_stopped(company.pid), "it does not stop")
        try:
            answer = admin.call("directory.resolve", username="carol", fresh=True)
            assert answer["found"] is False and answer["asked"][0]["outcome"] == "unavailable" and answer["asked"][0]["problem"]
            alice.says("hold", one)
            bob.hears_state(other, "holding")
        finally:
            os.kill(company.pid, signal.SIGCONT)
        until(lambda: admin.call("directory.resolve", username="carol", fresh=True)["found"], "it does not come back", 60)
        alice.says("retrieve", one)
        bob.hears_state(other, "active")

        # In the evening everybody is sent away.
        sent_away = admin.call("system.drain")
        assert sent_away["state"] == "draining" and sent_away["calls"] == 1
        events.event("system.drain")
        if calls == "end":
            assert alice.hears_state(one, "terminated")["reason"] == "shutdown"
            assert bob.hears_state(other, "terminated")["reason"] == "shutdown"
            (record,) = admin.call("calls.history")["items"]
            assert record["reason"] == "shutdown" and record["pushes"] == 1
            assert moment(record["startedAt"]) <= moment(record["answeredAt"]) <= moment(record["endedAt"])
        for phone in (alice, bob):
            code, reason = phone.is_closed_with()
            assert code == 1001 and re.fullmatch(r"retry-after-ms=\d+", reason)
        assert refusal(admin, "registrations.wake", registration=bobs_id).code == 1007
        admin.call("system.shutdown")
        assert server._process.wait(30) == 0
        traffic = "".join(admin.traffic + events.traffic)
    said = traffic + server.log()
    tokens = [push["data"]["wakeupToken"] for push in (first, second)]
    for secret in ("anynode-secret", "bobs-phone", alice.identifier, bob.identifier, *tokens):
        assert secret not in said, secret
    alice.close(), bob.close()
    if calls == "keep":
        the_next_morning(server, alice, bob, one, other, call["id"])


def the_next_morning(server, alice, bob, one, other, call):
    """Another process takes over: who comes back finds his call, and its story goes on."""
    folder = socket_path(server).parent.parent
    again = Server(folder, lambda _: json.loads((folder / "plugins.json").read_text()), {"LDAP_PASSWORD": "anynode-secret"})
    try:
        with Lines(socket_path(again)) as admin:
            (taken,) = admin.call("calls.list")["items"]
            assert taken["state"] == "connected" and not taken["caller"]["connected"]
            (trace,) = admin.call("calls.trace", call=taken["id"])["items"]
            assert "takenOver" in steps(trace)
            alices = WirePhone(again.port, query=f"?identifier={alice.identifier}").returned()
            bobs = WirePhone(again.port, query=f"?identifier={bob.identifier}").returned()
            alices.hears_state(one, "active")
            bobs.hears_state(other, "active")
            admin.call("calls.terminate", call=taken["id"])
            assert bobs.hears_state(other, "terminated")["reason"] == "administrator"
            with pytest.raises(Refused):
                admin.call("calls.get", call=taken["id"])
            alices.close(), bobs.close()
    finally:
        assert again.stop() == 0
