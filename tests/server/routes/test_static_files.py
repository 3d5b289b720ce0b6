import gzip
from types import SimpleNamespace

import pytest
from flask import Flask

from server import create_app
from server.assets import MEDIA_TYPES, StaticFiles
from server.routes.static_files import register


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "js").mkdir()
    (tmp_path / "js/app.js").write_text("import './other.js';\n" * 50)
    (tmp_path / "js/other.js").write_text("export {};\n")
    (tmp_path / "dot.png").write_bytes(b"\x89PNG")
    return tmp_path


@pytest.fixture
def files(folder):
    return StaticFiles(folder)


def serve(files, debug=False):
    """Return a client of an application that has nothing but `files`."""
    app = Flask(__name__, static_folder=None)
    app.debug = debug
    app.extensions["services"] = SimpleNamespace(static=files)
    register(app, files)
    return app.test_client()


@pytest.fixture
def site(files):
    return serve(files)


def test_addresses_carry_a_hash_of_the_contents(files, folder):
    before = files.url("js/app.js")
    assert before == f"static/{files.version}/js/app.js"
    files.scan()
    assert files.url("js/app.js") == before
    (folder / "js/other.js").write_text("export const changed = true;\n")
    files.scan()
    assert files.url("js/app.js") != before


def test_a_missing_file_is_noticed_when_the_page_is_made(files):
    with pytest.raises(ValueError, match=r"`name` must be a file .*got 'js/none.js'"):
        files.url("js/none.js")


def test_hashed_addresses_are_kept_for_ever_and_plain_ones_are_not(site, files):
    hashed = site.get(files.url("js/app.js"))
    assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    plain = site.get("/static/js/app.js")
    assert plain.headers["Cache-Control"] == "no-cache"
    assert plain.data == hashed.data


def test_what_a_module_imports_has_the_same_version(site, files):
    address = files.url("js/app.js").replace("app.js", "./other.js").replace("/./", "/")
    assert site.get(address).headers["Cache-Control"].endswith("immutable")


def test_an_old_address_still_works_but_is_not_kept(site):
    response = site.get("/static/0123456789ab/js/app.js")
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip"}])
def test_what_the_browser_has_is_not_sent_again(site, headers):
    first = site.get("/static/js/app.js", headers=headers)
    again = site.get(
        "/static/js/app.js", headers={**headers, "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    changed = site.get("/static/js/app.js", headers={**headers, "If-None-Match": '"other"'})
    assert changed.status_code == 200


def test_text_is_compressed_for_those_who_take_it(site):
    plain = site.get("/static/js/app.js")
    zipped = site.get("/static/js/app.js", headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert len(zipped.data) < len(plain.data) / 4
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"
    refused = site.get("/static/js/app.js", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_pictures_are_not_compressed_again(site):
    response = site.get("/static/dot.png", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers
    assert response.content_type == "image/png"


def test_head_has_the_headers_of_get_and_no_body(site):
    head, get = site.head("/static/js/app.js"), site.get("/static/js/app.js")
    assert head.data == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert head.headers["ETag"] == get.headers["ETag"]


@pytest.mark.parametrize("name", ["../wsgi.py", "%2e%2e/wsgi.py", "js", "js/", "", "js/none.js"])
def test_nothing_else_is_served(site, name):
    assert site.get(f"/static/{name}").status_code == 404


def test_every_file_of_the_project_has_a_known_type(root):
    suffixes = {path.suffix for path in (root / "static").rglob("*") if path.is_file()}
    assert suffixes <= MEDIA_TYPES.keys()


def test_while_developing_changes_show_at_once(folder, files):
    client = serve(files, debug=True)
    client.get("/static/js/other.js")
    (folder / "js/other.js").write_text("changed")
    assert client.get("/static/js/other.js").text == "changed"


def test_the_page_names_its_files_by_their_hash(client, app):
    page = client.get("/")
    assert page.content_type == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-cache"
    version = app.extensions["services"].static.version
    assert f'src="static/{version}/js/' in page.text
    assert f'href="static/{version}/css/' in page.text
    assert client.get("/", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304


def test_browsers_find_the_icon_where_they_look(client):
    response = client.get("/favicon.ico")
    assert (response.status_code, response.content_type) == (200, "image/svg+xml")


def test_the_page_is_made_once(recognizer, monkeypatch):
    client = create_app(recognizer=recognizer).test_client()
    first = client.get("/").text
    monkeypatch.setattr(
        "server.routes.pages.render_template", lambda name: pytest.fail(f"{name} made again")
    )
    assert client.get("/").text == first
