"""Each method of the admin API, once, with what it means to phones, files and processes."""

import contextlib
import copy
import datetime
import json
import os
import re
import resource
import signal
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from admin_client import (
    CONFLICT, HTTP, INVALID_CONFIGURATION, INVALID_PARAMS, NOT_FOUND, PLUGIN_UNAVAILABLE, Lines, Refused,
    descriptors, request, socket_path, tcp_port, until,
)
from conftest import ROOT, path_from_environment
from wire_phone import NUMBERS, WirePhone, talking

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def moment(text):
    """RFC 3339, UTC, milliseconds."""
    assert TIME.fullmatch(text), text
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def just_now(text):
    age = (datetime.datetime.now(datetime.timezone.utc) - moment(text)).total_seconds()
    return -0.01 <= age < 60


def refusal(session, method, /, **params):
    with pytest.raises(Refused) as refused:
        session.call(method, **params)
    return refused.value


def folder_of(server):
    return socket_path(server).parent.parent


def file_of(server):
    return folder_of(server) / "plugins.json"


@pytest.fixture
def phones(server):
    with WirePhone(server.port, "alice", description="test 1.0") as alice, WirePhone(server.port, "bob") as bob:
        yield alice.register(), bob.register()


def registration_of(admin, phone):
    (item,) = admin.call("registrations.list", dialString=phone.number)["items"]
    return item


# system.*


def test_system_info(server, admin, phones):
    talking(*phones)
    info = admin.call("system.info")
    assert info.keys() == {
        "name", "version", "pid", "startedAt", "uptimeSeconds", "host", "role", "state", "configuration", "listeners", "plugins", "counts"
    }
    assert info["name"] == "anynode-server" and re.match(r"\d+\.\d+\.\d+", info["version"])
    assert info["pid"] == server._process.pid and info["state"] == "serving" and info["role"] == "operator"
    assert just_now(info["startedAt"]) and 0 < info["uptimeSeconds"] < 60
    configuration = info["configuration"]
    assert configuration["path"] == str(file_of(server)) and configuration["changedSinceFile"] is False
    assert configuration["revision"] == admin.call("config.get")["revision"]
    (public,) = [one for one in info["listeners"] if one["name"] == "public"]
    assert public == {"name": "public", "url": f"ws://127.0.0.1:{server.port}/", "connections": 2}
    assert info["plugins"] == [{"name": "static", "kind": "StaticDirectory", "enabled": True}]
    assert info["counts"] == {"registrations": 2, "connected": 2, "calls": 1, "sockets": 2, "waitingPushes": 0}


def test_system_health(server, admin):
    health = admin.call("system.health")
    assert health["status"] == "ok"
    components = {one["name"]: one for one in health["components"]}
    assert {"listener:public", "plugin:static", "store", "log"} <= components.keys()
    for one in components.values():
        assert one["status"] == "ok" and just_now(one["since"]) and "problem" not in one


def test_system_health_of_a_plugin_that_is_unwell(start_server):
    def adjust(document):
        (directory / "people.csv").write_text("username,dialString\ndora,1001\n")
        document["plugins"].append(
            {"name": "file", "kind": "StaticDirectory", "settings": {"file": "people.csv", "reload": "100ms"}}
        )

    directory = None
    server = start_server(lambda document: None)
    directory = folder_of(server)
    with Lines(socket_path(server)) as admin:
        document = json.loads(file_of(server).read_text())
        adjust(document)
        admin.call("config.apply", document=document)
        admin.subscribe("plugin.*")
        assert admin.call("system.health")["status"] == "ok"
        (directory / "people.csv").write_text("username,dialString\ndora,1001\ndora,1002\n")
        event = admin.event("plugin.health", plugin="file")
        assert event["data"]["status"] == "degraded" and event["data"]["problem"]
        health = admin.call("system.health")
        (file,) = [one for one in health["components"] if one["name"] == "plugin:file"]
        assert health["status"] == "degraded" == file["status"] and "dora" in file["problem"]
        (directory / "people.csv").write_text("username,dialString\ndora,1003\n")
        assert admin.event("plugin.health", plugin="file")["data"]["status"] == "ok"
        assert admin.call("system.health")["status"] == "ok"


def metric(admin, name):
    text = admin.call("system.metrics")["text"]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name)}


def test_system_metrics(admin, phones):
    before = sum(metric(admin, "anynode_").values())
    talking(*phones)
    text = admin.call("system.metrics")["text"]
    for line in text.splitlines():
        assert line.startswith("# ") or re.fullmatch(r'[a-z_][a-z0-9_]*(\{[^\n]*\})? [-+0-9.eEInfNa]+', line), line
    assert sum(metric(admin, "anynode_").values()) != before
    for phone in phones:
        assert phone.number not in text and phone.identifier not in text and phone.username not in text


def test_metric_labels_are_not_made_of_what_clients_send(server, admin, phones):
    """L3."""
    alice, _ = phones
    alice.send("signaling", "frobnicate", identifier="frob")
    alice.send("frobnicate", "start")
    HTTP(server.port).do("GET", "/frobnicate")
    HTTP(socket_path(server)).post(request("frobnicate.now"))
    HTTP(socket_path(server)).do("GET", "/frobnicate")
    refusal(admin, "frobnicate")
    alice.register()
    assert "frob" not in admin.call("system.metrics")["text"]


def test_system_set_log_level(server, admin, phones):
    assert " debug " not in server.log()
    assert admin.call("system.setLogLevel", level="debug") == {"level": "debug", "labels": {}}
    phones[0].cut()
    until(lambda: " debug " in server.log(), "nothing is logged at debug")
    assert admin.call("system.setLogLevel", level="error")["level"] == "error"
    quiet = len(server.log())
    with WirePhone(server.port, "carol") as carol:
        carol.register()
        carol.unregister()
    assert server.log()[quiet:] == ""
    answer = admin.call("system.setLogLevel", level="debug", label="anynode.plugin.static")
    assert answer == {"level": "error", "labels": {"anynode.plugin.static": "debug"}}
    assert refusal(admin, "system.setLogLevel", label="anynode").code == INVALID_PARAMS


def test_a_log_level_outlives_other_changes(server, admin):
    admin.call("system.setLogLevel", level="debug")
    admin.call("config.apply", patch={"signaling": {"ringTimeout": "33s"}})
    with WirePhone(server.port, "alice"):
        until(lambda: " debug " in server.log(), "the level is forgotten")
    admin.call("config.apply", patch={"log": {"level": "error"}})
    assert admin.call("system.setLogLevel", level="debug", label="x")["level"] == "error", "the configuration counts when it changes"


def test_drain_and_resume(start_server):
    def adjust(document):
        document["drain"] = {"spread": "100ms", "deadline": "20s", "calls": "end"}

    server = start_server(adjust)
    with Lines(socket_path(server)) as admin:
        admin.subscribe("system.*")
        with WirePhone(server.port, "carol") as carol:
            carol.register()
            assert admin.call("system.drain", deadlineSeconds=20)["state"] == "draining"
            admin.event("system.drain")
            code, reason = carol.is_closed_with()
            assert code == 1001 and reason.startswith("retry-after-ms=")
        assert admin.call("system.info")["state"] == "draining"
        with pytest.raises(InvalidStatus) as refused:
            WirePhone(server.port, "alice")
        assert refused.value.response.status_code == 503
        assert admin.call("system.resume") == {"state": "serving"}
        admin.event("system.resume")
        with WirePhone(server.port, "alice") as alice, WirePhone(server.port, "bob") as bob:
            talking(alice.register(), bob.register())
            assert admin.call("system.info")["counts"]["calls"] == 1


