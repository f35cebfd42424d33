"""The process as an operator, or systemd, sees it: signals, sockets, notifications, and what happens when things run out."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from conftest import ROOT, derived_configuration, path_from_environment, run

BINARY = path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server")
REGISTER = {"version": 1, "operation": "register", "action": "start", "assignment": {"username": "alice"}}
LIMIT = 20


def until(condition, what):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Process:
    """The server, started in any way a test wants."""

    def __init__(self, folder, configuration=None, command=None, environment=None, **options):
        self.path = folder / "plugins.json"
        self.path.write_text(json.dumps(configuration or derived_configuration()))
        self.errors = folder / "stderr.txt"
        with open(self.errors, "w") as errors:
            self.process = subprocess.Popen(
                [*(command or []), BINARY, "--config", self.path],
                env={**os.environ, **(environment or {})},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                **options,
            )
        self.port = None

    def ready(self):
        for line in self.process.stdout:
            if line.startswith("listening public"):
                self.port = int(line.strip().rstrip("/").rsplit(":", 1)[1])
            if line.strip() == "ready":
                return self
        pytest.fail(f"not ready: {self.log()}")

    def log(self):
        return self.errors.read_text(errors="replace")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(LIMIT)


@pytest.fixture
def start(tmp_path):
    processes = []

    def start(*arguments, **options):
        folder = tmp_path / f"process-{len(processes) + 1}"
        folder.mkdir()
        processes.append(Process(folder, *arguments, **options))
        return processes[-1]

    yield start
    for process in processes:
        if process.process.poll() is None:
            process.process.kill()
            process.process.wait()


def url(process):
    return f"ws://alice:demo@127.0.0.1:{process.port}/"


async def registered(process, socket):
    await socket.send(json.dumps(REGISTER))
    return json.loads(await asyncio.wait_for(socket.recv(), LIMIT))


def test_hangup_a_thousand_times_costs_nobody_his_connection(start):
    """F9: reloads coalesce; a configuration that has become invalid is reported, and the old one stays."""
    process = start().ready()

    async def scenario():
        async with connect(url(process)) as alice:
            assert (await registered(process, alice))["state"] == "registered"
            for _ in range(1000):
                process.process.send_signal(signal.SIGHUP)
            until(lambda: "read again" in process.log(), "SIGHUP was not heard")
            good = process.path.read_text()
            process.path.write_text(good.replace('"realm"', '"relam"'))
            process.process.send_signal(signal.SIGHUP)
            until(lambda: "the old one stays" in process.log(), "nobody complains")
            assert "relam" in process.log()
            assert (await registered(process, alice))["state"] == "registered"
            async with connect(url(process)) as other:
                assert (await registered(process, other))["state"] == "registered"

    run(scenario())
    assert process.end() == 0


def test_drain_does_not_wait_for_a_client_that_never_closes(start):
    """F8: 1001 to everybody, with a time to come back, and the end within the deadline."""
    configuration = derived_configuration()
    configuration["drain"] = {"spread": "100ms", "deadline": "2s"}
    process = start(configuration).ready()
    silent = socket.create_connection(("127.0.0.1", process.port))
    silent.sendall(
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Basic YWxpY2U6ZGVtbw==\r\n\r\n"
    )
    assert silent.recv(1000).startswith(b"HTTP/1.1 101")

    async def scenario():
        async with connect(url(process)) as alice:
            await registered(process, alice)
            process.process.terminate()
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    await asyncio.wait_for(alice.recv(), LIMIT)
            assert closed.value.rcvd.code == 1001
            assert closed.value.rcvd.reason.startswith("retry-after-ms=")

    run(scenario())
    assert process.process.wait(LIMIT) == 0
    assert b"\x03\xe9" in silent.recv(1000), "the silent one was told 1001 as well"


def test_second_instance_is_refused_and_the_first_unharmed(start):
    """F15."""
    first = start().ready()
    configuration = derived_configuration()
    configuration["listeners"][0]["port"] = first.port
    second = start(configuration)
    assert second.process.wait(LIMIT) == 1
    assert f"can't listen on 127.0.0.1 port {first.port}" in second.log()
    assert "in use" in second.log().lower()

    async def scenario():
        async with connect(url(first)) as alice:
            assert (await registered(first, alice))["state"] == "registered"

    run(scenario())
    assert first.end() == 0


def test_no_descriptors_left(start):
    """F4: accepting pauses, who is there is served, and it goes on when there is room again; the log says so once each."""
    process = start(command=["prlimit", "--nofile=48"]).ready()
    crowd = []

    async def scenario():
        async with connect(url(process)) as alice:
            await registered(process, alice)
            for _ in range(80):
                crowd.append(socket.create_connection(("127.0.0.1", process.port)))
            until(lambda: "can't be accepted" in process.log(), "nothing ran out")
            # Who is there is served.
            assert (await registered(process, alice))["state"] == "registered"
            for stranger in crowd:
                stranger.close()
            async with connect(url(process), open_timeout=LIMIT) as other:
                assert (await registered(process, other))["state"] == "registered"
            assert (await registered(process, alice))["state"] == "registered"

    run(scenario())
    until(lambda: "accepted again" in process.log(), "the end is not reported")
    assert process.log().count("can't be accepted") == process.log().count("accepted again") < 10
    assert process.end() == 0


def test_without_descriptors_for_clients_the_server_still_has_some(start, tmp_path):
    """F4: systemd goes on hearing that it is well, and files can be looked at."""
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        manager.settimeout(LIMIT)
        environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "100000"}
        process = start(command=["prlimit", "--nofile=64"], environment=environment).ready()
        crowd = [socket.create_connection(("127.0.0.1", process.port)) for _ in range(90)]
        until(lambda: "can't be accepted" in process.log(), "nothing ran out")
        said_before = True
        manager.setblocking(False)
        while said_before:
            try:
                manager.recv(1000)
            except BlockingIOError:
                said_before = False
        manager.settimeout(LIMIT)
        for _ in range(3):
            while b"WATCHDOG=1" not in manager.recv(1000):
                pass
        process.process.send_signal(signal.SIGHUP)
        until(lambda: "read again" in process.log(), "the configuration could not be read")
        for stranger in crowd:
            stranger.close()
        assert process.end() == 0


def inherit(listening):
    """A command that starts the server with that socket, as systemd does."""
    # The variables hold the process's own number, which only the process itself knows beforehand.
    script = f'exec 3<&{listening.fileno()}; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
    return ["bash", "-c", script, "_"]


def test_unencrypted_socket_of_systemd_for_everybody_is_refused(start):
    """B6: what host says is of no use when the socket listens elsewhere."""
    with socket.create_server(("0.0.0.0", 0)) as listening:
        environment, fds = {"LISTEN_FDNAMES": "public"}, [listening.fileno()]
        process = start(command=inherit(listening), environment=environment, pass_fds=fds)
        assert process.process.wait(LIMIT) == 1
        assert f"can't listen on 0.0.0.0 port {listening.getsockname()[1]}: expected wss" in process.log()
        configuration = derived_configuration()
        configuration["listeners"][0]["allowUnencrypted"] = True
        allowed = start(configuration, command=inherit(listening), environment=environment, pass_fds=fds).ready()
        assert allowed.port == listening.getsockname()[1]
        assert allowed.end() == 0


def test_server_goes_when_the_system_closes_its_listener(start):
    """Nobody could come in any more; whoever started it is told, by the status, to start it again."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = start(
            command=inherit(listening), environment={"LISTEN_FDNAMES": "public"}, pass_fds=[listening.fileno()]
        ).ready()

        async def scenario():
            async with connect(url(process)) as alice:
                assert (await registered(process, alice))["state"] == "registered"
                listening.shutdown(socket.SHUT_RDWR)
                with pytest.raises(ConnectionClosed) as closed:
                    while True:
                        await asyncio.wait_for(alice.recv(), LIMIT)
                assert closed.value.rcvd.code == 1001

        run(scenario())
        assert process.process.wait(LIMIT) == 1
        assert 'listener "public" was closed by the system' in process.log()


