"""The browser fixtures do what the other browser tests rely on."""

from __future__ import annotations

import pytest

PAGE = "<!doctype html><title>Smoke</title><p>up</p>"


def test_page_opens_from_disk_with_webgl2(open_page):
    page = open_page(PAGE)
    assert page.title() == "Smoke"
    assert page.evaluate("document.createElement('canvas').getContext('webgl2') !== null")


def test_context_options_reach_the_page(open_page):
    page = open_page(PAGE, color_scheme="dark", device_scale_factor=2, viewport={"width": 700, "height": 400})
    assert page.evaluate("[devicePixelRatio, innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [
        2,
        700,
        True,
    ]


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("console.error('bad')", "console error: bad"),
        ("setTimeout(() => { throw new Error('lost') })", "uncaught: lost"),
        ("new Image().src = 'http://127.0.0.1:9/x.png'", "network request: http://127.0.0.1:9/x.png"),
    ],
)
def test_complaints_of_the_page_are_seen(open_page, script, complaint):
    page = open_page(f"{PAGE}<script>{script}</script>")
    page.wait_for_timeout(100)
    assert complaint in open_page.complaints
    open_page.complaints.clear()
