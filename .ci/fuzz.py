"""What .ci/fuzz does once the service is built: fuzz.py BINARY MINUTES SEED."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from openapi_spec_validator import OpenAPIV31SpecValidator

CHECKS = (
    "no_failure_of_ours,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,what_the_document_refuses_is_refused"
)

# Ids are often those of things that are there: made up, they answer 404 and reach nothing.
CONFIG = """
hooks = "{hooks}"
continue-on-failure = true
max-failures = 20
request-timeout = 30

[generation]
database = "none"

[dictionaries.promotions]
values = {promotions}

[dictionaries.codes]
values = {codes}

[dictionaries.redemptions]
values = {redemptions}

[dictionaries.lists]
values = {lists}

[[operations]]
include-operation-id = ["put_stores", "put_product_list", "create_codes"]
parameters = {{ "path.id" = {{ dictionary = "promotions", probability = 0.8 }}, "path.name" = {{ dictionary = "lists", probability = 0.5 }} }}

[[operations]]
include-path-regex = "^/v1/promotions/[{{]id[}}]"
exclude-method = ["DELETE"]
exclude-operation-id = ["create_codes"]
parameters = {{ "path.id" = {{ dictionary = "promotions", probability = 0.8 }} }}

[[operations]]
include-operation-id = ["read_code"]
parameters = {{ "path.code" = {{ dictionary = "codes", probability = 0.8 }} }}

[[operations]]
include-operation-id = ["read_redemption", "return_goods", "cancel_redemption", "commit_redemption"]
parameters = {{ "path.id" = {{ dictionary = "redemptions", probability = 0.8 }} }}

[[operations]]
include-operation-id = ["issue", "issue_in_bulk"]
parameters = {{ "body.promotion_id" = {{ dictionary = "promotions", probability = 0.8 }} }}
"""


class Service:
    """The running service, and requests to it."""

    def __init__(self, binary, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.operator = secrets.token_hex(32)
        environment = os.environ | {
            "LISTEN_ADDR": f"127.0.0.1:{port}",
            "OPERATOR_KEY": self.operator,
            "DATA_DIR": os.path.join(folder, "data"),
            "LOG_FORMAT": "json",
            "RUST_LOG": "warn",
        }
        environment.pop("DATABASE_URL", None)
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([binary, "serve"], env=environment, stdout=self.log, stderr=self.log)

    def wait(self):
        """Until requests can be served."""
        for _ in range(1200):
            if self.process.poll() is not None:
                raise SystemExit(f"the service ended: {self.logged()}")
            try:
                urllib.request.urlopen(f"{self.url}/readyz", timeout=5).read()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise SystemExit("the service does not become ready")

    def call(self, method, path, key, body=None, headers=None):
        """One request, which must be taken."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {key}", "content-type": "application/json"} | (headers or {}),
        )
        for _ in range(60):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 503:
                    raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from error
                # A machine with much else to do; what is repeated takes effect once.
                time.sleep(1)
        raise SystemExit(f"{method} {path} is not done")

    def logged(self):
        """The end of what the service has said."""
        self.log.flush()
        self.log.seek(0)
        return self.log.read()[-8000:]

    def stop(self):
        """Ends it, and whatever it has begun."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def fill(service):
    """The demo's shop with a sale; the keys of each role, and ids to ask for."""
    shop = json.load(open("demo/shop.json", encoding="utf-8"))
    new = {"name": "Fuzz", "currency": "INR", "timezone": "Asia/Kolkata"}
    tenant = service.call("POST", "/v1/tenants", service.operator, new)
    admin = tenant["admin_key"]
    keys = {role: service.call("POST", "/v1/keys", admin, {"role": role})["key"] for role in ("pos", "issuer", "viewer")}
    service.call("PUT", "/v1/settings", admin, shop["settings"], {"if-match": "*"})
    service.call("PUT", "/v1/stores", admin, shop["stores"])
    for name, skus in shop["product_lists"].items():
        service.call("PUT", f"/v1/product-lists/{name}", admin, {"skus": skus})
    promotions = []
    for promotion in shop["promotions"]:
        made = service.call("POST", "/v1/promotions", admin, promotion | {"status": "active"})
        promotions.append(made["id"])
        for codes in [shop["codes"].get(promotion["name"])]:
            if codes:
                service.call("POST", f"/v1/promotions/{made['id']}/codes", admin, {"codes": codes})
                promotions.insert(0, made["id"])
    request = {key: value for key, value in shop["request"].items() if key != "at"}
    sale = service.call("POST", "/v1/redemptions", admin, {"transaction_id": "T-1", "request": request})
    return admin, keys, {
        "promotions": promotions[:3],
        "codes": [code for codes in shop["codes"].values() for code in codes][:3],
        "redemptions": [sale["id"], "tx:T-1"],
        "lists": list(shop["product_lists"]),
    }


