"""docs/push.md: every command as it stands, with the push simulator and two real browser pages, one of which is closed."""

import json
import re
import shutil
import socket
import subprocess
import time

import pytest

from conftest import ROOT, path_from_environment
from documents import Document, pattern
from phone import Phone

PAGE = Document("docs/push.md")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Visit:
    """A shell that follows the page, with ports of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = {"8080": free_port(), "8443": free_port()}
        for name in ("Packaging", "web"):
            shutil.copytree(ROOT / name, folder / name)
        configuration = folder / "Packaging/push/plugins.json"
        configuration.write_text(self.here(configuration.read_text()))
        (folder / ".build/release").mkdir(parents=True)
        for variable, name in (("ANYNODE_SERVER", "anynode-server"), ("PUSH_SIMULATOR", "push-simulator")):
            (folder / ".build/release" / name).symlink_to(path_from_environment(variable, f".build/debug/{name}"))
        self.shell = subprocess.Popen(
            ["bash"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )

    def here(self, text):
        for port, own in self.ports.items():
            text = re.sub(rf"\b{port}\b", own, text)
        return text

    def do(self, command):
        """What the command prints."""
        self.shell.stdin.write(f"{self.here(command)}\nprintf '\\x1e\\n'\n")
        self.shell.stdin.flush()
        printed = ""
        while True:
            line = self.shell.stdout.readline()
            assert line, f"the shell has ended at: {command}\n{printed}"
            if line == "\x1e\n":
                return printed
            printed += line

    @property
    def url(self):
        return f"http://127.0.0.1:{self.ports['8080']}/"

    def pushes(self):
        lines = (self.folder / "pushes.log").read_text().splitlines()
        pushes = [json.loads(line) for line in lines if line.startswith("{\"time\"")]
        return [push for push in pushes if push["service"] == "fcm"]

    def push(self, number):
        """The push of that number, which may still be on its way."""
        deadline = time.monotonic() + 20
        while len(self.pushes()) < number:
            assert time.monotonic() < deadline, f"no push:\n{self.log()}"
            time.sleep(0.05)
        return self.pushes()[number - 1]

    def log(self):
        return (self.folder / "server.log").read_text()

    def restart(self):
        """As an operator does it; what is on the screen goes on."""
        # Or what the old one has said would be taken for the new one's.
        self.do("kill %2; wait %2; rm server.log")
        self.do(".build/release/anynode-server --config Packaging/push/plugins.json > server.log 2>&1 &")
        self.do("until grep -qs ready server.log; do sleep 0.1; done")

    def end(self):
        self.do("kill %1 $(jobs -p)")
        self.do("wait")
        self.shell.stdin.close()
        assert self.shell.wait(30) == 0


@pytest.fixture
def visit(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    visit = Visit(folder)
    try:
        yield visit
    finally:
        visit.end()


@pytest.fixture
def people(visit, browser):
    """Alice's and Bob's browsers, and the page's commands but for the last."""
    *steps, look = PAGE.commands()
    assert len(steps) == 5
    for command, expected in steps:
        printed = visit.do(command)
        assert re.fullmatch(pattern(visit.here(expected)), re.sub(r"\[\d+\] \d+\n", "", printed)), printed
    contexts = [browser.new_context(permissions=["notifications"]) for _ in range(2)]
    try:
        yield (*contexts, look)
    finally:
        for context in contexts:
            context.close()


def bob_sleeps(visit, context):
    """Bob's page says how it can be woken, and is closed."""
    page = context.new_page()
    bob = Phone(page, f"{visit.url}?notificationToken=bobs-phone")
    bob.open()
    bob.log_in("bob")
    bob.until("demo.state.canBeWoken")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.close()


def alice_calls(visit, context):
    alice = Phone(context.new_page(), visit.url)
    alice.open()
    alice.log_in("alice")
    alice.dial("bob")
    return alice


