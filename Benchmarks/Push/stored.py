"""What a store with a million sleeping clients costs: start-up, file, memory.

Run it with the release build: .venv/bin/python Benchmarks/Push/stored.py [clients].
"""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / ".build/release"
CLIENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000


def serve(folder, use):
    begun = time.perf_counter()
    server = subprocess.Popen(
        [BUILD / "anynode-server", "--config", "plugins.json"], cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )
    for line in server.stdout:
        if line == "ready\n":
            break
    result = use(server, time.perf_counter() - begun)
    server.terminate()
    assert server.wait() == 0
    return result


def measured(server, seconds):
    status = Path(f"/proc/{server.pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return seconds, resident


def rows():
    for index in range(1, CLIENTS + 1):
        # As long as those of FCM are.
        token = json.dumps({"service": "fcm", "token": f"{index:022d}:APA91b{'x' * 134}"})
        yield (
            index, hashlib.sha256(str(index).encode()).digest(), f"user{index}", str(49_000_000_000 + index),
            f"User Number {index}", "softphone 1.0", token.encode(), "https://phone.example.com/", None,
            int(time.time() * 1000) - index,
        )


with tempfile.TemporaryDirectory() as folder:
    Path(folder, "plugins.json").write_text(
        json.dumps(
            {
                "listeners": [{"name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0}],
                "authentication": {"anonymous": True, "methods": ["basic"]},
                "store": {"kind": "SQLiteStore", "settings": {"path": "store.sqlite"}},
            }
        )
    )
    _, empty = serve(folder, measured)
    path = os.path.join(folder, "store.sqlite")
    with sqlite3.connect(path) as database:
        database.executemany("INSERT INTO registration VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows())
    database.close()
    size = os.path.getsize(path)
    seconds, resident = serve(folder, measured)
    print(f"{CLIENTS} stored clients: {size / 1e6:.0f} MB in the file, {size / CLIENTS:.0f} bytes each")
    print(f"ready after {seconds:.2f} s, {seconds / CLIENTS * 1e6:.2f} µs each")
    print(f"resident {(resident - empty) / 1024:.0f} MiB more than without, {(resident - empty) * 1024 / CLIENTS:.0f} bytes each")