def test_drain_waits_for_calls_as_long_as_it_is_told(start_server):
    def adjust(document):
        document["drain"] = {"spread": "100ms", "deadline": "10m", "calls": "end"}

    server = start_server(adjust)
    with Lines(socket_path(server)) as admin, WirePhone(server.port, "alice") as alice, WirePhone(server.port, "bob") as bob:
        one, other = talking(alice.register(), bob.register())
        answer = admin.call("system.drain", deadlineSeconds=2)
        assert answer == {"state": "draining", "sockets": 2, "calls": 1}
        # Who talks goes on talking, until it is over.
        alice.says("hold", one)
        bob.hears_state(other, "holding")
        assert bob.hears_state(other, "terminated")["reason"] == "shutdown"
        assert alice.is_closed_with()[0] == 1001
        record = admin.call("calls.history")["items"][0]
        assert record["reason"] == "shutdown"
        admin.call("system.resume")


def test_system_shutdown(start_server):
    server = start_server()
    with Lines(socket_path(server)) as admin, WirePhone(server.port, "alice") as alice:
        alice.register()
        assert admin.call("system.shutdown", deadlineSeconds=1) == {"state": "stopping"}
        assert alice.is_closed_with()[0] == 1001
        assert server._process.wait(20) == 0
    assert not socket_path(server).exists()


# config.*


def running(admin):
    return admin.call("config.get")


def test_config_get_and_schema(server, admin):
    answer = running(admin)
    assert answer.keys() == {"revision", "document", "path"} and answer["path"] == str(file_of(server))
    expected = json.loads(file_of(server).read_text())
    for entry in expected["plugins"][0]["settings"]["entries"]:
        entry["password"] = "***"
    assert answer["document"] == expected
    binary = path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server")
    printed = subprocess.run([binary, "schema"], capture_output=True, text=True, check=True).stdout
    assert admin.call("config.schema") == json.loads(printed)


def changed(document, change):
    document = copy.deepcopy(document)
    change(document)
    return document


def set_ring_timeout(value):
    def change(document):
        document["signaling"]["ringTimeout"] = value

    return change


def test_config_validate(server, admin):
    before = running(admin)
    answer = admin.call("config.validate", patch={"signaling": {"ringTimeout": "30s"}})
    assert answer == {
        "valid": True, "problems": [], "changes": [{"pointer": "/signaling/ringTimeout", "change": "changed"}], "restartRequired": []
    }
    answer = admin.call("config.validate", patch={"signaling": {"wakeupTimeout": "20s", "ringTimeout": None}})
    assert sorted(answer["changes"], key=lambda one: one["pointer"]) == [
        {"pointer": "/signaling/ringTimeout", "change": "removed"}, {"pointer": "/signaling/wakeupTimeout", "change": "added"}
    ]
    answer = admin.call("config.validate", patch={"threads": 3})
    assert answer["valid"] and answer["restartRequired"] == ["/threads"]

    wrong = changed(before["document"], set_ring_timeout(60))
    wrong["limits"] = {"conections": 5}
    wrong["plugins"][0]["settings"]["entries"][1]["dialString"] = wrong["plugins"][0]["settings"]["entries"][0]["dialString"]
    answer = admin.call("config.validate", document=wrong)
    assert answer["valid"] is False
    pointers = {problem["pointer"] for problem in answer["problems"]}
    assert {"/signaling/ringTimeout", "/limits/conections"} <= pointers
    assert all(problem["problem"] for problem in answer["problems"])

    assert admin.call("config.validate", document=before["document"])["changes"] == []
    assert running(admin) == before
    assert refusal(admin, "config.validate").code == INVALID_PARAMS
    assert refusal(admin, "config.validate", patch={}, document=before["document"]).code == INVALID_PARAMS


def test_config_apply_is_felt_at_once(server, admin, phones):
    alice, bob = phones
    before = running(admin)
    answer = admin.call("config.apply", patch={"signaling": {"ringTimeout": "1s"}}, revision=before["revision"])
    assert answer["changes"] == [{"pointer": "/signaling/ringTimeout", "change": "changed"}]
    assert answer["restartRequired"] == [] and answer["persisted"] is False and answer["revision"] != before["revision"]
    after = running(admin)
    assert after["revision"] == answer["revision"] and after["document"]["signaling"]["ringTimeout"] == "1s"
    one = alice.call("bob")
    bob.rings()
    assert alice.hears_state(one, "terminated")["reason"] == "noAnswer"
    assert admin.call("system.info")["configuration"]["changedSinceFile"] is True
    assert '"1s"' not in file_of(server).read_text()
    # What stands in the file counts again.
    answer = admin.call("config.reload")
    assert answer["changes"] == [{"pointer": "/signaling/ringTimeout", "change": "changed"}]
    assert running(admin)["document"] == before["document"]
    assert admin.call("system.info")["configuration"]["changedSinceFile"] is False


def test_config_apply_tries_without_doing(server, admin):
    before = running(admin)
    answer = admin.call("config.apply", patch={"signaling": {"ringTimeout": "1s"}}, dryRun=True)
    assert answer["changes"] == [{"pointer": "/signaling/ringTimeout", "change": "changed"}]
    assert running(admin) == before
    assert refusal(admin, "config.apply", patch={"signaling": {"ringTimeout": 1}}, dryRun=True).code == INVALID_CONFIGURATION


def test_config_apply_refuses_what_is_invalid(server, admin):
    before = running(admin)
    error = refusal(admin, "config.apply", patch={"signaling": {"ringTimeout": 60}, "limits": {"conections": 5}})
    assert error.code == INVALID_CONFIGURATION
    assert {problem["pointer"] for problem in error.data} == {"/signaling/ringTimeout", "/limits/conections"}
    for patch in ({"listeners": []}, {"listeners": None}, {"plugins": [{"name": "x", "kind": "Nonsense"}]}):
        assert refusal(admin, "config.apply", patch=patch).code == INVALID_CONFIGURATION
    assert running(admin) == before


def test_stars_mean_the_secret_that_is_there(server, admin):
    """What `config.get` gives can be given back."""
    document = changed(running(admin)["document"], set_ring_timeout("50s"))
    assert document["plugins"][0]["settings"]["entries"][0]["password"] == "***"
    # In another order, since somebody sorted them.
    document["plugins"][0]["settings"]["entries"].reverse()
    answer = admin.call("config.apply", document=document, persist=True)
    assert answer["persisted"] is True
    for name in NUMBERS:
        assert admin.call("auth.check", username=name, password="demo")["accepted"] is True
    written = file_of(server).read_text()
    assert "***" not in written and written.count("$y$") == 3
    document["plugins"][0]["settings"]["entries"].append({"username": "dora", "dialString": "1001", "password": "***"})
    error = refusal(admin, "config.apply", document=document)
    assert error.code == INVALID_CONFIGURATION
    assert error.data[0]["pointer"] == "/plugins/0/settings/entries/3/password"


def test_secrets_that_stand_elsewhere_stay_there(start_server):
    hashes = {}

    def adjust(document):
        entry = document["plugins"][0]["settings"]["entries"][0]
        hashes["alice"] = entry["password"]
        entry["password"] = {"$env": "ALICES_PASSWORD"}

    source = json.loads((ROOT / "plugins.json").read_text())
    alices = source["plugins"][0]["settings"]["entries"][0]["password"]
    server = start_server(adjust, {"ALICES_PASSWORD": alices})
    with Lines(socket_path(server)) as admin:
        document = changed(running(admin)["document"], set_ring_timeout("50s"))
        assert alices not in json.dumps(document)
        admin.call("config.apply", document=document, persist=True)
        assert admin.call("auth.check", username="alice", password="demo")["accepted"] is True
    written = json.loads(file_of(server).read_text())
    assert written["plugins"][0]["settings"]["entries"][0]["password"] == {"$env": "ALICES_PASSWORD"}
    assert alices not in file_of(server).read_text()


