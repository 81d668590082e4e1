import base64
import hashlib
import re
import zlib
from html.parser import HTMLParser

import pytest

from undertow.errors import BundleMissingError
from undertow.sources import from_columns
from undertow.view import render

from .conftest import SCRIPT
from .decoder import decode_page

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>&\"'"


class Elements(HTMLParser):
    """The elements of a page with their attributes and text, as a browser's parser tells them apart."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs), ""))
        self.inside = True

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def __getitem__(self, tag):
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


def page_of(**options):
    return "".join(render([from_columns({"a": [1]})], **options))


def digest(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def program_of(text):
    """What the loader makes of the front end's element."""
    return zlib.decompress(base64.b64decode(text)).decode()


@pytest.mark.usefixtures("stub")
def test_the_page_is_one_document_that_carries_its_data():
    page = page_of(title="Boston")
    assert page.startswith('<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">')
    elements = Elements(page)
    assert elements["title"][0][1] == "Boston"
    assert elements["div"] == [({"id": "undertow"}, "")]
    assert elements["noscript"]
    header, program, loader, body = elements["script"]
    assert header[0] == {"type": "application/json", "id": "undertow-header"}
    assert body[0] == {"type": "application/octet-stream", "id": "undertow-block-0"}
    assert program[0] == {"type": "application/octet-stream", "id": "undertow-program"}
    assert loader[0] == {}
    assert decode_page(header[1], [body[1]])[1] == [{"a": [1]}]


@pytest.mark.usefixtures("stub")
def test_the_policy_admits_the_very_script_and_style_and_nothing_else():
    elements = Elements(page_of())
    policy = next(a["content"] for a, _ in elements["meta"] if a.get("http-equiv") == "Content-Security-Policy")
    program, loader = (text for _, text in elements["script"][1:3])
    scripts = f"{digest(loader)} {digest(program_of(program))}"
    assert f"script-src {scripts};" in policy
    assert f"style-src {digest(elements['style'][0][1])};" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.usefixtures("stub")
def test_nothing_in_the_bundle_ends_its_element():
    elements = Elements(page_of())
    assert program_of(elements["script"][1][1]) == SCRIPT.replace("\r\n", "\n")
    assert len(elements["script"]) == 4
    assert elements["style"][0][1] == 'a::before { content: "<\\/style>" }'


@pytest.mark.usefixtures("stub")
def test_no_title_name_or_value_becomes_an_element():
    page = "".join(render([from_columns({EVIL: [EVIL]})], title=EVIL, subtitle=EVIL))
    elements = Elements(page)
    assert len(elements["script"]) == 4
    assert not elements["img"]
    assert elements["title"][0][1] == EVIL
    assert decode_page(elements["script"][0][1], [elements["script"][3][1]])[1] == [{EVIL: [EVIL]}]


@pytest.mark.usefixtures("stub")
def test_the_theme_is_known_before_the_script_runs():
    assert '<meta name="color-scheme" content="dark">' in page_of(theme="dark")
    assert '<meta name="color-scheme" content="light dark">' in page_of()


@pytest.mark.usefixtures("stub")
def test_a_title_that_is_no_unicode_is_written_all_the_same():
    assert "<title>a?</title>" in page_of(title="a\ud800")


def test_without_the_front_end_the_error_says_how_to_build_it(stub):
    (stub / "page.css").unlink()
    with pytest.raises(BundleMissingError, match="npm ci && npm run build"):
        page_of()


@pytest.mark.usefixtures("stub")
def test_braces_in_data_are_left_alone():
    assert re.search(r"<title>\{policy\}</title>", page_of(title="{policy}"))
