"""The binary anynodectl against a scripted server on a Unix socket: exit codes, output, editing, secrets.

Environment: ANYNODECTL (the binary).
"""

import json
import os
import pty
import socket
import stat
import subprocess
import termios
import threading

import pytest

from conftest import path_from_environment

LIMIT = 20


class ScriptedServer:
    """Answers each method with what `answers` has for it: a result, or an Exception with a JSON-RPC error."""

    def __init__(self, path, answers):
        self.path = path
        self.answers = answers
        self.heard = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rwb") as stream:
            for line in stream:
                request = json.loads(line)
                self.heard.append((request["method"], request.get("params", {})))
                answer = self.answers[request["method"]]
                if isinstance(answer, list):
                    answer = answer.pop(0)
                if answer is None:
                    return
                reply = {"jsonrpc": "2.0", "id": request["id"]}
                reply |= {"error": answer.args[0]} if isinstance(answer, Exception) else {"result": answer}
                stream.write(json.dumps(reply).encode() + b"\n")
                for event in answer.get("events", []) if isinstance(answer, dict) else []:
                    note = {"jsonrpc": "2.0", "method": "event", "params": event}
                    stream.write(json.dumps(note).encode() + b"\n")
                stream.flush()

    def params(self, method):
        return [params for name, params in self.heard if name == method]

    def close(self):
        try:
            # Closing alone does not wake up a thread that accepts.
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()


@pytest.fixture
def start(tmp_path):
    servers = []

    def start(**answers):
        server = ScriptedServer(tmp_path / "a.sock", {name.replace("_", "."): value for name, value in answers.items()})
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def ctl(tmp_path):
    binary = path_from_environment("ANYNODECTL", ".build/debug/anynodectl")
    if not binary.exists():
        pytest.fail(f"no client at {binary}: build it first, or name it in ANYNODECTL")

    def ctl(*arguments, text="", editor=None, **options):
        environment = {**os.environ, "ANYNODE_ADMIN_SOCKET": str(tmp_path / "a.sock"), "TMPDIR": str(tmp_path)}
        environment.pop("VISUAL", None)
        if editor:
            environment["EDITOR"] = str(editor)
        return subprocess.run(
            [binary, *arguments], input=text, capture_output=True, text=True, timeout=LIMIT, env=environment, **options
        )

    ctl.binary = binary
    return ctl


def editor(tmp_path, *steps):
    """An editor that runs one shell step each time it is called; the file is $1."""
    script = tmp_path / "editor.sh"
    count = tmp_path / "count"
    cases = "\n".join(f"{index}) {step};;" for index, step in enumerate(steps))
    script.write_text(f'#!/bin/sh\nn=$(cat {count} 2>/dev/null || echo 0)\necho $((n+1)) > {count}\ncase $n in\n{cases}\nesac\n')
    script.chmod(0o755)
    return script


def leftovers(tmp_path):
    return [path.name for path in tmp_path.iterdir() if path.name.startswith("anynodectl.")]


def test_no_server(ctl, tmp_path):
    result = ctl("status")
    assert result.returncode == 3
    assert f"no server answers at {tmp_path}/a.sock: No such file or directory" in result.stderr
    assert "ANYNODE_ADMIN_SOCKET names it" in result.stderr


def test_a_stale_socket_is_no_server(ctl, start):
    start().close()
    result = ctl("status")
    assert (result.returncode, "Connection refused" in result.stderr) == (3, True)


def test_usage(ctl):
    assert ctl("nonsense").returncode == 2
    assert ctl("--help").returncode == 0


def test_refusal(ctl, start):
    start(registrations_get=Exception({"code": 1001, "message": "no registration 12.3"}))
    result = ctl("registrations", "show", "12.3")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "error 1001: no registration 12.3\n")


def test_a_server_that_hangs_up(ctl, start):
    start(calls_list=None)
    result = ctl("calls")
    assert (result.returncode, "closed the connection" in result.stderr) == (3, True)


def test_pages_are_joined(ctl, start):
    items = [{"username": f"u{n}", "dialString": str(n), "plugin": "p"} for n in range(3)]
    server = start(directory_list=[{"items": items[:2], "cursor": "c"}, {"items": items[2:]}])
    result = ctl("--json", "directory", "list")
    assert json.loads(result.stdout) == {"items": items}
    assert server.params("directory.list") == [{"limit": 1000}, {"limit": 1000, "cursor": "c"}]


def test_a_limit_is_told(ctl, start):
    start(directory_list={"items": [{"username": "u"}], "cursor": "c"})
    result = ctl("directory", "list", "--limit", "1")
    assert result.stdout.splitlines()[1].split() == ["u", "-", "-", "-"]
    assert "there are more" in result.stderr


def test_names_cannot_command_the_terminal(ctl, start):
    evil = "\x1b[2J\u202e\x9b1m"
    start(directory_list={"items": [{"username": evil, "displayName": evil}]})
    for arguments in (["directory", "list"], ["directory", "list", "--json"]):
        text = ctl(*arguments).stdout
        assert not any(mark in text for mark in "\x1b\u202e\x9b")


def test_a_password_comes_from_standard_input(ctl, start):
    server = start(auth_check={"accepted": False, "reason": "wrong"})
    result = ctl("auth", "check", "alice", text="secret\n")
    assert server.params("auth.check") == [{"username": "alice", "password": "secret"}]
    assert (result.returncode, result.stdout) == (1, "refused: wrong\n")