def test_config_apply_of_an_old_revision(server, admin):
    old = running(admin)["revision"]
    new = admin.call("config.apply", patch={"signaling": {"ringTimeout": "50s"}}, revision=old)["revision"]
    error = refusal(admin, "config.apply", patch={"signaling": {"ringTimeout": "40s"}}, revision=old)
    assert error.code == CONFLICT and error.data == {"revision": new}
    assert running(admin)["document"]["signaling"]["ringTimeout"] == "50s"


def test_two_config_applies_at_once(server):
    """A6: of any two with the same revision one is told that it comes too late."""
    sessions = [Lines(socket_path(server)) for _ in range(2)]
    for round_number in range(20):
        revision = running(sessions[0])["revision"]
        messages = []
        for number, session in enumerate(sessions):
            patch = {"signaling": {"ringTimeout": f"{30 + 2 * (round_number % 2) + number}s"}}
            messages.append(request("config.apply", {"patch": patch, "revision": revision}))
            session.send(messages[-1])
        answers = [session.answer_to(message["id"]) for session, message in zip(sessions, messages)]
        won, lost = sorted(answers, key=lambda answer: "error" in answer)
        assert "result" in won and lost["error"]["code"] == CONFLICT, answers
        # While the other one is at it, the old revision is still the one in force.
        assert lost["error"]["data"]["revision"] in (revision, won["result"]["revision"])
        winner = messages[answers.index(won)]["params"]["patch"]["signaling"]["ringTimeout"]
        assert running(sessions[0])["document"]["signaling"]["ringTimeout"] == winner
    for session in sessions:
        session.close()


def test_a_plugin_that_refuses_its_part_leaves_everything_as_it_was(server, admin, phones):
    """A6: all or nothing, over listeners, settings and plugins."""
    alice, bob = phones
    before = running(admin)

    def change(document):
        document["signaling"]["ringTimeout"] = "1s"
        document["listeners"].append({"name": "second", "host": "127.0.0.1", "port": 0})
        document["plugins"].append({"name": "file", "kind": "StaticDirectory", "settings": {"file": "nowhere.csv"}})

    error = refusal(admin, "config.apply", document=changed(before["document"], change), persist=True)
    assert error.code == INVALID_CONFIGURATION
    assert [problem["pointer"] for problem in error.data if problem["pointer"].startswith("/plugins/1/settings")], error.data
    assert running(admin) == before
    assert [one["name"] for one in admin.call("system.info")["plugins"]] == ["static"]
    assert "second" not in [one["name"] for one in admin.call("system.info")["listeners"]]
    assert json.loads(file_of(server).read_text())["signaling"] == before["document"]["signaling"]
    talking(alice, bob)


def test_a_port_that_is_taken_leaves_everything_as_it_was(start_server):
    first, second = start_server(), start_server()
    with Lines(socket_path(second)) as admin:
        before = running(admin)

        def change(document):
            document["signaling"]["ringTimeout"] = "1s"
            document["listeners"].append({"name": "second", "host": "127.0.0.1", "port": first.port})

        error = refusal(admin, "config.apply", document=changed(before["document"], change))
        assert error.code == INVALID_CONFIGURATION and error.data[0]["pointer"].startswith("/listeners/1"), error.data
        assert running(admin) == before
        with WirePhone(second.port, "alice") as alice:
            alice.register()


def listener_port(admin, name):
    (one,) = [one for one in admin.call("system.info")["listeners"] if one["name"] == name]
    return int(one["url"].rstrip("/").rsplit(":", 1)[1])


def test_listeners_come_change_and_go(server, admin, phones):
    alice, bob = phones
    one, other = talking(alice, bob)
    document = running(admin)["document"]
    first = document["listeners"][0]

    def still_there():
        alice.says("hold", one)
        bob.hears_state(other, "holding")
        alice.says("retrieve", one)
        bob.hears_state(other, "active")

    document["listeners"] = [first, {"name": "second", "host": "127.0.0.1", "port": 0}]
    answer = admin.call("config.apply", document=document)
    assert answer["changes"] == [{"pointer": "/listeners", "change": "changed"}] and answer["restartRequired"] == []
    second = listener_port(admin, "second")
    assert listener_port(admin, "public") == server.port
    with WirePhone(second, "carol") as carol:
        carol.register()
        still_there()
        # Another path, on the listener that is there.
        document["listeners"][0] = {**first, "paths": ["/", "/phone"]}
        assert admin.call("config.apply", document=document)["restartRequired"] == []
        assert listener_port(admin, "public") == server.port
        with WirePhone(server.port, "carol", path="phone") as another:
            another.register()
        still_there()
        # A listener that goes takes nobody with it.
        document["listeners"] = document["listeners"][:1]
        answer = admin.call("config.apply", document=document)
        assert answer["changes"] == [{"pointer": "/listeners", "change": "changed"}]
        with pytest.raises(ConnectionRefusedError):
            WirePhone(second, "carol")
        carol.register()
        still_there()
    assert [one["name"] for one in admin.call("system.info")["listeners"]] == ["public"]


def test_config_reload_of_a_bad_file(server, admin, phones):
    before = running(admin)
    file_of(server).write_text(file_of(server).read_text().replace('"realm"', '"relam"'))
    error = refusal(admin, "config.reload")
    assert error.code == INVALID_CONFIGURATION
    assert "/authentication/relam" in [problem["pointer"] for problem in error.data]
    assert running(admin) == before
    file_of(server).write_text('{"listeners": [')
    assert refusal(admin, "config.reload").code == INVALID_CONFIGURATION
    file_of(server).unlink()
    assert refusal(admin, "config.reload").code == INVALID_CONFIGURATION
    assert running(admin) == before
    talking(*phones)


def test_config_apply_persists(server, admin):
    path = file_of(server)
    path.chmod(0o640)
    before = path.read_text()
    answer = admin.call("config.apply", patch={"signaling": {"ringTimeout": "33s"}}, persist=True)
    assert answer["persisted"] is True
    written = json.loads(path.read_text())
    assert written == changed(json.loads(before), set_ring_timeout("33s")), "secrets and all else as they were"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert admin.call("system.info")["configuration"]["changedSinceFile"] is False
    assert admin.call("config.reload")["changes"] == []
    assert set(path.parent.iterdir()) >= {path}
    assert [entry.name for entry in path.parent.iterdir() if "plugins" in entry.name] == ["plugins.json"]


def test_config_persists_through_a_link(server, admin):
    """/etc may hold a link to where the file really is."""
    path = file_of(server)
    real = path.parent / "elsewhere.json"
    path.rename(real)
    path.symlink_to(real.name)
    admin.call("config.apply", patch={"signaling": {"ringTimeout": "33s"}}, persist=True)
    assert path.is_symlink() and json.loads(real.read_text())["signaling"]["ringTimeout"] == "33s"


# When the disk has no room, or may not be written to: a file system of its own


