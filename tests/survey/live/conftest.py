"""Servers on this machine that speak the APIs of KoboToolbox and ODK Central, and a campaign that knows them."""

import json
import shutil
import subprocess
import sys
import threading
import types
from base64 import b64encode
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from evaltools.config import LiveSource, read_config
from evaltools.survey.live.connection import Limits
from evaltools.survey.live.incremental import pull

TOKEN = "s3cretT0kenOfTheTests"
EMAIL, PASSWORD, SESSION = "pull@example.org", "Pa55 wörd", "Session!Tok3nOfTheTests"
ASSET = "aTestAsset7"
FAST = Limits(
    connect_seconds=20.0, silent_seconds=20.0, answer_seconds=60.0, attempts=3, pause_seconds=0.0, longest_pause=5.0
)
OPERATORS = {
    "$gt": lambda a, b: a > b,
    "$gte": lambda a, b: a >= b,
    "$lt": lambda a, b: a < b,
    "$lte": lambda a, b: a <= b,
}


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), OSError):  # the other side has gone, as several tests want it
            super().handle_error(request, client_address)


class Server:
    """A server in a thread: what it was asked, and answers that go before the documented ones."""

    def __init__(self):
        self.requests = []
        self.instead = deque()  # functions of the handler, used once each
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and body go out one by one

            def answer(self, status, body, headers=None):
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                given = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(content))}
                self.send_response(status)
                for name, value in {**given, **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self):
                parts = urlsplit(self.path)
                size = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(size)
                self.where, self.query = (
                    unquote(parts.path),
                    dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))),
                )
                self.auth = self.headers.get("Authorization")
                with outer.lock:
                    outer.requests.append((self.command, self.where, self.query, dict(self.headers)))
                    instead = outer.instead.popleft() if outer.instead else None
                try:
                    (instead or outer.documented)(self)
                except OSError:
                    self.close_connection = True

            do_POST = do_DELETE = do_GET

            def log_message(self, *_):
                pass

        self.http = _Http(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


class Kobo(Server):
    """GET /api/v2/assets/{uid}/data.json: limit, start, sort, query, fields; a token; at most `most` results."""

    def __init__(self):
        super().__init__()
        self.data = {}
        self.most = 1000

    def add(self, number, **answers):
        self.data[number] = {
            "_id": number,
            "_uuid": f"uuid-{number}",
            "meta/rootUuid": f"uuid:uuid-{number}",
            "__version__": "vOne",
            "_submission_time": f"2022-10-03T00:{number // 60 % 60:02d}:{number % 60:02d}",
            "_attachments": [{"download_url": f"{self.url}/media/{number}.jpg"}],
            "g_firm/firm_name": f"云河{number}号",
            **answers,
        }
        return number

    def edit(self, number, **answers):
        self.data[number] |= {"_uuid": f"{self.data[number]['_uuid']}-again", **answers}

    def documented(self, handler):
        if handler.auth != f"Token {TOKEN}":
            handler.answer(401, {"detail": "Invalid token."})
        elif handler.where != f"/api/v2/assets/{ASSET}/data.json":
            handler.answer(404, {"detail": "Not found."})
        else:
            self.list(handler, handler.query)

    def list(self, handler, query):
        found = list(self.data.values())
        for key, test in json.loads(query.get("query", "{}")).items():
            for sign, value in test.items():
                found = [one for one in found if OPERATORS[sign](one[key], value)]
        ((key, direction),) = json.loads(query.get("sort", '{"_id":1}')).items()
        found.sort(key=lambda one: one[key], reverse=direction < 0)
        start, limit = int(query.get("start", 0)), min(int(query.get("limit", 100)), self.most)
        page = found[start : start + limit]
        if "fields" in query:
            wanted = {*json.loads(query["fields"]), "_id", "_uuid", "meta/rootUuid"}
            page = [{name: value for name, value in one.items() if name in wanted} for one in page]
        more = start + limit < len(found)
        following = f"https://elsewhere.example.org/data.json?start={start + limit}" if more else None
        handler.answer(200, {"count": len(found), "next": following, "previous": None, "results": page})


class Central(Server):
    """The OData feed of form 3/firm survey, newest first, and sessions."""

    path = "/v1/projects/3/forms/firm survey.svc/Submissions"

    def __init__(self):
        super().__init__()
        self.data = {}
        self.sessions = 0
        self.repeat = "visits"

    def add(self, number, *, at=None, **answers):
        name = f"uuid:{number:08x}-0000-4000-8000-000000000000"
        self.data[name] = {
            "__id": name,
            "__system": {
                "submissionDate": at or f"2022-10-03T00:{number // 60 % 60:02d}:{number % 60:02d}.000Z",
                "updatedAt": None,
                "status": None,
                "reviewState": None,
                "edits": 0,
                "formVersion": "v1",
            },
            "g_firm": {"firm_name": f"云河{number}号", "visits@odata.navigationLink": f"Submissions('{name}')/visits"},
            **({self.repeat: [{"__id": f"{number}-1", "days": 3}]} if self.repeat else {}),
            **answers,
        }
        return name

    def edit(self, name, **answers):
        system = {**self.data[name]["__system"], "updatedAt": "2022-11-01T00:00:00.000Z", "reviewState": "edited"}
        self.data[name] |= {"__system": {**system, "edits": system["edits"] + 1}, **answers}

    def documented(self, handler):
        if (handler.command, handler.where) == ("POST", "/v1/sessions"):
            right = json.loads(handler.body) == {"email": EMAIL, "password": PASSWORD}
            self.sessions += right
            session = {
                "token": SESSION,
                "createdAt": "2022-10-03T00:00:00.000Z",
                "expiresAt": "2022-10-04T00:00:00.000Z",
            }
            cookie = {"Set-Cookie": f"session={SESSION}; HttpOnly; Path=/"}
            handler.answer(200, session, cookie) if right else handler.answer(401, {"code": 401.2, "message": "no"})
        elif handler.auth not in (f"Bearer {SESSION}", f"Bearer {TOKEN}"):
            handler.answer(401, {"code": 401.2, "message": "Could not authenticate with the provided credentials."})
        elif (handler.command, handler.where) == ("DELETE", "/v1/sessions/current"):
            self.sessions -= 1
            handler.answer(200, {"success": True})
        elif handler.where != self.path:
            handler.answer(404, {"code": 404.1, "message": "Could not find the resource you were looking for."})
        else:
            self.list(handler, handler.query)

    def list(self, handler, query):
        found = sorted(
            self.data.values(), key=lambda one: (one["__system"]["submissionDate"], one["__id"]), reverse=True
        )
        for test in query["$filter"].split(" and ") if "$filter" in query else ():
            field, sign, value = test.split(" ")
            assert field == "__system/submissionDate"
            found = [
                one
                for one in found
                if OPERATORS["$gte" if sign == "ge" else f"${sign}"](one["__system"]["submissionDate"], value)
            ]
        names = [f"01{b64encode(one['__id'].encode()).decode()}" for one in found]
        start = names.index(query["$skiptoken"]) + 1 if "$skiptoken" in query else int(query.get("$skip", 0))
        end = start + int(query.get("$top", len(found)))
        page = found[start:end]
        if "$select" in query:
            page = [{name: one[name] for name in query["$select"].split(",")} for one in page]
        elif query.get("$expand") != "*":
            page = [{name: value for name, value in one.items() if name != "visits"} for one in page]
        answer = {"value": page, "@odata.context": f"{self.url}/$metadata#Submissions"}
        if end < len(found):
            answer["@odata.nextLink"] = (
                f"https://elsewhere.example.org{self.path}?%24top=2&%24skiptoken={names[end - 1]}"
            )
        if query.get("$count") == "true":
            answer["@odata.count"] = len(found)
        handler.answer(200, answer)


@pytest.fixture
def kobo(monkeypatch):
    monkeypatch.setenv("KOBO_TOKEN", TOKEN)
    with Kobo() as server:
        yield server


@pytest.fixture
def central(monkeypatch):
    monkeypatch.setenv("CENTRAL_EMAIL", EMAIL)
    monkeypatch.setenv("CENTRAL_PASSWORD", PASSWORD)
    with Central() as server:
        yield server


@pytest.fixture
def limits():
    return FAST


@pytest.fixture
def source_of():
    """Describe a server as campaign.toml does; every key can be replaced."""

    def describe(server, **changes):
        keys = {"name": "firms", "url": server.url, "folder": "raw/endline"}
        if isinstance(server, Kobo):
            keys |= {"kind": "kobo", "asset": ASSET, "token_env": "KOBO_TOKEN"}
        else:
            keys |= {"kind": "odk_central", "project": 3, "form": "firm survey"}
            keys |= {"email_env": "CENTRAL_EMAIL", "password_env": "CENTRAL_PASSWORD"}
        return LiveSource(**{key: value for key, value in (keys | changes).items() if value is not None})

    return describe


class Live:
    """A campaign with live sources, and what its pulls left on the disk."""

    def __init__(self, campaign):
        self.campaign, self.folder = campaign, campaign.folder

    def describe(self, *servers, **settings):
        tables = [
            "\n".join(
                [
                    "[[live]]",
                    *(f"{key} = {json.dumps(value)}" for key, value in one.model_dump(exclude_none=True).items()),
                ]
            )
            for one in servers
        ]
        self.campaign.settings(more="\n".join(tables) + "\n", **settings)
        return self

    def pull(self, name=None, limits=FAST, **options):
        return pull(self.folder, read_config(self.folder), name, limits=limits, **options)

    def files(self):
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.glob("raw/**/*.json"))

    def rows(self):
        """All submissions in the order of the files, as they stand there."""
        found = []
        for path in self.files():
            content = json.loads((self.folder / path).read_text(encoding="utf-8"))
            found += content.get("results") or content["value"]
        return found


