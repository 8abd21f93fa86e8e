// The loop for a request that must take effect, and only once: a redemption, a return, an issue, an activity.

type Answer = { response: Response };

/** Long enough for a service that is busy, short enough for a shopper who waits. */
const ATTEMPT_MS = 10_000;

/**
 * Sends the same request until it is answered. After no answer, and after 503, nobody knows whether it has been done; the
 * service recognizes it by its id, so that it is done once. 502 and 504 are the word of a gateway that had no answer.
 * 429 did nothing, and says nothing about an attempt before it.
 */
export async function untilAnswered<T extends Answer>(send: (signal: AbortSignal) => Promise<T>, attempts = 20): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
        const answer = await send(AbortSignal.timeout(ATTEMPT_MS)).catch(noAnswer);
        if (answer !== null && ![429, 502, 503, 504].includes(answer.response.status)) {
            return answer;
        }
        if (attempt === attempts) {
            throw new Error(`not answered in ${attempts} attempts: keep the request, and send the same again later`);
        }
        const asked = Number(answer?.response.headers.get("retry-after") ?? 0);
        const wait = Math.max(asked, Math.min(0.2 * 2 ** attempt, 5));
        await new Promise((done) => setTimeout(done, 1000 * wait));
    }
}

/** fetch says so when there is no connection, or when the time is up; anything else is a fault of the caller's. */
function noAnswer(error: unknown): null {
    if (error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError")) {
        return null;
    }
    throw error;
}