class Disk:
    def __init__(self, folder):
        self.folder = folder

    def mount(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.folder], check=True)
        # The server's own messages go elsewhere.
        (self.folder / "stderr.txt").symlink_to(self.folder.parent / "stderr.txt")

    def fill(self):
        with open(self.folder / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass

    def empty(self):
        (self.folder / "filler").unlink()

    def remount(self, option):
        subprocess.run(["mount", "-o", f"remount,{option}", self.folder], check=True)

    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=False)


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path / "server-1")
    yield disk
    disk.unmount()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts file systems")


@needs_root
@pytest.mark.parametrize(
    "what, words",
    [("full", "No space left on device"), ("read-only", "Read-only file system")],
)
def test_a_file_that_can_not_be_written(disk, start_server, what, words):
    """A6: the old file is as it was, nothing else changes either, and the error says why."""

    def adjust(document):
        disk.mount()
        # Its own file would keep the disk from becoming read-only.
        document["store"] = {"kind": "SQLiteStore", "settings": {"path": str(disk.folder.parent / "store.sqlite")}}

    server = start_server(adjust)
    with Lines(socket_path(server)) as admin:
        before, text = running(admin), file_of(server).read_bytes()
        if what == "full":
            disk.fill()
        else:
            disk.remount("ro")
        names = sorted(entry.name for entry in disk.folder.iterdir())
        for method, params in [
            ("config.apply", {"patch": {"signaling": {"ringTimeout": "33s"}}, "persist": True}),
            ("plugins.disable", {"name": "static", "persist": True}),
            ("directory.put", {"plugin": "static", "username": "dora", "dialString": "1001", "persist": True}),
        ]:
            error = refusal(admin, method, **params)
            assert words.lower() in str(error).lower(), error
            assert file_of(server).read_bytes() == text
            assert sorted(entry.name for entry in disk.folder.iterdir()) == names, "something half-done is left"
            assert running(admin) == before
        assert admin.call("plugins.get", name="static")["enabled"] is True
        # Without a file nothing is in the way.
        assert admin.call("config.apply", patch={"signaling": {"ringTimeout": "44s"}})["persisted"] is False
        if what == "full":
            disk.empty()
        else:
            disk.remount("rw")
        assert admin.call("config.apply", patch={"signaling": {"ringTimeout": "33s"}}, persist=True)["persisted"] is True
        assert json.loads(file_of(server).read_text())["signaling"]["ringTimeout"] == "33s"


@pytest.mark.parametrize("web", [False, True])
def test_without_descriptors_nothing_changes(start_server, web):
    """A6: EMFILE where a file is to be written, or even before, where pages are to be read."""

    def adjust(document):
        document["listeners"][0]["web"] = web

    server = start_server(adjust)
    pid = server._process.pid

    def highest():
        return max(int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir())

    with contextlib.ExitStack() as stack:
        admin = stack.enter_context(Lines(socket_path(server)))
        alice = stack.enter_context(WirePhone(server.port, "alice")).register()
        bob = stack.enter_context(WirePhone(server.port, "bob")).register()
        before, text = running(admin), file_of(server).read_bytes()
        # Descriptors below the highest that are free are given out first: none may be left.
        while highest() + 1 > descriptors(server):
            stack.enter_context(Lines(socket_path(server))).call("system.health")
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest() + 1, limits[1]))
        try:
            error = refusal(admin, "config.apply", patch={"signaling": {"ringTimeout": "33s"}}, persist=True)
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        if not web:
            assert "too many open files" in str(error).lower(), error
        assert file_of(server).read_bytes() == text and running(admin) == before
        admin.call("config.apply", patch={"signaling": {"ringTimeout": "33s"}}, persist=True)
        talking(alice, bob)


def test_a_thousand_hangups_while_people_talk(server, admin, phones):
    """F9."""
    alice, bob = phones
    one, other = talking(alice, bob)
    over = threading.Event()

    def hang_up():
        for _ in range(1000):
            server._process.send_signal(signal.SIGHUP)
        over.set()

    thread = threading.Thread(target=hang_up)
    thread.start()
    rounds = 0
    while not over.is_set() or rounds < 20:
        alice.says("hold", one)
        bob.hears_state(other, "holding")
        alice.says("retrieve", one)
        bob.hears_state(other, "active")
        assert running(admin)["document"]["signaling"]
        rounds += 1
    thread.join()
    admin.call("config.apply", patch={"signaling": {"ringTimeout": "33s"}})
    with WirePhone(server.port, "carol") as carol:
        carol.register()
    assert admin.call("system.info")["counts"]["calls"] == 1


def test_hangup_takes_the_file_over(server, admin):
    admin.subscribe("system.*")
    document = json.loads(file_of(server).read_text())
    document["signaling"]["ringTimeout"] = "33s"
    file_of(server).write_text(json.dumps(document))
    server._process.send_signal(signal.SIGHUP)
    event = admin.event("system.configured")
    assert running(admin)["revision"] == event["data"]["revision"]
    assert running(admin)["document"]["signaling"]["ringTimeout"] == "33s"


# plugins.*


def test_plugins_list_and_get(server, admin, phones):
    (listed,) = admin.call("plugins.list")["items"]
    assert listed.keys() == {"name", "kind", "roles", "enabled", "health", "pointer"}
    assert (listed["name"], listed["kind"], listed["enabled"]) == ("static", "StaticDirectory", True)
    assert set(listed["roles"]) == {"directory", "authenticator"}
    assert listed["health"]["status"] == "ok" and just_now(listed["health"]["since"])
    plugin = admin.call("plugins.get", name="static")
    assert listed.items() <= plugin.items() and plugin["pointer"] == "/plugins/0"
    assert [entry["password"] for entry in plugin["settings"]["entries"]] == ["***"] * 3
    assert sum(one["count"] for one in plugin["counters"]) > 0
    for one in plugin["counters"]:
        assert one.keys() == {"question", "outcome", "count"}
    for one in plugin["latencies"]:
        assert one.keys() <= {"question", "count", "p50Milliseconds", "p90Milliseconds", "p99Milliseconds"}
        if one["count"]:
            assert 0 <= one["p50Milliseconds"] <= one["p90Milliseconds"] <= one["p99Milliseconds"] < 60_000
    assert refusal(admin, "plugins.get", name="nobody").code == NOT_FOUND


def test_plugins_configure(server, admin, phones):
    alice, bob = phones
    entries = admin.call("plugins.get", name="static")["settings"]["entries"]
    entries[0]["displayName"] = "Alice Altered"
    answer = admin.call("plugins.configure", name="static", settings={"entries": entries})
    assert answer["revision"] == running(admin)["revision"]
    assert admin.call("directory.resolve", username="alice")["entry"]["displayName"] == "Alice Altered"
    assert "Altered" not in file_of(server).read_text()
    error = refusal(admin, "plugins.configure", name="static", settings={"entries": entries, "nonsense": 1})
    assert error.code == INVALID_CONFIGURATION
    assert error.data[0]["pointer"] == "/plugins/0/settings/nonsense"
    assert refusal(admin, "plugins.configure", name="nobody", settings={}).code == NOT_FOUND
    admin.call("plugins.configure", name="static", settings={"entries": entries}, persist=True)
    assert json.loads(file_of(server).read_text())["plugins"][0]["settings"]["entries"][0]["displayName"] == "Alice Altered"
    assert "***" not in file_of(server).read_text()
    talking(alice, bob)


