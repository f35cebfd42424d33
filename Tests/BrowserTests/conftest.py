"""Real browsers against the real server: every test gets a server of its own, all tests share one Chromium.

Environment: ANYNODE_SERVER (the binary), ANYNODE_CONFIG (the configuration to derive from), CHROMIUM,
ANYNODE_SCREENSHOTS (a directory that keeps the screenshots).
"""

import asyncio
import json
import os
import queue
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from admin_client import Lines, socket_path
from phone import Phone

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 30
STOP_LIMIT = 20
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]


def run(coroutine):
    """Runs it on a thread of its own: Playwright keeps a running loop on the main one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def path_from_environment(name, default):
    return Path(os.environ.get(name) or ROOT / default).resolve()


class Server:
    """The server binary with a configuration derived from the repository's own, on a free port."""

    def __init__(self, directory, adjust=None, environment=None):
        binary = path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server")
        if not binary.exists():
            pytest.fail(f"no server at {binary}: build it first, or name it in ANYNODE_SERVER")
        self.directory = directory
        configuration = directory / "plugins.json"
        document = derived_configuration()
        if adjust:
            document = adjust(document) or document
        configuration.write_text(json.dumps(document, indent=2))
        self._stderr = open(directory / "stderr.txt", "w+")
        self._lines = queue.Queue()
        self.printed = []
        self._process = subprocess.Popen(
            [binary, "--config", configuration],
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.port = self._wait_until_ready()
        self.url = f"http://127.0.0.1:{self.port}/"

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _wait_until_ready(self):
        port = None
        deadline = time.monotonic() + START_LIMIT
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                self.stop()
                pytest.fail(f"the server did not become ready; it printed {self.printed} and to stderr:\n{self.log()}")
            self.printed.append(line)
            if line.startswith("listening public ws"):
                port = int(line.rstrip("/").rsplit(":", 1)[1])
            if line == "ready":
                assert port, f"no public listener in {self.printed}"
                return port

    def log(self):
        self._stderr.flush()
        return Path(self._stderr.name).read_text(errors="replace")

    def stop(self):
        """SIGTERM to this very process; a server that does not end by itself in time is a failure."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


def derived_configuration():
    """The repository's plugins.json, its first listener alone, on a free port, with this checkout's page."""
    source = path_from_environment("ANYNODE_CONFIG", "plugins.json")
    configuration = json.loads(source.read_text())
    listener = configuration["listeners"][0]
    listener.update(name="public", host="127.0.0.1", port=0, web=True, webRoot=str(ROOT / "web"))
    configuration["listeners"] = [listener]
    # Its port may be taken; the socket is there in any case.
    configuration.pop("admin", None)
    return anchored(configuration, source.parent)


def anchored(value, directory):
    """File paths are relative to the configuration's directory: those that exist there are made absolute."""
    if isinstance(value, dict):
        return {key: anchored(member, directory) for key, member in value.items()}
    if isinstance(value, list):
        return [anchored(member, directory) for member in value]
    if isinstance(value, str) and "/" in value.strip("/") and (directory / value).is_file():
        return str((directory / value).resolve())
    return value


@pytest.fixture
def start_server(tmp_path):
    """Starts servers; each has a directory of its own, and must end properly.

    `adjust` changes the derived configuration, or returns another one; `environment` adds variables.
    """
    servers = []

    def start(adjust=None, environment=None):
        directory = tmp_path / f"server-{len(servers) + 1}"
        directory.mkdir()
        servers.append(Server(directory, adjust, environment))
        return servers[-1]

    yield start
    for server in servers:
        status = server.stop()
        assert status == 0, f"the server ended with {status}:\n{server.log()[-4000:]}"


@pytest.fixture
def server(start_server):
    return start_server()


@pytest.fixture
def admin(server):
    """The operator, on the Unix socket."""
    with Lines(socket_path(server)) as session:
        yield session


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=CHROMIUM_FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def new_context(browser, server):
    """Makes browser profiles that know nothing of each other; all are closed before the server stops."""
    contexts = []

    def make(**options):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 820}, **options})
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def open_phone(new_context, server, request):
    """Opens the demo page in a profile of its own: `open_phone()`, or logged in: `open_phone("alice")`."""
    phones = request.node.phones = []

    def open(user=None, *, context=None, url=None, **options):
        phone = Phone((context or new_context(**options)).new_page(), url or server.url)
        phones.append(phone)
        phone.open()
        if user:
            phone.log_in(user)
        return phone

    yield open
    for phone in phones:
        assert phone.script_errors == [], phone.script_errors


@pytest.fixture
def screenshots(tmp_path):
    directory = os.environ.get("ANYNODE_SCREENSHOTS")
    directory = Path(directory).resolve() if directory else tmp_path / "screenshots"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What a failure needs to be understood: the state and messages of each page, and the server's log."""
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    for number, phone in enumerate(getattr(item, "phones", []), start=1):
        report.sections.append((f"page {number}", phone.description()))
    server = item.funcargs.get("server")
    if server:
        report.sections.append(("server", server.log()[-8000:]))