def test_socket_of_systemd(start):
    """LISTEN_FDS: the listener of that name takes the socket, whatever its host and port say."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    shell = inherit(listening)
    named = {"LISTEN_FDNAMES": "public"}
    process = start(command=shell, environment=named, pass_fds=[listening.fileno()]).ready()
    assert process.port == port

    async def scenario():
        async with connect(url(process)) as alice:
            assert (await registered(process, alice))["state"] == "registered"

    run(scenario())
    assert process.end() == 0
    # The socket is still systemd's: the next process takes it.
    again = start(command=shell, environment=named, pass_fds=[listening.fileno()]).ready()
    assert again.port == port
    assert again.end() == 0
    stranger = start(command=shell, environment={"LISTEN_FDNAMES": "other"}, pass_fds=[listening.fileno()])
    assert stranger.process.wait(LIMIT) == 1
    assert "expected a listener for each inherited socket, found none called other" in stranger.log()
    listening.close()


@pytest.mark.parametrize("is_abstract", [False, True])
def test_notifications_to_systemd(start, tmp_path, is_abstract):
    name = f"@anynode-test-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(name.replace("@", "\0", 1) if is_abstract else name)
    manager.settimeout(LIMIT)
    process = start(environment={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"}).ready()

    def heard(line):
        while True:
            text = manager.recv(1000).decode()
            if line in text.split("\n"):
                return text

    assert "STATUS=serving" in heard("READY=1")
    for _ in range(3):
        heard("WATCHDOG=1")
    process.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in heard("RELOADING=1")
    heard("READY=1")
    process.process.terminate()
    heard("STOPPING=1")
    assert process.process.wait(LIMIT) == 0
    manager.close()


def test_check_reads_certificates_and_keys(tmp_path):
    """What would stop a start is found before it."""
    configuration = derived_configuration()
    files = {"certificate": "missing.pem", "privateKey": "missing.pem"}
    configuration["listeners"][0].update(scheme="wss", tls={"certificates": [files]})
    configuration["authentication"]["token"] = {"issuers": [{"issuer": "a", "certificate": "missing.pem"}]}
    configuration["authentication"]["methods"] = ["basic", "token"]
    path = tmp_path / "plugins.json"

    def check():
        path.write_text(json.dumps(configuration))
        return subprocess.run([BINARY, "check", "--config", path], capture_output=True, text=True, timeout=LIMIT)

    result = check()
    assert result.returncode == 1
    assert "/authentication/token/issuers/0: expected a key in the file" in result.stderr
    del configuration["authentication"]["token"]
    configuration["authentication"]["methods"] = ["basic"]
    result = check()
    assert result.returncode == 1
    assert "/listeners/0/tls: " in result.stderr, result.stderr
    assert "missing.pem: expected certificates in PEM" in result.stderr


def test_unit_files_are_valid():
    if subprocess.run(["which", "systemd-analyze"], capture_output=True).returncode:
        pytest.skip("systemd-analyze is not installed")
    folder = ROOT / "Packaging" / "systemd"
    for unit in folder.iterdir():
        text = unit.read_text()
        assert "ExecStart=/usr/local/bin/anynode-server" in text or unit.suffix == ".socket"
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", folder / "anynode-server.service", folder / "anynode-server.socket"],
        capture_output=True,
        text=True,
    )
    complaints = [line for line in result.stderr.splitlines() if "is not executable" not in line and "anynode" in line]
    assert complaints == [], result.stderr


def test_nobody_reads_the_log(tmp_path):
    """F13: standard error is a pipe that is full. Lines are lost and counted; nobody waits, and nobody notices but health."""
    configuration = derived_configuration()
    configuration["log"] = {"level": "trace"}
    configuration["limits"] = {"handshakesPerSecond": 100000, "handshakeBurst": 100000, "secretFailuresPerMinute": 100000}
    (tmp_path / "plugins.json").write_text(json.dumps(configuration))
    process = subprocess.Popen(
        [BINARY, "--config", "plugins.json"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        port = None
        for line in process.stdout:
            if line.startswith("listening"):
                port = int(line.rstrip("/\n").rsplit(":", 1)[1])
            if line == "ready\n":
                break

        def ask(method):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(tmp_path / "run/admin.sock"))
                connection.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method}).encode() + b"\n")
                with connection.makefile() as lines:
                    return json.loads(lines.readline())["result"]

        def log_health():
            return next(part for part in ask("system.health")["components"] if part["name"] == "log")

        # Each handshake is a line or more; the pipe takes 64 KiB of them, the queue ten thousand.
        request = b"GET /?identifier=" + b"0" * 32 + b" HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        request += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        rounds = 0
        while log_health()["status"] == "ok":
            rounds += 1
            assert rounds < 100, "no line was ever lost"
            for _ in range(500):
                with socket.create_connection(("127.0.0.1", port)) as connection:
                    connection.sendall(request)
                    assert connection.recv(65536).startswith(b"HTTP/1.1 4")
        assert "lost" in log_health()["problem"]
        assert "anynode_log_lines_dropped_total" in ask("system.metrics")["text"]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        process.send_signal(signal.SIGTERM)
        # Also at the end nobody waits for long.
        assert process.wait(LIMIT) == 0
    finally:
        process.kill()
        process.wait()