def test_plugins_disable_and_enable(server, admin, phones):
    """Live: nobody's socket, registration or call is touched; new questions are not asked."""
    alice, bob = phones
    one, other = talking(alice, bob)
    admin.subscribe("plugin.*")
    with WirePhone(server.port, "carol") as carol:
        assert admin.call("plugins.disable", name="static")["revision"] == running(admin)["revision"]
        admin.event("plugin.changed", plugin="static")
        assert admin.call("plugins.list")["items"][0]["enabled"] is False
        assert admin.call("plugins.list")["items"][0]["health"]["status"] == "disabled"
        assert running(admin)["document"]["plugins"][0]["enabled"] is False
        answer = admin.call("directory.resolve", username="alice")
        assert answer["found"] is False and answer["asked"] == []
        carol.send("register", "start", assignment={"username": "carol"})
        assert carol.hears("register", "start")["state"] == "failed"
        alice.says("hold", one)
        bob.hears_state(other, "holding")
        admin.call("plugins.disable", name="static")
        admin.call("plugins.enable", name="static")
        admin.event("plugin.changed", plugin="static")
        assert admin.call("plugins.list")["items"][0]["health"]["status"] == "ok"
        carol.register()
        alice.says("retrieve", one)
        bob.hears_state(other, "active")
    assert admin.call("system.info")["counts"]["calls"] == 1
    assert refusal(admin, "plugins.disable", name="nobody").code == NOT_FOUND
    admin.call("plugins.disable", name="static", persist=True)
    assert json.loads(file_of(server).read_text())["plugins"][0]["enabled"] is False


# directory.* and auth.check


def test_directory_resolve(admin):
    for params in ({"username": "alice"}, {"dialString": NUMBERS["alice"]}, {"dialString": "+49-5363-8195-123"}, {"username": "alice", "fresh": True}):
        answer = admin.call("directory.resolve", **params)
        assert answer["found"] is True and answer["plugin"] == "static" and answer["milliseconds"] >= 0
        assert answer["entry"] == {"username": "alice", "dialString": NUMBERS["alice"], "displayName": "Alice Adams"}
        (asked,) = answer["asked"]
        assert (asked["plugin"], asked["outcome"]) == ("static", "found") and asked["milliseconds"] >= 0
    answer = admin.call("directory.resolve", username="mallory")
    assert answer["found"] is False and answer["asked"][0]["outcome"] == "missing" and "entry" not in answer
    for params in ({}, {"username": "alice", "dialString": "1"}):
        assert refusal(admin, "directory.resolve", **params).code == INVALID_PARAMS


def test_directory_list_put_delete(server, admin):
    def names():
        return [item["username"] for item in admin.all("directory.list", limit=2)]

    assert sorted(names()) == ["alice", "bob", "carol"]
    assert admin.call("directory.list", plugin="static")["items"][0].keys() == {"username", "dialString", "displayName", "plugin"}
    put = {"username": "dora", "dialString": "4953638195555", "displayName": "Dora Dean", "password": "a word of her own"}
    answer = admin.call("directory.put", plugin="static", **put)
    assert answer == {"created": True, "revision": running(admin)["revision"]}
    assert sorted(names()) == ["alice", "bob", "carol", "dora"]
    with WirePhone(server.port, "dora", password="a%20word%20of%20her%20own") as dora:
        dora.register()
        assert dora.number == "4953638195555"
        assert admin.call("directory.put", **{**put, "displayName": "Dora Dee"})["created"] is False
        assert admin.call("directory.resolve", username="dora")["entry"]["displayName"] == "Dora Dee"
        assert "word of her own" not in json.dumps(admin.call("plugins.get", name="static")["settings"])
        assert "dora" not in file_of(server).read_text()
        assert admin.call("directory.put", persist=True, **put)["created"] is False
        assert "dora" in file_of(server).read_text() and "a word of her own" not in file_of(server).read_text()
        # Another's number.
        error = refusal(admin, "directory.put", username="eve", dialString=NUMBERS["alice"])
        assert error.code in (INVALID_CONFIGURATION, INVALID_PARAMS), error
        assert admin.call("directory.delete", username="dora") == {"revision": running(admin)["revision"]}
        assert admin.call("directory.resolve", username="dora")["found"] is False
        assert sorted(names()) == ["alice", "bob", "carol"]
    assert refusal(admin, "directory.delete", username="dora").code == NOT_FOUND
    assert refusal(admin, "directory.list", plugin="nobody").code == NOT_FOUND
    assert "a word of her own" not in "".join(admin.traffic) + server.log()


def test_auth_check(server, admin):
    answer = admin.call("auth.check", username="alice", password="demo")
    assert answer["accepted"] is True and (answer["username"], answer["plugin"]) == ("alice", "static")
    assert "reason" not in answer and answer["milliseconds"] >= 0
    for name in ("alice", "mallory"):
        answer = admin.call("auth.check", username=name, password="not-her-word")
        assert answer["accepted"] is False and answer["reason"]
    answer = admin.call("auth.check", token="eyJhbGciOiJub25lIn0.e30.")
    assert answer["accepted"] is False and answer["reason"]
    for params in ({}, {"username": "alice"}, {"username": "alice", "password": "demo", "token": "x"}):
        assert refusal(admin, "auth.check", **params).code == INVALID_PARAMS
    said = "".join(admin.traffic) + server.log()
    assert "not-her-word" not in said and "eyJhbGci" not in said
    # Asking is not trying to break in: nobody is locked out.
    for _ in range(30):
        admin.call("auth.check", username="alice", password="not-her-word")
    with WirePhone(server.port, "alice") as alice:
        alice.register()


# registrations.*


def test_registrations_list_and_get(server, admin, phones):
    alice, bob = phones
    listed = admin.call("registrations.list")["items"]
    assert sorted(one["dialString"] for one in listed) == sorted([alice.number, bob.number])
    ours = registration_of(admin, alice)
    assert admin.call("registrations.get", registration=ours["id"]) == ours
    assert ours["displayName"] == "Alice Adams" and ours["username"] == "alice" and ours["plugin"] == "static"
    assert ours["client"] == "test 1.0" and ours["connected"] is True and just_now(ours["registeredAt"])
    assert ours["peer"].startswith("127.0.0.1") and ours["calls"] == [] and "absentSince" not in ours
    assert ours["canBeWoken"] is False and ours["quarantined"] is False
    assert alice.identifier not in "".join(admin.traffic)
    talking(alice, bob)
    (call,) = admin.call("calls.list")["items"]
    assert registration_of(admin, alice)["calls"] == [call["id"]] == registration_of(admin, bob)["calls"]


def test_registrations_list_filters(server, admin, phones):
    alice, bob = phones
    before = registration_of(admin, alice)["registeredAt"]

    def names(**params):
        return sorted(one["username"] for one in admin.call("registrations.list", **params)["items"])

    assert names(username="alice") == ["alice"] and names(dialString=bob.number) == ["bob"]
    assert names(plugin="static") == ["alice", "bob"] and names(username="mallory") == [] == names(dialString="1")
    assert names(username="alice", dialString=bob.number) == []
    assert names(connected=True) == ["alice", "bob"] and names(connected=False) == []
    bob.cut()
    until(lambda: names(connected=False) == ["bob"], "Bob is not missed")
    gone = registration_of(admin, bob)
    assert just_now(gone["absentSince"]) and "peer" not in gone and names(connected=True) == ["alice"]
    assert names(since=before) == ["alice", "bob"]
    assert names(since="2100-01-01T00:00:00.000Z") == []
    assert names(since="2020-01-01T00:00:00Z") == ["alice", "bob"]