def test_a_password_is_not_echoed(ctl, start, tmp_path):
    server = start(auth_check={"accepted": True})
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [ctl.binary, "auth", "check", "alice", "--socket", tmp_path / "a.sock"],
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
    )
    shown = b""
    while b"Password: " not in shown:
        shown += os.read(controller, 100)
    os.write(controller, b"secrex\x7ft\r")
    assert process.wait(LIMIT) == 0
    shown += os.read(controller, 1000)
    assert b"secre" not in shown
    assert server.params("auth.check") == [{"username": "alice", "password": "secret"}]
    assert termios.tcgetattr(terminal)[3] & termios.ECHO
    os.close(controller)
    os.close(terminal)


def test_events(ctl, start):
    events = [{"event": "call.started", "at": "T", "data": {"call": "1.1"}}, {"event": "call.ended", "at": "T", "data": {}}]
    server = start(events_subscribe={"subscription": "1", "events": events})
    result = ctl("events", "--count", "2", "call.*")
    assert (result.returncode, result.stdout) == (0, "T call.started call=1.1\nT call.ended\n")
    assert server.params("events.subscribe") == [{"topics": ["call.*"]}]


CONFIGURATION = {"revision": "r1", "document": {"log": {"level": "info"}}, "path": "plugins.json"}
VALID = {"valid": True, "problems": [], "changes": [], "restartRequired": []}
INVALID = {"valid": False, "problems": [{"pointer": "/log/level", "problem": "expected a level"}]}
APPLIED = {"revision": "r2", "changes": [{"pointer": "/log/level", "change": "changed"}], "restartRequired": [], "persisted": True}


def test_edit(ctl, start, tmp_path):
    server = start(config_get=CONFIGURATION, config_validate=VALID, config_apply=APPLIED)
    note = tmp_path / "modes"
    script = editor(tmp_path, f'stat -c %a "$1" "$(dirname "$1")" > {note}; sed -i s/info/debug/ "$1"')
    result = ctl("config", "edit", "--persist", editor=script)
    assert (result.returncode, result.stderr) == (0, "")
    assert note.read_text().split() == [oct(stat.S_IRUSR | stat.S_IWUSR)[2:], "700"]
    assert server.params("config.apply") == [{"document": {"log": {"level": "debug"}}, "revision": "r1", "persist": True}]
    assert result.stdout == "  ~ /log/level\nrevision r2, written to the configuration file\n"
    assert leftovers(tmp_path) == []


def test_edit_until_it_is_right(ctl, start, tmp_path):
    server = start(config_get=CONFIGURATION, config_validate=[INVALID, VALID], config_apply=APPLIED)
    script = editor(tmp_path, 'echo "{" > "$1"', """echo '{"a": 1}' > "$1\"""", """echo '{"a": 2}' > "$1\"""")
    result = ctl("config", "edit", editor=script, text="y\ny\n")
    assert result.returncode == 0
    assert "your text:2:1: the text ends inside a value" in result.stderr
    assert "/log/level: expected a level" in result.stderr
    assert server.params("config.apply") == [{"document": {"a": 2}, "revision": "r1"}]
    assert leftovers(tmp_path) == []


def test_edit_given_up(ctl, start, tmp_path):
    server = start(config_get=CONFIGURATION, config_validate=INVALID)
    result = ctl("config", "edit", editor=editor(tmp_path, """echo '{}' > "$1\""""), text="n\n")
    assert (result.returncode, server.params("config.apply")) == (1, [])
    assert leftovers(tmp_path) == []


def test_edit_of_nothing(ctl, start, tmp_path):
    server = start(config_get=CONFIGURATION)
    result = ctl("config", "edit", editor="true")
    assert (result.returncode, "nothing was edited" in result.stderr) == (0, True)
    assert [name for name, _ in server.heard] == ["config.get"]
    assert leftovers(tmp_path) == []


def test_an_editor_that_fails(ctl, start, tmp_path):
    start(config_get=CONFIGURATION)
    assert ctl("config", "edit", editor="false").returncode == 1
    assert leftovers(tmp_path) == []


def test_edit_overtaken(ctl, start, tmp_path):
    conflict = Exception({"code": 1005, "message": "conflict", "data": {"revision": "r9"}})
    server = start(config_get=CONFIGURATION, config_validate=VALID, config_apply=[conflict, APPLIED])
    result = ctl("config", "edit", editor=editor(tmp_path, """echo '{}' > "$1\"""", "true"), text="y\n")
    assert result.returncode == 0
    assert "changed by somebody else" in result.stderr
    assert [params["revision"] for params in server.params("config.apply")] == ["r1", "r9"]
    assert leftovers(tmp_path) == []


def test_the_text_outlives_the_server(ctl, start, tmp_path):
    start(config_get=CONFIGURATION, config_validate=None)
    result = ctl("config", "edit", editor=editor(tmp_path, """echo '{}' > "$1\""""))
    assert result.returncode == 3
    [directory] = leftovers(tmp_path)
    assert (tmp_path / directory / "configuration.json").read_text() == "{}\n"
    assert f"your text is kept in {tmp_path / directory}/configuration.json" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(ctl, shell, tmp_path):
    result = ctl("--generate-completion-script", shell)
    assert (result.returncode, result.stderr) == (0, "")
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=result.stdout, text=True, check=True)
