"""The README's examples, executed as they stand: what it says a command prints, it prints."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT, path_from_environment
from documents import Document, pattern

README = Document("README.md")


@pytest.fixture
def folder(tmp_path):
    """What the commands find beside them: the repository, as far as they look at it."""
    shutil.copy(ROOT / "plugins.json", tmp_path)
    (tmp_path / "web").symlink_to(ROOT / "web")
    release = tmp_path / ".build" / "release"
    release.mkdir(parents=True)
    (release / "anynode-server").symlink_to(path_from_environment("ANYNODE_SERVER", ".build/debug/anynode-server"))
    (release / "anynodectl").symlink_to(path_from_environment("ANYNODECTL", ".build/debug/anynodectl"))
    return tmp_path


def test_commands_print_what_the_readme_says(server, folder):
    count = 0
    for command, expected in README.commands():
        command = command.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        result = subprocess.run(
            command, shell=True, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30,
            env={**os.environ, "ANYNODE_ADMIN_SOCKET": str(server.directory / "run/admin.sock")},
        )
        assert re.fullmatch(pattern(expected), result.stdout), f"$ {command}\n{result.stdout}"
        count += 1
    assert count >= 6


def test_python_client_prints_what_the_readme_says(server, tmp_path):
    (program,) = README.blocks("python")
    (expected,) = README.blocks("text")
    program = program.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
    result = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, timeout=30, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout == expected


def test_browser_client_calls_bob(server, open_phone, new_context):
    bob = open_phone("bob")
    (program,) = README.blocks("js")
    page = new_context().new_page()
    page.goto(server.url)
    page.evaluate("document.body.replaceChildren(Object.assign(document.createElement('audio'), { autoplay: true }))")
    page.evaluate(f"() => {{ {program} }}")
    bob.until_shown("incoming-remote", "Alice Adams")
    bob.answer()
    bob.until_call("alice", "active")
    bob.until_audio_flows()


def test_linked_files_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README.text):
        assert (ROOT / target).exists(), target


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^    make (\w+)", README.text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