def test_registrations_disconnect(server, admin, phones):
    alice, bob = phones
    one, _ = talking(alice, bob)
    ours = registration_of(admin, alice)
    assert admin.call("registrations.disconnect", registration=ours["id"]) == {}
    alice.is_closed_with()
    until(lambda: registration_of(admin, alice)["connected"] is False, "she is still there")
    # Only the socket is gone.
    with WirePhone(server.port, query=f"?identifier={alice.identifier}") as again:
        again.returned()
        again.hears_state(one, "active")
        now = registration_of(admin, alice)
        assert now["id"] == ours["id"] and now["connected"] is True and len(now["calls"]) == 1
    assert refusal(admin, "registrations.disconnect", registration="9999.1").code == NOT_FOUND


def test_registrations_terminate(server, admin, phones):
    alice, bob = phones
    _, other = talking(alice, bob)
    ours = registration_of(admin, alice)
    assert admin.call("registrations.terminate", registration=ours["id"]) == {}
    assert alice.hears("register", "terminate")["reason"] == "administrator"
    assert alice.is_closed_with()[0] == 4003
    assert bob.hears_state(other, "terminated")["reason"] == "administrator"
    assert refusal(admin, "registrations.get", registration=ours["id"]).code == NOT_FOUND
    assert refusal(admin, "registrations.terminate", registration=ours["id"]).code == NOT_FOUND
    with pytest.raises(InvalidStatus):
        WirePhone(server.port, query=f"?identifier={alice.identifier}")
    # She may come again.
    with WirePhone(server.port, "alice") as again:
        again.register()
        assert registration_of(admin, again)["id"] != ours["id"], "an id is never used twice"


def test_registrations_wake_of_somebody_who_left_no_token(admin, phones):
    _, bob = phones
    bob.cut()
    until(lambda: registration_of(admin, bob)["connected"] is False, "he is still there")
    error = refusal(admin, "registrations.wake", registration=registration_of(admin, bob)["id"])
    assert error.code == PLUGIN_UNAVAILABLE and "token" in error.message
    assert admin.call("notifications.history") == {"items": []}


def test_registrations_wake_of_somebody_who_is_there(admin, phones):
    answer = admin.call("registrations.wake", registration=registration_of(admin, phones[0])["id"])
    assert answer["outcome"] == "connected" and "problem" not in answer
    assert refusal(admin, "registrations.wake", registration="9999.1").code == NOT_FOUND


# calls.*


def test_calls_list_and_get(admin, phones):
    alice, bob = phones
    assert admin.call("calls.list") == {"items": []}
    one = alice.call("bob")
    other = bob.hears("signaling", "start")["identifier"]
    (call,) = admin.call("calls.list")["items"]
    assert call["state"] == "offering" and call["dialled"] == bob.number and just_now(call["startedAt"])
    assert call["caller"]["dialString"] == alice.number and call["caller"]["displayName"] == "Alice Adams"
    (callee,) = call["callees"]
    assert callee["dialString"] == bob.number and callee["state"] == "offered" and callee["connected"] is True
    assert callee["registration"] == registration_of(admin, bob)["id"]
    bob.says("accept", other)
    alice.hears_state(one, "ringing")
    assert admin.call("calls.get", call=call["id"])["callees"][0]["state"] == "ringing"
    bob.says("answer", other)
    alice.hears_state(one, "active")
    got = admin.call("calls.get", call=call["id"])
    assert got["state"] == "connected" and just_now(got["answeredAt"]) and got["callees"][0]["state"] == "connected"
    assert got["caller"]["state"] == "connected"
    alice.says("hold", one)
    bob.hears_state(other, "holding")
    got = admin.call("calls.get", call=call["id"])
    assert got["caller"]["onHold"] is True and got["callees"][0]["onHold"] is False
    assert admin.call("calls.list", dialString=bob.number)["items"] == [got] == admin.call("calls.list", dialString=alice.number)["items"]
    assert admin.call("calls.list", dialString="1") == {"items": []}
    text = "".join(admin.traffic)
    assert one not in text and other not in text, "what phones call their calls is between them and the server"


def test_calls_terminate(admin, phones):
    alice, bob = phones
    one, other = talking(alice, bob)
    (call,) = admin.call("calls.list")["items"]
    assert admin.call("calls.terminate", call=call["id"]) == {}
    assert alice.hears_state(one, "terminated")["reason"] == "administrator"
    assert bob.hears_state(other, "terminated")["reason"] == "administrator"
    for method in ("calls.get", "calls.terminate"):
        assert refusal(admin, method, call=call["id"]).code == NOT_FOUND
    # Before anybody has answered, too.
    one = alice.call("bob")
    bob.rings()
    (call,) = admin.call("calls.list")["items"]
    admin.call("calls.terminate", call=call["id"])
    assert alice.hears_state(one, "terminated")["reason"] == "administrator"


def test_calls_history(admin, phones):
    alice, bob = phones
    assert admin.call("calls.history") == {"items": []}
    one, other = talking(alice, bob)
    (call,) = admin.call("calls.list")["items"]
    alice.says("terminate", one)
    bob.hears_state(other, "terminated")
    second = bob.call("alice")
    ringing = alice.rings()
    alice.says("terminate", ringing, reason="busy")
    assert bob.hears_state(second, "terminated")["reason"] == "busy"
    third = bob.call("404")
    assert bob.hears_state(third, "terminated")["reason"] == "notFound"

    until(lambda: len(admin.call("calls.history")["items"]) == 3, "calls are not written down")
    nobody, busy, normal = admin.call("calls.history")["items"]
    assert normal["id"] == call["id"] and normal["reason"] == "normal" and normal["dialled"] == bob.number
    assert normal["caller"] == {"dialString": alice.number, "displayName": "Alice Adams"}
    assert normal["callee"] == {"dialString": bob.number, "displayName": "Bob Brown"}
    assert moment(normal["startedAt"]) <= moment(normal["ringingAt"]) <= moment(normal["answeredAt"]) <= moment(normal["endedAt"])
    assert 0 <= normal["talkSeconds"] < 60 and normal["pushes"] == 0
    assert busy["reason"] == "busy" and "answeredAt" not in busy and "talkSeconds" not in busy and "callee" not in busy
    assert nobody["reason"] == "notFound" and nobody["dialled"] == "404" and "ringingAt" not in nobody
    assert admin.call("calls.history", dialString="404")["items"] == [nobody]
    assert admin.call("calls.history", limit=1)["items"] == [nobody]
    assert admin.all("calls.history", limit=1) == [nobody, busy, normal]


def steps(trace):
    """The names of the steps, after a look at their times."""
    last = 0
    for step in trace["steps"]:
        assert moment(step["at"]) and step["afterMilliseconds"] >= last, trace
        last = step["afterMilliseconds"]
        assert step["text"] and "\n" not in step["text"]
    return [step["step"] for step in trace["steps"]]


def in_order(expected, found):
    rest = iter(found)
    return all(one in rest for one in expected)


