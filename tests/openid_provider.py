"""An OpenID provider as the outside world would run one: a process of its own that signs in whoever it is told to.

Standard input holds one JSON object a line: what the next sign-ins say (`claims`) and how they are wrong (`fault`).
"""

import hmac
import json
import secrets
import sys
import threading
import time
from base64 import b64decode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64encode

CLIENT, SECRET = "cryokit-test", "s3cret/with:signs"
KEY, FOREIGN_KEY = (RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}) for _ in range(2))
told: dict = {"claims": {}, "fault": None, "redirects": []}
codes: dict[str, dict] = {}


def id_token(issuer: str, nonce: str) -> str:
    """Sign what is said of the person, wrong in the way that was asked for."""
    fault, now = told["fault"], int(time.time())
    claims = {"iss": issuer, "aud": CLIENT, "sub": "person-1", "iat": now, "exp": now + 300, "nonce": nonce}
    claims |= told["claims"]
    claims |= {
        "nonce": {"nonce": "another"},
        "audience": {"aud": "another client"},
        "issuer": {"iss": "https://another.example"},
        "expired": {"iat": now - 900, "exp": now - 600},
    }.get(fault, {})
    if fault == "no nonce":
        del claims["nonce"]
    if fault in ("unsigned", "shared secret"):  # the public key taken for a secret
        header = {"alg": "none"} if fault == "unsigned" else {"alg": "HS256", "kid": "one"}
        signed = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (header, claims))
        mac = hmac.digest(KEY.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}." if fault == "unsigned" else f"{signed}.{urlsafe_b64encode(mac).decode()}"
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, FOREIGN_KEY if fault == "signature" else KEY)


class Provider(BaseHTTPRequestHandler):
    """The four addresses that a client needs."""

    def do_GET(self) -> None:  # noqa: N802  the name that http.server calls
        path, asked = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            self._answer({"issuer": self.issuer} | {name: f"{self.issuer}/{part}" for name, part in names.items()})
        elif path == "/keys":
            self._answer({"keys": [KEY.as_dict(private=False)]})
        elif path == "/authorize":
            self._authorize(asked)
        else:
            self._answer({"error": "not_found"}, 404)

    def do_POST(self) -> None:  # noqa: N802  the name that http.server calls
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        basic = b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        name, _, secret = basic.partition(":")
        code = codes.pop(form.get("code", ""), None)
        challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).decode()
        if (unquote(name), unquote(secret)) != (CLIENT, SECRET):
            self._answer({"error": "invalid_client"}, 401)
        elif code is None or code["redirect_uri"] != form["redirect_uri"] or code["code_challenge"] != challenge:
            self._answer({"error": "invalid_grant"}, 400)
        else:
            token = id_token(self.issuer, code["nonce"])
            self._answer({"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": token})

    def _authorize(self, asked: dict[str, str]) -> None:
        if asked.get("client_id") != CLIENT or asked.get("redirect_uri") not in told["redirects"]:
            self._answer({"error": "unknown client or redirect_uri"}, 400)
            return
        if asked.get("code_challenge_method") != "S256" or "openid" not in asked.get("scope", "").split():
            self._answer({"error": "invalid_request"}, 400)
            return
        back = {"state": asked["state"], "iss": self.issuer}
        if told["fault"] == "refused":
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(16)
            codes[back["code"]] = asked
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.end_headers()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def _answer(self, content: dict, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: standard output is for whoever started this."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        told.update({"claims": {}, "fault": None} | json.loads(line))
        sys.stdout.write("told\n")
        sys.stdout.flush()
