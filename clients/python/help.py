"""What the story needs beside the client: checks of answers, and small HTTP servers on this machine."""

import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from promotions import ApiClient, Configuration
from promotions.exceptions import ApiException


def step(what):
    """Prints what has gone well."""
    print(f"python: {what}", flush=True)


def client(url, key):
    """A client with one key."""
    return ApiClient(Configuration(host=url, access_token=key))


def equal(actual, wanted):
    """Says both where they differ."""
    assert actual == wanted, f"{actual!r} is not {wanted!r}"


def answered(answer, status):
    """The body of an answer that must have this status."""
    equal(answer.status_code, status)
    return answer.data


def refused(status, call, *arguments):
    """The problem of a call that must be refused with this status."""
    try:
        call(*arguments)
    except ApiException as error:
        equal(error.status, status)
        return error.data
    raise AssertionError("it is not refused")


def serve(answer):
    """A server on a free port. `answer` gets the request's body and headers and how many came so far, and gives status,
    headers and body, or None to cut the connection."""
    counter = iter(range(1, 1_000_000))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            given = answer(self, body, next(counter))
            self.close_connection = True
            if given is None:
                return
            status, headers, text = given
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *arguments):
            """Nothing: the steps say enough."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def address(server):
    """Where it is."""
    return f"http://127.0.0.1:{server.server_address[1]}"


def pass_on(received, body, url):
    """Sends what came on to the service."""
    headers = {name: received.headers[name] for name in ("authorization", "content-type")}
    request = urllib.request.Request(url + received.path, method="POST", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, {"content-type": answer.headers["content-type"]}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {"content-type": error.headers["content-type"]}, error.read()


def document_of(url):
    """The OpenAPI document, as plain data."""
    with urllib.request.urlopen(f"{url}/openapi.json", timeout=30) as answer:
        return json.load(answer)
