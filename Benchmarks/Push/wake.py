"""How long a push takes to leave, and a phone that has been woken to ring: the server's part of it.

Run it with the release build: .venv/bin/python Benchmarks/Push/wake.py. It starts the server and the push simulator, lets three hundred phones
fall asleep, and calls them one after the other. Both figures are upper bounds: the first holds the simulator's own work and
TLS, the second the phone's TCP connection and WebSocket handshake.
"""

import asyncio
import json
import subprocess
import tempfile
import time
from pathlib import Path

from websockets.asyncio.client import connect

BUILD = Path(__file__).resolve().parents[2] / ".build/release"
# Each is called once: a phone gets one push a second.
PHONES = 300


def number(index):
    return str(1000 + index)


async def start(folder):
    simulator = await asyncio.create_subprocess_exec(
        BUILD / "push-simulator", "--port", "0", "--directory", folder, stdout=subprocess.PIPE
    )
    origin = None
    while origin is None:
        line = (await simulator.stdout.readline()).decode()
        origin = next((word.rstrip(".") for word in line.split() if word.startswith("https://")), None)
    people = [{"username": f"user{index}", "dialString": number(index)} for index in range(PHONES + 1)]
    configuration = {
        "listeners": [{"name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0}],
        "authentication": {"anonymous": True, "methods": ["basic"]},
        "limits": {
            "connectionsPerAddress": 1000, "handshakesPerSecond": 1000, "handshakeBurst": 1000,
            "callStartsPerSecond": 1000, "messagesPerSecond": 10000, "messageBurst": 10000,
        },
        "store": {"kind": "SQLiteStore", "settings": {"path": "store.sqlite"}},
        "plugins": [
            {"name": "people", "kind": "StaticDirectory", "settings": {"entries": people}},
            {
                "name": "firebase", "kind": "FCMNotifier",
                "settings": {
                    "serviceAccount": "service-account.json", "endpoint": origin, "authorities": "authority.pem",
                },
            },
        ],
    }
    Path(folder, "plugins.json").write_text(json.dumps(configuration))
    server = await asyncio.create_subprocess_exec(
        BUILD / "anynode-server", "--config", "plugins.json", cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    url = None
    while True:
        line = (await server.stdout.readline()).decode()
        if line.startswith("listening"):
            url = line.split()[2]
        if line == "ready\n":
            return simulator, server, url


async def say(socket, operation, action, **members):
    await socket.send(json.dumps({"version": 1, "operation": operation, "action": action, **members}))


async def register(url, index):
    socket = await connect(url)
    await say(socket, "register", "start", assignment={"username": f"user{index}"})
    assert json.loads(await socket.recv())["state"] == "registered"
    return socket


async def sleep(socket, index):
    await say(socket, "register", "status", notificationToken=f"phone-{index}", confirm=True)
    assert json.loads(await socket.recv())["state"] == "registered"
    await socket.close()


def report(name, seconds):
    seconds.sort()
    median, high = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
    print(f"{name:44} p50 {median * 1000:.2f} ms, p99 {high * 1000:.2f} ms")


async def main():
    with tempfile.TemporaryDirectory() as folder:
        simulator, server, url = await start(folder)
        try:
            for index in range(PHONES):
                await sleep(await register(url, index), index)
            caller = await register(url, PHONES)
            pushes, rings = [], []
            for index in range(PHONES):
                call = f"c-{index}"
                begun = time.perf_counter()
                await say(caller, "signaling", "start", identifier=call, remoteAddress=number(index))
                while True:
                    printed = await simulator.stdout.readline()
                    line = json.loads(printed) if printed.startswith(b"{\"time\"") else {}
                    # One that calls off may come for a phone that was faster than the service.
                    if "wakeupToken" in line.get("data", {}):
                        break
                pushes.append(time.perf_counter() - begun)
                begun = time.perf_counter()
                phone = await connect(f"{url}?wakeupToken={line['data']['wakeupToken']}")
                while json.loads(await phone.recv())["operation"] != "signaling":
                    pass
                rings.append(time.perf_counter() - begun)
                await say(caller, "signaling", "terminate", identifier=call)
                while json.loads(await caller.recv()).get("state") != "terminated":
                    pass
                await phone.close()
            report("signaling start to the push at the service", pushes[1:])
            report("connect with the token to ringing", rings)
        finally:
            for process in (server, simulator):
                process.terminate()
                await process.wait()


asyncio.run(main())
