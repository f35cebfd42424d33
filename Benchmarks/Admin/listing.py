"""What `registrations.list` over a million registrations does to those who talk meanwhile: a message to and fro, timed, alone and while all pages
are read again and again.

Run it with the release build: .venv/bin/python Benchmarks/Admin/listing.py [clients].
"""

import asyncio
import base64
import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from multiprocessing import Event, Process, Value
from pathlib import Path

import websockets

BUILD = Path(__file__).resolve().parents[2] / ".build/release"
CLIENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
ROUNDS, SECONDS = 5, 4


def rows():
    for index in range(1, CLIENTS + 1):
        token = json.dumps({"service": "fcm", "token": f"{index:022d}"})
        yield (
            index, hashlib.sha256(str(index).encode()).digest(), f"user{index}", str(49_000_000_000 + index),
            f"User Number {index}", "softphone 1.0", token.encode(), None, None, int(time.time() * 1000) - index,
        )


def serve(folder):
    server = subprocess.Popen(
        [BUILD / "anynode-server", "--config", "plugins.json"], cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )
    port = None
    for line in server.stdout:
        if line.startswith("listening"):
            port = int(line.rstrip("/\n").rsplit(":", 1)[1])
        if line == "ready\n":
            return server, port


def read_pages(path, running, stop, pages):
    """Another process: this one's own work must not be what is measured."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    lines = connection.makefile("rb")
    while not stop.is_set():
        running.wait(0.1)
        cursor = None
        while running.is_set() and not stop.is_set():
            params = {"limit": 1000, **({"cursor": cursor} if cursor else {})}
            request = {"jsonrpc": "2.0", "id": 1, "method": "registrations.list", "params": params}
            connection.sendall(json.dumps(request).encode() + b"\n")
            cursor = lines.readline()[-80:].partition(b'"cursor":"')[2].partition(b'"')[0].decode() or None
            pages.value += 1


async def phone(port, name):
    login = {"Authorization": "Basic " + base64.b64encode(f"{name}:demo".encode()).decode()}
    connection = await websockets.connect(f"ws://127.0.0.1:{port}/", additional_headers=login, compression=None)
    await connection.send(json.dumps({"version": 1, "operation": "register", "action": "start", "assignment": {"username": name}}))
    assert json.loads(await connection.recv())["state"] == "registered"
    return connection


async def wait_for(connection, **members):
    while True:
        message = json.loads(await connection.recv())
        if all(message.get(name) == value for name, value in members.items()):
            return message


async def measure(port, running, pages):
    alice, bob = await phone(port, "alice"), await phone(port, "bob")
    send = lambda who, **members: who.send(json.dumps({"version": 1, **members}))
    await send(alice, operation="signaling", action="start", identifier="c", remoteAddress="4953638195999")
    other = (await wait_for(bob, action="start"))["identifier"]
    await send(bob, operation="signaling", action="answer", identifier=other)
    await wait_for(alice, state="active")
    await wait_for(bob, state="active")
    text = json.dumps({"version": 1, "operation": "media", "action": "offer", "identifier": "c", "sdp": {"type": "offer", "sdp": "v=0"}})

    async def latencies():
        times, end = [], time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            begun = time.perf_counter()
            await alice.send(text)
            await bob.recv()
            times.append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(0.002)
        times.sort()
        return [times[len(times) // 2], times[int(len(times) * 0.99)]]

    await latencies()
    for _ in range(ROUNDS):
        running.clear()
        await asyncio.sleep(0.3)
        alone = await latencies()
        running.set()
        before = pages.value
        listed = await latencies()
        print(
            f"alone p50 {alone[0]:.3f} p99 {alone[1]:.3f} ms; listing p50 {listed[0]:.3f} p99 {listed[1]:.3f} ms; "
            f"{(pages.value - before) / SECONDS:.0f} pages of 1000 a second", flush=True,
        )


with tempfile.TemporaryDirectory() as folder:
    plugins = json.loads((Path(__file__).resolve().parents[2] / "plugins.json").read_text())["plugins"]
    Path(folder, "plugins.json").write_text(
        json.dumps(
            {
                "listeners": [{"name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0}],
                "store": {"kind": "SQLiteStore", "settings": {"path": "store.sqlite"}},
                "limits": {"messagesPerSecond": 10000, "messageBurst": 10000},
                "plugins": plugins,
            }
        )
    )
    server, _ = serve(folder)
    server.terminate()
    server.wait()
    database = sqlite3.connect(Path(folder, "store.sqlite"))
    columns = [row[1] for row in database.execute("PRAGMA table_info(registration)")]
    database.executemany(f"INSERT INTO registration VALUES ({', '.join('?' * len(columns))})", rows())
    database.commit()
    database.close()
    server, port = serve(folder)
    running, stop, pages = Event(), Event(), Value("i", 0)
    reader = Process(target=read_pages, args=(os.path.join(folder, "run/admin.sock"), running, stop, pages))
    reader.start()
    asyncio.run(measure(port, running, pages))
    stop.set()
    reader.join()
    server.terminate()
    server.wait()