def written_out(schema):
    """What the document says in words alone, for the sake of generators: decimals of requests may be numbers, codes texts,
    and answers have no field that is not described."""
    if isinstance(schema, list):
        return [written_out(own) for own in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: written_out(own) for name, own in schema.items()}
    if "x-decimal" in schema:
        bounds = schema.pop("x-decimal")
        schema = {"anyOf": [schema, {"type": "number"} | bounds]}
    if schema.pop("x-or-number", False):
        schema["type"] = ["string", "number", "null"]
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)
    if "x-or-text" in schema:
        text = schema.pop("x-or-text")
        schema = {"anyOf": [schema, text]}
    return schema


def allowed(document, role):
    """The operations that the document allows to a role. Keys stay, since this run's own are among them."""
    operations = [own for item in document["paths"].values() for own in item.values()]
    names = [own["operationId"] for own in operations if role in own["security"][0].get("key", [])]
    return [name for name in names if name != "revoke_key"]


def run(service, folder, key, seconds, seed, *more):
    """Schemathesis with one key."""
    command = [
        os.path.join(os.path.dirname(sys.executable), "schemathesis"),
        "--config-file", os.path.join(folder, "schemathesis.toml"),
        "run", os.path.join(folder, "openapi.json"),
        "--url", service.url,
        "-H", f"Authorization: Bearer {key}",
        "--checks", CHECKS,
        "--phases", "examples,coverage,fuzzing",
        "--max-time", str(seconds),
        "--seed", str(seed),
        "--workers", "1",
        "--warnings", "off",
        "--no-color",
        *more,
    ]
    done = subprocess.run(command, cwd=folder, timeout=seconds * 3 + 120)
    return done.returncode == 0


def main(binary, minutes, seed):
    """The whole run."""
    print(f"seed {seed}, {minutes} minutes", flush=True)
    folder = tempfile.mkdtemp(prefix="promotion-engine-fuzz-")
    # Started by root, the database runs under an account that must get in.
    os.chmod(folder, 0o711)
    service = Service(os.path.abspath(binary), folder)
    try:
        service.wait()
        document = json.load(urllib.request.urlopen(f"{service.url}/openapi.json", timeout=30))
        OpenAPIV31SpecValidator(document).validate()
        print("the document is valid OpenAPI 3.1", flush=True)
        document["components"]["schemas"] = written_out(document["components"]["schemas"])
        with open(os.path.join(folder, "openapi.json"), "w", encoding="utf-8") as file:
            json.dump(document, file)
        admin, keys, ids = fill(service)
        with open(os.path.join(folder, "schemathesis.toml"), "w", encoding="utf-8") as config:
            hooks = os.path.abspath(".ci/fuzz_checks.py")
            config.write(CONFIG.format(hooks=hooks, **{name: json.dumps(own) for name, own in ids.items()}))
        seconds = max(20, int(float(minutes) * 60))
        turns = [
            ("admin", admin, 0.5),
            ("pos", keys["pos"], 0.18),
            ("viewer", keys["viewer"], 0.12),
            ("issuer", keys["issuer"], 0.1),
            ("operator", service.operator, 0.1),
        ]
        good = True
        for role, key, share in turns:
            wanted = [word for name in allowed(document, role) for word in ("--include-operation-id", name)]
            print(f"\n== as {role}: {len(wanted) // 2} operations", flush=True)
            good &= run(service, folder, key, max(10, int(seconds * share)), seed, *wanted)
        if service.process.poll() is not None:
            print("the service has ended", flush=True)
            good = False
        logged = service.logged()
        if "panicked" in logged:
            good = False
        if not good:
            print(f"\nseed {seed}; the service's last words:\n{logged}", flush=True)
        return good
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:4]) else 1)
