"""Real proxies before the server, set up as docs/operations.md says; and the PROXY protocol before TLS."""

import re
import shutil
import socket
import ssl
import subprocess

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conftest import ROOT, derived_configuration, run
from test_operations import LIMIT, registered, start, until  # noqa: F401 (start is a fixture)

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def documented(language):
    """The lines of the only example in that language."""
    examples = re.findall(rf"```{language}\n(.*?)```", OPERATIONS, re.DOTALL)
    assert len(examples) == 1, f"{len(examples)} examples in {language}"
    return examples[0]


def replaced(text, old, new):
    assert old in text, f"{old!r} is not in the example any more"
    return text.replace(old, new)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def behind(start, **listener):  # noqa: F811
    """A server that believes its proxies, and allows two connections an address."""
    configuration = derived_configuration()
    configuration["listeners"][0].update(listener)
    configuration["limits"] = {"connectionsPerAddress": 2}
    return start(configuration).ready()


def program(name):
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    return found or pytest.skip(f"{name} is not installed")


def running(command, port):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def listens():
        assert process.poll() is None, process.stderr.read()
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    until(listens, "the proxy does not listen")
    return process


async def two_of_each_address(port, server):
    """Through one proxy: two clients of each of two addresses are let in, a third of one is not."""

    def client(address):
        address = (address, 0)
        return connect(
            f"ws://alice:demo@127.0.0.1:{port}/",
            origin=f"http://127.0.0.1:{port}",
            local_addr=address,
            proxy=None,
            open_timeout=LIMIT,
        )

    async with client("127.0.0.2") as one, client("127.0.0.2"), client("127.0.0.3"), client("127.0.0.3"):
        assert (await registered(server, one))["state"] == "registered"
        with pytest.raises(InvalidStatus) as refused:
            await client("127.0.0.2").__aenter__()
        assert refused.value.response.status_code == 429


def test_nginx_as_documented(start, tmp_path):  # noqa: F811
    nginx = program("nginx")
    server = behind(start, trustedProxies=["127.0.0.1"])
    port = free_port()
    location = replaced(documented("nginx"), "127.0.0.1:8080", f"127.0.0.1:{server.port}")
    paths = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {paths} server {{ listen 127.0.0.1:{port};\n{location} }} }}\n"
    )
    proxy = running([nginx, "-p", tmp_path, "-c", tmp_path / "nginx.conf"], port)
    try:
        run(two_of_each_address(port, server))
    finally:
        proxy.terminate()
        proxy.wait(LIMIT)
    assert server.end() == 0


@pytest.mark.parametrize("version", ["send-proxy-v2", "send-proxy"])
def test_haproxy_as_documented(start, tmp_path, version):  # noqa: F811
    haproxy = program("haproxy")
    server = behind(start, trustedProxies=["127.0.0.1"], proxyProtocol=True)
    port = free_port()
    backend = replaced(documented("haproxy"), "10.0.0.5:8080", f"127.0.0.1:{server.port}")
    backend = replaced(backend, "send-proxy-v2", version)
    (tmp_path / "haproxy.cfg").write_text(
        "defaults\n    timeout connect 5s\n    timeout client 90s\n    timeout server 90s\n"
        f"frontend all\n    mode tcp\n    bind 127.0.0.1:{port}\n    default_backend anynode\n{backend}"
    )
    proxy = running([haproxy, "-db", "-f", tmp_path / "haproxy.cfg"], port)
    try:
        run(two_of_each_address(port, server))
    finally:
        proxy.terminate()
        proxy.wait(LIMIT)
    assert server.end() == 0


def test_proxy_header_and_tls_in_one_piece(start, tmp_path):  # noqa: F811
    """The header is taken off before TLS sees its first byte, however the bytes come."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
        + ["-addext", "subjectAltName=DNS:localhost", "-out", certificate, "-keyout", key],
        check=True,
        capture_output=True,
    )
    tls = {"certificates": [{"certificate": str(certificate), "privateKey": str(key)}]}
    server = behind(start, trustedProxies=["127.0.0.1"], proxyProtocol=True, scheme="wss", tls=tls)
    context = ssl.create_default_context(cafile=str(certificate))
    for piece in [1, 7, 1 << 20]:
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.settimeout(LIMIT)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            unsent = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n"
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")

            def complete(step):
                """Takes a step of TLS as often as it needs bytes from the server, and sends what it has for the server."""
                nonlocal unsent
                while True:
                    try:
                        result = step()
                    except ssl.SSLWantReadError:
                        result = None
                    unsent += outgoing.read()
                    for at in range(0, len(unsent), piece):
                        line.sendall(unsent[at : at + piece])
                    unsent = b""
                    if result is not None:
                        return result
                    received = line.recv(65536)
                    assert received, "the server closed"
                    incoming.write(received)

            complete(lambda: client.do_handshake() or True)
            complete(lambda: client.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            answer = b""
            while not answer.endswith(b"ok\n"):
                answer += complete(lambda: client.read(65536))
            assert answer.startswith(b"HTTP/1.1 200")
    assert server.end() == 0