def delivered(context, visit, data):
    """Hands a push to the page's service worker, as the messaging service would; what it shows then."""
    (worker,) = context.service_workers
    page = context.new_page()
    session = context.new_cdp_session(page)
    registrations = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    session.send("ServiceWorker.enable")
    page.goto(f"{visit.url}icon.svg")
    deadline = time.monotonic() + 20
    while not registrations:
        assert time.monotonic() < deadline, "no service worker is registered"
        page.wait_for_timeout(50)
    session.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": visit.url.rstrip("/"),
            "registrationId": registrations[0]["registrationId"],
            "data": json.dumps({"data": data}),
        },
    )
    while True:
        shown = worker.evaluate(
            "async () => (await registration.getNotifications())"
            ".map(({ title, body, data }) => ({ title, body, address: data.address }))"
        )
        if shown and shown[0]["body"] == data["caller"]:
            break
        assert time.monotonic() < deadline, "the service worker shows nothing"
        page.wait_for_timeout(50)
    page.close()
    return shown


def test_a_closed_page_is_woken_and_rings(visit, people):
    alices, bobs, (look, expected) = people
    bob_sleeps(visit, bobs)
    alice = alice_calls(visit, alices)
    push = visit.push(1)
    printed = visit.do(look)
    assert re.fullmatch(pattern(visit.here(expected)), printed), printed
    assert push["data"].keys() == {"caller", "url", "wakeupToken"}

    (shown,) = delivered(bobs, visit, push["data"])
    assert shown["title"] == "Incoming call"
    assert shown["body"] == "4953638195123"
    bob = Phone(bobs.new_page(), shown["address"])
    bob.open()
    bob.until_call("alice", "ringing")
    alice.until_call("bob", "ringing")
    bob.answer()
    alice.until_call("bob", "active")
    alice.until_audio_flows()
    assert bob.page.url == visit.url, "the token stands in the address bar"

    # It works once.
    thief = Phone(bobs.new_page(), shown["address"])
    thief.open()
    thief.until("demo.state.registration === 'loggedOut'")
    alice.until_audio_flows()
    assert len(visit.pushes()) == 1
    assert push["data"]["wakeupToken"] not in visit.log()
    assert not alice.script_errors and not bob.script_errors


def test_a_call_that_is_given_up_is_called_off(visit, people):
    alices, bobs, _ = people
    bob_sleeps(visit, bobs)
    alice = alice_calls(visit, alices)
    first = visit.push(1)
    alice.press_in_call("bob", "call-hangup")
    second = visit.push(2)
    assert second["data"] == {"caller": "4953638195123", "url": visit.url, "cancelled": "true"}
    delivered(bobs, visit, first["data"])
    shown = delivered(bobs, visit, second["data"])
    assert [one["title"] for one in shown] == ["Missed call"]
    bob = Phone(bobs.new_page(), f"{visit.url}?wakeupToken={first['data']['wakeupToken']}")
    bob.open()
    bob.until("demo.state.registration === 'loggedOut'")


def test_a_restart_ends_no_call_and_forgets_no_sleeper(visit, people):
    alices, bobs, _ = people
    alice = Phone(alices.new_page(), visit.url)
    bob = Phone(bobs.new_page(), visit.url)
    for phone, name in ((alice, "alice"), (bob, "bob")):
        phone.open()
        phone.log_in(name)
    alice.dial("bob")
    bob.until_call("alice", "ringing")
    bob.answer()
    alice.until_audio_flows()
    visit.restart()
    for phone in (alice, bob):
        phone.until("demo.state.registration === 'registered'", 30)
    alice.until_call("bob", "active")
    bob.until_call("alice", "active")
    alice.until_audio_flows()
    alice.press_in_call("bob", "call-hangup")
    bob.until_ended("normal")
    bob.page.close()
    alice.page.close()

    bob_sleeps(visit, bobs)
    visit.restart()
    alice_calls(visit, alices)
    assert visit.push(1)["target"] == "bobs-phone"
