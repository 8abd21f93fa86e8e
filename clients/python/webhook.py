"""A receiver of webhooks, which checks who sent them: https://www.standardwebhooks.com"""

import base64
import hashlib
import hmac
import queue
import time

from help import address, equal, serve
from promotions import Event

# Older messages are refused, since one that was overheard could be sent again.
MAX_AGE_SECONDS = 300


def is_signed(secret, headers, body):
    """Whether the message is the service's: the secret is the one that was answered when the webhook was made."""
    sent = headers["webhook-timestamp"] or ""
    if not sent.isdigit() or abs(time.time() - int(sent)) > MAX_AGE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{sent}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # There may be several, while a secret is being changed.
    given = (headers["webhook-signature"] or "").split(" ")
    return any(hmac.compare_digest(own.encode(), wanted.encode()) for own in given)


class Receiver:
    """Takes messages until the one that is waited for has come."""

    def __init__(self):
        self.received = queue.Queue()
        self.server = serve(self.take)
        self.url = f"{address(self.server)}/hooks"

    def take(self, request, body, _count):
        """Answers at once; the work is done afterwards, since a slow answer is a failed one."""
        self.received.put((request.headers, body))
        return 204, {}, b""

    def event(self, secret, is_wanted):
        """The first event that is wanted. Every message that came must be signed; a changed one must not pass."""
        until = time.monotonic() + 60
        while True:
            headers, body = self.received.get(timeout=max(0.1, until - time.monotonic()))
            assert is_signed(secret, headers, body), "a message is not signed"
            assert not is_signed(secret, headers, body + b" "), "a changed message passes"
            event = Event.from_json(body.decode()).actual_instance
            equal(headers["webhook-id"], str(event.id))
            if is_wanted(event):
                return event

    def close(self):
        """Takes no more."""
        self.server.shutdown()
