"""The dashboard as an operator uses it, and the two kinds of server it is tried against."""

import json
from contextlib import ExitStack

from playwright.sync_api import expect
from websockets.sync.client import connect

from conftest import ROOT
from phone import NUMBERS

LIMIT = 15_000
ADMIN_TOKEN = "a-token-for-the-tests-only"
REGISTER = {"version": 1, "operation": "register", "action": "start", "assignment": {"username": "alice"}}


class Dashboard:
    """A page of its own. Whatever the browser complains of is kept, for no test may cause a complaint."""

    def __init__(self, page, admin):
        self.page = page
        self.admin = admin
        self.complaints = []
        # Refusals that a test is about: the browser itself tells of them.
        self.expected = ["WebSocket connection to", "ERR_CONNECTION"]
        page.set_default_timeout(LIMIT)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)

    def _heard(self, message):
        if message.type in ("error", "warning") and not any(part in message.text for part in self.expected):
            self.complaints.append(message.text)

    def find(self, name):
        return self.page.get_by_test_id(name)

    def open(self, view=""):
        self.page.goto(f"{self.admin.url}#/{view}")
        return self

    def log_in(self, token=None):
        self.find("token").fill(token or self.admin.token)
        self.find("login-submit").click()
        return self

    def go(self, view):
        """To another view without loading the page anew, as a link does."""
        self.page.evaluate("view => { location.hash = `#/${view}`; }", view)

    def confirm(self):
        self.find("dialog-confirm").click()

    def row(self, key):
        return self.page.locator(f'[data-testid="row"][data-key="{key}"]')

    def is_live(self):
        expect(self.find("connection")).to_have_text("Live", timeout=LIMIT)
        return self


class RealAdmin:
    """The server itself with an admin listener; `adjust` may change more of its configuration."""

    def __init__(self, start_server, role="operator", adjust=None):
        self.token = ADMIN_TOKEN
        self.clients = {}
        self._open = ExitStack()

        def adjusted(document):
            document["admin"] = {"listeners": [{
                "name": "admin", "host": "127.0.0.1", "port": 0, "token": ADMIN_TOKEN, "role": role,
                "dashboardRoot": str(ROOT / "web" / "admin"),
            }]}  # fmt: skip
            return (adjust(document) or document) if adjust else document

        self.server = start_server(adjusted)
        self.url = next(line.split()[-1] for line in self.server.printed if line.startswith("admin     http"))

    def register(self, user="alice"):
        """A client that stays; answers its number."""
        client = self._open.enter_context(connect(f"ws://{user}:demo@127.0.0.1:{self.server.port}/"))
        self.clients[user] = client
        client.send(json.dumps(REGISTER | {"assignment": {"username": user}}))
        assert json.loads(client.recv(timeout=10))["state"] == "registered"
        return NUMBERS[user]

    def call(self, user, other, identifier="a-call-of-this-test"):
        """Signaling only: no sound is wanted here."""
        start = {"version": 1, "operation": "signaling", "action": "start", "identifier": identifier}
        self.clients[user].send(json.dumps(start | {"remoteAddress": {"dialString": NUMBERS[other]}}))

    def stop(self):
        self._open.close()
