"""What stands before the live server: who may ask, for what, and how much."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from serving import Client

pytestmark = pytest.mark.usefixtures("front")

DOORS = ["/", "/api/runs", "/api/events", "/api/frames"]


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("token", [None, "wrong", "é"])
def test_without_the_token_nothing_is_told(client: Client, path: str, token: str | None) -> None:
    status, _, body = client.ask(path, token=token)
    assert status == 403
    assert b"mlp" not in body
    assert client.ask(f"{path}?token=wrong", token=None)[0] == 403


def test_the_token_may_stand_in_the_address(client: Client) -> None:
    assert client.ask(f"/api/runs?token={client.server.token}", token=None)[0] == 200


@pytest.mark.parametrize("path", [*DOORS, "/static/server.js"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", ""]
)
def test_a_name_that_is_not_ours_is_refused(client: Client, path: str, host: str) -> None:
    """DNS rebinding: the name of a hostile page may point here, but it stays its own."""
    assert client.ask(path, Host=host.format(port=client.server.port))[0] == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1"])
def test_another_site_is_refused(client: Client, origin: str) -> None:
    origin = origin.format(port=client.server.port)
    assert client.ask("/api/frames", {"runs": None}, Origin=origin)[0] == 403
    assert client.ask("/api/runs", Origin=origin)[0] == 403
    assert client.ask("/api/runs", Sec_Fetch_Site="cross-site")[0] == 403


def test_our_own_site_is_answered(client: Client) -> None:
    port = client.server.port
    for name in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}"):
        assert client.ask("/api/runs", Host=name, Origin=f"http://{name}")[0] == 200


@pytest.mark.parametrize(
    "path",
    ["/static/../../etc/passwd", "/static/..%2f..%2f_cli.py", "/static/%2e%2e/page.py", "/../runs", "/static/page.js"],
)
def test_no_path_leads_to_a_file(client: Client, path: str) -> None:
    status, _, body = client.ask(path)
    assert status in {400, 404}
    assert b"root:" not in body and b"import" not in body


def test_answers_carry_a_strict_policy(client: Client) -> None:
    for path in ("/", "/static/server.js", "/api/runs"):
        status, headers, _ = client.ask(path)
        assert status == 200
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


def test_only_reads(client: Client, root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    client.frames()
    for method in ("PUT", "DELETE", "PATCH"):
        assert client.ask("/api/runs", b"", method=method)[0] == 405
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b'{"runs": 1}', b'{"runs": [1]}', b"[" * 100_000])
def test_what_is_no_request_is_refused_in_words(client: Client, body: bytes) -> None:
    status, _, answer = client.ask("/api/frames", body)
    assert status == 400
    assert json.loads(answer)["error"]


def test_a_large_request_is_refused_before_it_is_read(client: Client) -> None:
    assert client.ask("/api/frames", b"x" * (2 << 20))[0] == 413
    port = client.server.port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    chunks = (b"x" * 65536 for _ in range(40))
    try:
        connection.request(
            "POST", "/api/frames", chunks, {"authorization": f"Bearer {client.server.token}"}, encode_chunked=True
        )
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # it hung up while we were still sending
    finally:
        connection.close()
