"""docs/ldap.md: its five minutes, every command as it stands, with a real slapd and a real browser; then its outage."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from websockets.asyncio.client import connect

from conftest import ROOT, path_from_environment, run
from documents import Document, pattern
from phone import Phone

PAGE = Document("docs/ldap.md")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Visit:
    """A shell that follows the page, with ports of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = {"3890": str(free_port()), "8080": str(free_port())}
        # A checkout with nothing but what the page names, and its own ports in it.
        for name in ("Scripts", "Packaging", "web"):
            shutil.copytree(ROOT / name, folder / name)
        configuration = folder / "Packaging/ldap/plugins.json"
        document = json.loads(configuration.read_text())
        document["listeners"][0]["port"] = int(self.ports["8080"])
        document["plugins"][0]["settings"]["urls"] = [f"ldap://127.0.0.1:{self.ports['3890']}"]
        # Short, since a test waits for it.
        document["plugins"][0]["settings"]["timeouts"] = {"search": "2s"}
        configuration.write_text(json.dumps(document))
        (folder / ".build/release").mkdir(parents=True)
        (folder / ".build/release/anynode-server").symlink_to(
            path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server")
        )
        self.shell = subprocess.Popen(
            ["bash"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )

    def here(self, text):
        text = text.replace("Scripts/example-directory start", f"Scripts/example-directory start {self.ports['3890']}")
        for port, own in self.ports.items():
            text = re.sub(rf"(127\.0\.0\.1:){port}", rf"\g<1>{own}", text)
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

    def signal_slapd(self, number):
        os.kill(int((self.folder / "run/example-directory/slapd.pid").read_text()), number)

    def log(self):
        return (self.folder / "server.log").read_text()

    def end(self):
        self.do("kill %1; wait %1")
        self.do("Scripts/example-directory stop")
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


def start(visit):
    """The page's commands up to the one that changes a number."""
    steps = list(PAGE.commands())
    for command, expected in steps[:-1]:
        printed = visit.do(command)
        assert re.fullmatch(pattern(visit.here(expected)), printed), f"$ {command}\n{printed}"
    assert len(steps) >= 6
    return steps[-1]


async def registered(visit, name):
    register = {"version": 1, "operation": "register", "action": "start", "assignment": {"username": name}}
    async with connect(f"ws://{name}:demo@127.0.0.1:{visit.ports['8080']}/") as socket:
        await socket.send(json.dumps(register))
        return json.loads(await asyncio.wait_for(socket.recv(), 20))


def test_five_minutes(visit, browser):
    change, printed_by_change = start(visit)

    (program,) = PAGE.blocks("python")
    (expected,) = PAGE.blocks("text")
    result = subprocess.run(
        [sys.executable, "-c", visit.here(program)], text=True, capture_output=True, timeout=30
    )
    assert result.stdout == expected, result.stderr

    contexts = [browser.new_context(), browser.new_context()]
    try:
        alice, bob = (Phone(context.new_page(), visit.url) for context in contexts)
        for phone, name in ((alice, "alice"), (bob, "bob")):
            phone.open()
            phone.log_in(name)
        alice.dial("bob")
        # The page shows who calls by the number that stands in the directory.
        bob.until_call("alice", "ringing")
        bob.answer()
        alice.until_call("bob", "active")
        alice.until_audio_flows()
        assert not alice.script_errors and not bob.script_errors
    finally:
        for context in contexts:
            context.close()

    printed = visit.do(change)
    assert re.fullmatch(pattern(visit.here(printed_by_change)), printed), printed
    deadline = time.monotonic() + 30
    while run(registered(visit, "alice"))["localAddress"]["dialString"] != "4953638195124":
        assert time.monotonic() < deadline, "the new number does not arrive"
        time.sleep(0.1)
    for secret in ("demo", "anynode-secret"):
        assert secret not in visit.log()


def test_a_directory_that_hangs_disturbs_nobody(visit):
    start(visit)

    async def scenario():
        url = f"ws://127.0.0.1:{visit.ports['8080']}/"
        people = {}
        for name in ("alice", "bob"):
            people[name] = await connect(url.replace("//", f"//{name}:demo@"))
            register = {"version": 1, "operation": "register", "action": "start", "assignment": {"username": name}}
            await people[name].send(json.dumps(register))
            assert json.loads(await people[name].recv())["state"] == "registered"
        # Logged in before, and not registered yet.
        carol = await connect(url.replace("//", "//carol:demo@"))
        visit.signal_slapd(signal.SIGSTOP)
        try:
            register = {"version": 1, "operation": "register", "action": "start", "assignment": {"username": "carol"}}
            await carol.send(json.dumps(register))
            call = {"version": 1, "operation": "signaling", "action": "start", "identifier": "c1"}
            call["remoteAddress"] = {"dialString": "4953638195999"}
            await people["alice"].send(json.dumps(call))
            ringing = json.loads(await asyncio.wait_for(people["bob"].recv(), 10))
            assert ringing["operation"] == "signaling" and ringing["action"] == "start", ringing
            refused = json.loads(await asyncio.wait_for(carol.recv(), 20))
            assert (refused["state"], refused["reason"]) == ("failed", "directoryUnavailable")
        finally:
            visit.signal_slapd(signal.SIGCONT)
        deadline = time.monotonic() + 60
        while True:
            await carol.send(json.dumps(register))
            answer = json.loads(await asyncio.wait_for(carol.recv(), 20))
            if answer["state"] == "registered":
                break
            assert time.monotonic() < deadline, answer
            await asyncio.sleep(0.2)
        assert answer["localAddress"]["dialString"] == "4953638195777"
        for socket in (*people.values(), carol):
            await socket.close()

    run(scenario())
