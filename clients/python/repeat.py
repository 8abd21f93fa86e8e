"""The loop for a request that must take effect, and only once: a redemption, a return, an issue, an activity."""

import time

from urllib3.exceptions import HTTPError

from promotions.exceptions import ApiException

# Long enough for a service that is busy, short enough for a shopper who waits.
ATTEMPT_SECONDS = 10.0


def until_answered(send, body, attempts=20):
    """Sends the same request until it is answered.

    After no answer, and after 503, nobody knows whether it has been done; the service recognizes it by its id, so that it
    is done once. 502 and 504 are the word of a gateway that had no answer. 429 did nothing, and says nothing about an
    attempt before it.
    """
    for attempt in range(1, attempts + 1):
        wait = min(0.2 * 2**attempt, 5)
        try:
            return send(body, _request_timeout=ATTEMPT_SECONDS)
        except HTTPError:
            # What the client lets through when there is no connection, or when the time is up.
            pass
        except ApiException as error:
            if error.status not in (429, 502, 503, 504):
                raise
            wait = max(wait, float(error.headers.get("retry-after", 0)))
        time.sleep(wait)
    raise TimeoutError(f"not answered in {attempts} attempts: keep the request, and send the same again later")
