"""What .ci/fuzz asks of every answer besides what the OpenAPI document says."""

import time

import requests
import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection

# How often a request is repeated that a machine with much else to do had no time for.
TRIES = 10


@schemathesis.check
def no_failure_of_ours(ctx, response, case):
    """No 5xx; but a 503 is the right answer to too much load, and then the same request succeeds later."""
    if response.status_code < 500:
        return
    status = response.status_code
    if status == 503 and case.operation.path != "/readyz":
        with requests.Session() as session:
            for _ in range(TRIES):
                time.sleep(1)
                status = session.send(response.request, timeout=60).status_code
                if status != 503:
                    break
    if status >= 500:
        raise AssertionError(f"a failure of the service: {response.status_code}, then {status}")


@schemathesis.check
def what_the_document_refuses_is_refused(ctx, response, case):
    """CSV is a text to a schema: what is wrong in it cannot be told there."""
    if case.media_type == "text/csv":
        return None
    return negative_data_rejection(ctx, response, case)