def test_calls_trace(admin, phones):
    alice, bob = phones
    one, other = talking(alice, bob)
    (call,) = admin.call("calls.list")["items"]
    (trace,) = admin.call("calls.trace", call=call["id"])["items"]
    assert trace["call"] == call["id"] and trace["dialled"] == bob.number and trace["omitted"] == 0
    assert "endedAt" not in trace and "reason" not in trace
    # Somebody who is registered is not looked up.
    story = ["started", "offered", "ringing", "answered"]
    assert in_order(story, steps(trace)), steps(trace)
    offered = next(step for step in trace["steps"] if step["step"] == "offered")
    assert offered["registration"] == registration_of(admin, bob)["id"]
    alice.says("hold", one)
    bob.hears_state(other, "holding")
    bob.cut()
    until(lambda: registration_of(admin, bob)["connected"] is False, "he is still there")
    with WirePhone(bob.port, query=f"?identifier={bob.identifier}") as again:
        again.returned()
        alice.says("retrieve", one)
        again.hears_state(other, "active")
        alice.says("terminate", one)
        again.hears_state(other, "terminated")
    (trace,) = admin.call("calls.trace", call=call["id"])["items"]
    assert in_order([*story, "held", "lost", "returned", "retrieved", "legEnded", "ended"], steps(trace)), steps(trace)
    assert trace["reason"] == "normal" and moment(trace["endedAt"]) >= moment(trace["startedAt"])

    second = alice.call("404")
    alice.hears_state(second, "terminated")
    (nobody,) = until(lambda: admin.call("calls.trace", dialString="404")["items"], "no trace")
    assert nobody["reason"] == "notFound" and "offered" not in steps(nobody)
    assert in_order(["started", "resolving", "resolved", "ended"], steps(nobody)) and steps(nobody)[-1] == "ended"
    assert admin.call("calls.trace", dialString=bob.number, limit=5)["items"] == [trace]
    everything = admin.call("calls.trace", dialString=alice.number, limit=5)["items"]
    assert [item["call"] for item in everything] == [nobody["call"], trace["call"]]
    assert refusal(admin, "calls.trace").code == INVALID_PARAMS
    assert refusal(admin, "calls.trace", call="9999.1").code == NOT_FOUND
    assert bob.identifier not in "".join(admin.traffic)


def test_the_trace_of_a_call_is_bounded(server, admin):
    """One who holds and retrieves for hours fills no memory; the beginning and the end are kept."""
    admin.call("config.apply", patch={"limits": {"messagesPerSecond": 100000, "messageBurst": 100000}})
    alice, bob = WirePhone(server.port, "alice").register(), WirePhone(server.port, "bob").register()
    one, other = talking(alice, bob)
    (call,) = admin.call("calls.list")["items"]
    for _ in range(300):
        alice.says("hold", one)
        bob.hears_state(other, "holding")
        alice.says("retrieve", one)
        bob.hears_state(other, "active")
    alice.says("terminate", one)
    bob.hears_state(other, "terminated")
    (trace,) = admin.call("calls.trace", call=call["id"])["items"]
    names = steps(trace)
    assert names[0] == "started" and names[-1] == "ended"
    assert len(names) + trace["omitted"] >= 605 and len(names) < 600
    alice.close(), bob.close()


# Pages of lists that change meanwhile


def crowd(document):
    people = [{"username": f"user{index}", "dialString": str(1000 + index)} for index in range(120)]
    document["authentication"] = {"anonymous": True}
    document["plugins"] = [{"name": "people", "kind": "StaticDirectory", "settings": {"entries": people}}]
    document["limits"] = {"handshakesPerSecond": 1000, "connectionsPerAddress": 1000, "callStartsPerSecond": 1000}


class Nobody(WirePhone):
    """Comes in without a password."""

    def __init__(self, port, number):
        super().__init__(port)
        self.username = f"user{number}"


def test_pages_of_registrations_that_come_and_go(start_server):
    """Whoever is there all the time is on exactly one page; nobody is on two."""
    server = start_server(crowd)
    people = {number: Nobody(server.port, number).register() for number in range(60)}
    with Lines(socket_path(server)) as admin:
        seen, rounds = [], 0
        for items in admin.pages("registrations.list", limit=10):
            seen += [one["username"] for one in items]
            # One who has been seen goes, one who has not, and a new one comes.
            names = {int(name[4:]) for name in seen}
            here = [number for number in people if number in names]
            ahead = [number for number in people if number not in names and number < 60]
            for number in (here[:1] + ahead[:1]):
                people.pop(number).unregister()
            rounds += 1
            people[60 + rounds] = Nobody(server.port, 60 + rounds).register()
            assert rounds < 20
        assert len(seen) == len(set(seen))
        assert {f"user{number}" for number in people if number < 60} <= set(seen)
        for phone in people.values():
            phone.close()


def test_pages_of_a_history_that_grows(start_server):
    server = start_server(crowd)
    caller, callee = Nobody(server.port, 1).register(), Nobody(server.port, 2).register()

    def one_more():
        one = caller.call("404")
        caller.hears_state(one, "terminated")

    with Lines(socket_path(server)) as admin:
        for _ in range(25):
            one_more()
        until(lambda: len(admin.all("calls.history")) == 25, "calls are missing")
        expected = [record["id"] for record in admin.all("calls.history")]
        seen = []
        for items in admin.pages("calls.history", limit=4):
            seen += [record["id"] for record in items]
            one_more()
        assert seen == expected
        assert len(admin.all("calls.history", limit=7)) == 32
    caller.close(), callee.close()


def test_a_cursor_is_for_the_list_that_gave_it(start_server):
    server = start_server(crowd)
    people = [Nobody(server.port, number).register() for number in range(3)]
    with Lines(socket_path(server)) as admin:
        cursor = admin.call("registrations.list", limit=1)["cursor"]
        for method, params in (
            ("calls.history", {"cursor": cursor}), ("registrations.list", {"cursor": cursor + "x"}), ("calls.list", {"cursor": ""})
        ):
            error = refusal(admin, method, **params)
            assert error.code == INVALID_PARAMS and error.data[0]["pointer"] == "/cursor"
    for phone in people:
        phone.close()


# events.*


def test_events_of_registrations(server, admin):
    admin.subscribe("registration.*")
    with WirePhone(server.port, "alice") as alice:
        alice.register()
        created = admin.event("registration.created", dialString=alice.number, username="alice")
        assert just_now(created["at"])
        ours = created["data"]["registration"]
        alice.cut()
        admin.event("registration.lost", registration=ours)
    with WirePhone(server.port, query=f"?identifier={alice.identifier}") as alice:
        alice.returned()
        admin.event("registration.returned", registration=ours)
        alice.unregister()
    assert admin.event("registration.ended", registration=ours)["data"]["reason"] == "success"
    assert alice.identifier not in "".join(admin.traffic)


def test_events_of_calls(server, admin, phones):
    alice, bob = phones
    admin.subscribe("call.*")
    one, other = talking(alice, bob)
    started = admin.event("call.started", dialled=bob.number)
    ours = started["data"]["call"]
    admin.event("call.ringing", call=ours)
    admin.event("call.answered", call=ours)
    alice.says("hold", one)
    admin.event("call.held", call=ours)
    alice.says("retrieve", one)
    admin.event("call.retrieved", call=ours)
    alice.says("terminate", one)
    admin.event("call.ended", call=ours, reason="normal")
    assert admin.call("calls.history")["items"][0]["id"] == ours, "who hears of the end finds the record"


def test_a_transfer_is_an_event(server, admin, phones):
    alice, bob = phones
    admin.subscribe("call.transferred")
    with WirePhone(server.port, "carol") as carol:
        carol.register()
        one, _ = talking(alice, bob)
        alice.says("hold", one)
        alice.hears_state(one, "held")
        alice.says("transfer", one, remoteAddress={"dialString": carol.number})
        carol.says("answer", carol.rings())
        admin.event("call.transferred")


