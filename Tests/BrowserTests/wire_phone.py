"""A phone without a screen: the protocol over one WebSocket, as docs/protocol.md has it."""

import contextlib
import itertools
import json
import socket
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

LIMIT = 20
NUMBERS = {"alice": "4953638195123", "bob": "4953638195999", "carol": "4953638195777"}

_calls = itertools.count(1)


class WirePhone:
    def __init__(self, port, username=None, password="demo", query="", description=None, path=""):
        self.port = port
        self.username = username
        self.number = NUMBERS.get(username)
        self.description = description
        self.identifier = None
        self.messages = []
        login = f"{username}:{password}@" if username and not query else ""
        self._end = contextlib.ExitStack()
        self.socket = self._end.enter_context(
            connect(f"ws://{login}127.0.0.1:{port}/{path}{query}", open_timeout=LIMIT, proxy=None, max_queue=None)
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # What it says

    def send(self, operation, action, **members):
        self.socket.send(json.dumps({"version": 1, "operation": operation, "action": action, **members}))

    def register(self, **assignment):
        more = {"localSideDescription": self.description} if self.description else {}
        self.send("register", "start", assignment=assignment or {"username": self.username}, **more)
        reply = self.hears("register", "start")
        assert reply["state"] == "registered", reply
        self._remember(reply)
        return self

    def returned(self):
        """After a restore or a wakeup the server speaks first."""
        self._remember(self.hears("register", "start", state="registered"))
        return self

    def _remember(self, reply):
        self.identifier = reply["identifier"]
        self.number = reply["localAddress"]["dialString"]

    def can_be_woken(self, **token):
        self.send(
            "register", "status", identifier=self.identifier, confirm=True, notificationToken=token,
            notificationUrl="https://phone.example.test/",
        )
        assert self.hears("register", "status")["state"] == "registered"

    def unregister(self):
        self.send("register", "terminate", identifier=self.identifier)
        self.hears("register", "terminate")

    def call(self, number):
        identifier = f"call-{next(_calls)}"
        self.send("signaling", "start", identifier=identifier, remoteAddress={"dialString": NUMBERS.get(number, number)})
        return identifier

    def rings(self):
        """Waits for a call, says that it rings, and returns its identifier."""
        identifier = self.hears("signaling", "start")["identifier"]
        self.send("signaling", "accept", identifier=identifier)
        return identifier

    def says(self, action, identifier, **members):
        self.send("signaling", action, identifier=identifier, **members)

    # What it hears

    def next_message(self, timeout=LIMIT):
        message = json.loads(self.socket.recv(timeout=timeout))
        self.messages.append(message)
        return message

    def hears(self, operation, action, timeout=LIMIT, **members):
        """The next such message; others are passed over."""
        deadline = time.monotonic() + timeout
        passed = []
        while True:
            try:
                message = self.next_message(max(0.01, deadline - time.monotonic()))
            except TimeoutError:
                raise AssertionError(f"no {operation} {action} {members} among {passed}") from None
            wanted = {"operation": operation, "action": action, **members}
            if wanted.items() <= message.items():
                return message
            passed.append(message)

    def hears_state(self, identifier, state, **members):
        return self.hears("signaling", "status", identifier=identifier, state=state, **members)

    def is_closed_with(self, timeout=LIMIT):
        """Reads on until the server closes; the close code and the reason text."""
        deadline = time.monotonic() + timeout
        try:
            while True:
                self.next_message(max(0.01, deadline - time.monotonic()))
        except ConnectionClosed as closed:
            assert closed.rcvd, f"closed without a word: {closed}"
            return closed.rcvd.code, closed.rcvd.reason

    # How it goes

    def cut(self):
        """The line breaks; nobody says goodbye."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._end.close()


def talking(caller, callee):
    """Calls and answers; what each calls the call."""
    one = caller.call(callee.number)
    other = callee.rings()
    caller.hears_state(one, "ringing")
    callee.says("answer", other)
    callee.hears_state(other, "active")
    caller.hears_state(one, "active")
    return one, other
