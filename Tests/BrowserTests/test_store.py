"""SIGKILL in the middle of load, a hundred times on one store: what was acknowledged is there, and the file is whole."""

import asyncio
import hashlib
import json
import random
import sqlite3
import subprocess

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage

from conftest import path_from_environment, run

ROUNDS = 100
CLIENTS = 12


def configuration(folder):
    people = [{"username": f"user{index}", "dialString": str(1000 + index)} for index in range(CLIENTS)]
    document = {
        "threads": 1,
        "listeners": [{"name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0}],
        "authentication": {"anonymous": True, "methods": ["basic"]},
        "limits": {"connectionsPerAddress": 1000, "handshakesPerSecond": 1000, "handshakeBurst": 1000},
        "store": {"kind": "SQLiteStore", "settings": {"path": "store.sqlite"}},
        "plugins": [{"name": "people", "kind": "StaticDirectory", "settings": {"entries": people}}],
    }
    (folder / "plugins.json").write_text(json.dumps(document))


class Victim:
    """A server that will not be asked to stop."""

    def __init__(self, folder):
        self.errors = open(folder / "stderr.txt", "w+")
        binary = path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server")
        self.process = subprocess.Popen(
            [binary, "--config", "plugins.json"], cwd=folder, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        for line in self.process.stdout:
            if line.startswith("listening public"):
                self.url = line.split()[2]
            if line == "ready\n":
                return
        self.errors.seek(0)
        raise AssertionError(f"the server did not start:\n{self.errors.read()}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.errors.seek(0)
        return self.errors.read()


async def client(url, name, acknowledged):
    """Registers, and says again and again how it can be woken, until the server is gone."""
    try:
        async with connect(url) as socket:
            register = {"version": 1, "operation": "register", "action": "start", "assignment": {"username": name}}
            await socket.send(json.dumps(register))
            reply = json.loads(await socket.recv())
            assert reply["state"] == "registered", reply
            digest = hashlib.sha256(reply["identifier"].encode()).digest()
            # More often than that it may not say so within a minute.
            for number in range(1, 11):
                token = {"service": "fcm", "token": f"{name}-{number}"}
                status = {"version": 1, "operation": "register", "action": "status", "confirm": True}
                await socket.send(json.dumps({**status, "notificationToken": token}))
                reply = json.loads(await socket.recv())
                assert reply["state"] == "registered", reply
                acknowledged[digest] = number
                await asyncio.sleep(random.uniform(0, 0.03))
            await socket.recv()
    except (ConnectionClosed, InvalidMessage, OSError):
        pass  # killed, before its answer to the handshake or after


async def load(victim, seconds):
    acknowledged = {}
    clients = [asyncio.create_task(client(victim.url, f"user{index}", acknowledged)) for index in range(CLIENTS)]
    await asyncio.sleep(seconds)
    log = victim.kill()
    await asyncio.gather(*clients)
    return acknowledged, log


def stored(path):
    """What another reader finds, who has to recover the file first, as the next server does."""
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = database.execute("SELECT identifierDigest, notificationToken FROM registration").fetchall()
    database.close()
    return {digest: int(json.loads(token)["token"].rsplit("-", 1)[1]) for digest, token in rows}


def test_killed_a_hundred_times(tmp_path):
    configuration(tmp_path)
    total = 0
    before = {}
    for round_number in range(ROUNDS):
        victim = Victim(tmp_path)
        acknowledged, log = run(load(victim, random.uniform(0.05, 0.3)))
        assert f" registrations={len(before)}\n" in log, log
        found = stored(tmp_path / "store.sqlite")
        for digest, number in acknowledged.items():
            assert found.get(digest, 0) >= number, f"round {round_number}: {number} was acknowledged"
        total += sum(acknowledged.values())
        before = found
    assert total > ROUNDS
    assert not list(tmp_path.glob("*.corrupt*"))