def test_only_what_was_subscribed_to(server, admin, phones):
    alice, bob = phones
    first = admin.subscribe("call.ended", "call.started")
    second = admin.subscribe("call.ended")
    assert first != second
    one, _ = talking(alice, bob)
    alice.says("terminate", one)
    got = []
    while len(got) < 3:
        message = admin.receive()
        got.append((message["params"]["subscription"], message["params"]["event"]))
    assert sorted(got) == sorted([(first, "call.started"), (first, "call.ended"), (second, "call.ended")])
    assert admin.call("events.unsubscribe", subscription=first) == {}
    assert refusal(admin, "events.unsubscribe", subscription=first).code == NOT_FOUND
    admin.call("events.unsubscribe", subscription=second)
    talking(alice, bob)
    assert admin.call("system.health")["status"] == "ok"
    with pytest.raises(TimeoutError):
        admin.receive(0.5)
    assert not admin.events


def test_a_subscription_ends_with_its_connection_and_is_its_own(server, admin):
    with Lines(socket_path(server)) as other:
        subscription = other.subscribe("*")
        assert refusal(admin, "events.unsubscribe", subscription=subscription).code == NOT_FOUND


def test_a_subscriber_that_sleeps_is_told_how_many_it_has_lost(server, admin):
    """A10: and nobody else waits for it."""
    subscriptions, changes = 100, 600
    with Lines(socket_path(server), receive_buffer=4096) as sleeper:
        for _ in range(subscriptions):
            sleeper.subscribe("system.configured")
        for number in range(changes):
            admin.call("config.apply", patch={"signaling": {"ringTimeout": f"{30 + number % 20}s"}})
        # Awake again: everything that was kept, and what is missing.
        received = lost = 0
        while received + lost < subscriptions * changes:
            event = sleeper.receive()["params"]
            if event["event"] == "system.lost":
                assert event["data"]["count"] > 0
                lost += event["data"]["count"]
            else:
                received += 1
        assert received + lost == subscriptions * changes and lost > 0 and received > 0
        # And all is well from here.
        admin.call("config.apply", patch={"signaling": {"ringTimeout": "25s"}})
        assert sleeper.receive()["params"]["event"] == "system.configured"
        assert sleeper.call("system.health")["status"] == "ok"


# Secrets


PUSH_TOKEN = "a-push-token-of-bobs-phone"
TCP_TOKEN = "an-operators-token-of-more-than-32-characters"
JWT_KEY = "a key of at least 32 bytes, of which nobody knows"
TURN = "the-word-of-the-turn-server"


def test_no_secret_leaves_the_server(start_server):
    """A5, L2: whatever is asked for, rightly or wrongly, and whatever is logged meanwhile, at any level."""

    def adjust(document):
        document["log"] = {"level": "trace"}
        document["authentication"] = {
            "methods": ["basic", "token"],
            "token": {"issuers": [{"issuer": "shop", "algorithm": "HS256", "secret": {"$env": "SHOP_KEY"}}]},
        }
        document["iceServers"] = [{"urls": "turn:turn.example.test", "username": "u", "credential": TURN}]
        document["admin"] = {
            "listeners": [{"name": "remote", "host": "127.0.0.1", "port": 0, "role": "viewer", "token": {"$env": "ADMIN_TOKEN"},
                           "dashboard": False}]
        }

    server = start_server(adjust, {"SHOP_KEY": JWT_KEY, "ADMIN_TOKEN": TCP_TOKEN})
    with Lines(socket_path(server)) as admin, WirePhone(server.port, "alice") as alice, WirePhone(server.port, "bob") as bob:
        admin.subscribe("*")
        alice.register(), bob.register()
        bob.can_be_woken(service="fcm", token=PUSH_TOKEN)
        talking(alice, bob)
        bob.cut()
        until(lambda: registration_of(admin, bob)["connected"] is False, "he is still there")
        document = running(admin)["document"]
        reads = ["rpc.discover", "system.info", "system.health", "system.metrics", "config.get", "config.schema", "plugins.list",
                 "directory.list", "registrations.list", "calls.list", "calls.history", "notifications.history"]
        for method in reads:
            admin.call(method)
        admin.call("plugins.get", name="static")
        admin.call("calls.trace", dialString=alice.number)
        admin.call("directory.resolve", username="alice")
        admin.call("config.validate", document=document)
        # Secrets where something else belongs, and something wrong where secrets belong.
        secret = {"$env": "SHOP_KEY"}
        for patch in (
            {"authentication": {"realm": secret}},
            {"authentication": {"token": {"issuers": [{"issuer": "shop", "algorithm": "HS256", "secret": "short-but-secret"}]}}},
            {"iceServers": [{"urls": "turn:x", "credential": {"$file": "plugins.json", "$env": "SHOP_KEY"}}]},
            {"admin": {"listeners": [{"name": "remote", "token": ["a-list-with-a-secret"]}]}},
            {"plugins": [{"name": "static", "kind": "StaticDirectory", "settings": {"entries": [
                {"username": "alice", "dialString": "1", "password": "not-even-a-hash"}]}}]},
        ):
            for method in ("config.validate", "config.apply"):
                try:
                    admin.call(method, patch=patch)
                except Refused:
                    pass
        for params in ({"username": "alice", "password": {"x": "a-word-in-an-object"}}, {"token": 7, "password": "a-word-alone"}):
            assert refusal(admin, "auth.check", **params).code == INVALID_PARAMS
        refusal(admin, "a-secret-as-method", secret="a-word-as-param")
        HTTP(tcp_port(server), "a-wrong-token-that-was-almost-right").post(request("system.info"))
        HTTP(tcp_port(server), TCP_TOKEN).call("config.get")
        WirePhone(server.port, query=f"?identifier={bob.identifier}").returned().close()
        admin.call("system.info")
        sent = [
            "$y$j9T$", PUSH_TOKEN, TCP_TOKEN, JWT_KEY, TURN, "short-but-secret", "a-list-with-a-secret", "not-even-a-hash",
            "a-word-in-an-object", "a-word-alone", "a-word-as-param", "a-wrong-token-that-was-almost-right",
            alice.identifier, bob.identifier,
        ]
        traffic, log = "".join(admin.traffic), server.log()
        for one in sent:
            told = traffic.find(one)
            assert told < 0, f"{one} is told: …{traffic[max(0, told - 200):told + 60]}"
            assert one not in log, f"{one} is logged"
    assert "demo" not in log.replace("anynode-demo", "")


def test_names_can_not_forge_lines_or_colours(start_server):
    """L1: in answers they are what they are, in the log they are harmless, and one event is one line."""
    nasty = "Eve\r\nERROR forged \x1b[31m\u202egnol\u2028x\0"

    def adjust(document):
        document["log"] = {"level": "trace"}
        document["plugins"][0]["settings"]["entries"][0]["displayName"] = "Alice\u202e"

    server = start_server(adjust)
    with Lines(socket_path(server)) as admin, WirePhone(server.port, "alice", description=nasty) as alice:
        alice.register()
        alice.hears_state(alice.call("4953\r\n\x1b[31m"), "terminated")
        for method, params in (
            ("directory.resolve", {"username": nasty}), ("registrations.list", {"dialString": nasty}),
            ("plugins.get", {"name": nasty}), (nasty, {}), ("auth.check", {"username": nasty, "password": "x"}),
        ):
            try:
                admin.call(method, **params)
            except Refused:
                pass
        registration = admin.call("registrations.list")["items"][0]
        assert "\x1b" not in registration.get("client", "") or registration["client"] == nasty
        HTTP(socket_path(server)).do("GET", "/%0d%0aERROR%20forged")
    log = server.log()
    for bad in ("\x1b", "\u202e", "\u2028", "\0"):
        assert bad not in log, repr(bad)
    assert not [line for line in log.splitlines() if line.startswith(("ERROR forged", "x"))]
