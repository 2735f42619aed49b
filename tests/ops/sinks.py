"""The outside world of Alertmanager: a mail server, Slack and a dead man's switch that only listen."""

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Mail(socketserver.StreamRequestHandler):
    """Just enough SMTP to take a message."""

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self._say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                self.server.received.append(message_from_string("\n".join(lines), policy=policy.default))
            self._say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Hook(BaseHTTPRequestHandler):
    """Takes JSON, keeps it by path."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.path, body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening(server: socketserver.TCPServer) -> Iterator[socketserver.TCPServer]:
    """Serve in a thread; what came is in `received`."""
    server.received = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


def mail_sink():
    return listening(_MailServer(("127.0.0.1", 0), Mail))


def hook_sink():
    return listening(ThreadingHTTPServer(("127.0.0.1", 0), Hook))


def hurry(folder: Path, mail_port: int, hook_port: int) -> None:
    """Make minutes seconds in the committed configuration, and send to the sinks; nothing else is changed."""
    minutes = re.compile(r"^(\s*(?:for|group_wait|group_interval|repeat_interval): )(\d+)([smh])$", re.MULTILINE)
    shorter = {"s": lambda n: "2s", "m": lambda n: f"{n}s", "h": lambda n: f"{n * 60}s"}
    for file in (*folder.glob("rules/*.yml"), folder / "alertmanager.yml"):
        file.write_text(minutes.sub(lambda m: m[1] + shorter[m[3]](int(m[2])), file.read_text()))
    for name, old, new in (
        ("prometheus.yml", "interval: 15s", "interval: 1s"),
        ("prometheus.yml", "scrape_timeout: 10s", "scrape_timeout: 1s"),
        ("alertmanager.yml", "127.0.0.1:25", f"127.0.0.1:{mail_port}"),
        ("alertmanager.yml", "127.0.0.1:9095", f"127.0.0.1:{hook_port}"),
    ):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
    (folder / "secrets" / "slack_url").write_text(f"http://127.0.0.1:{hook_port}/slack")