@pytest.fixture
def live(campaign):
    return Live(campaign)


@pytest.fixture
def kobo_live(live, kobo, source_of):
    return live.describe(source_of(kobo))


@pytest.fixture
def central_live(live, central, source_of):
    return live.describe(source_of(central))


@pytest.fixture
def small_windows(monkeypatch):
    """Set how many submissions are asked for at a time."""

    def change(size, listed=None):
        for module in ("kobo", "odk_central", "incremental"):
            monkeypatch.setattr(f"evaltools.survey.live.{module}.WINDOW", size)
        for module in ("kobo", "odk_central"):
            monkeypatch.setattr(f"evaltools.survey.live.{module}._LISTED", listed or size)

    return change


@pytest.fixture
def fake_keyring(monkeypatch):
    """Put a keyring in place of the system's: (service, user) to password, or a problem."""
    module, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})
    module.errors, module.entries = errors, {}
    module.get_password = lambda service, user: module.entries.get((service, user))
    monkeypatch.setitem(sys.modules, "keyring", module)
    return module


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory):
    """Make a key with a certificate that no authority has signed."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl makes the certificate")
    path = tmp_path_factory.mktemp("tls") / "self.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [
        program,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        *name,
        "-keyout",
        path,
        "-out",
        path,
    ]
    subprocess.run(made, check=True, capture_output=True)
    return path
