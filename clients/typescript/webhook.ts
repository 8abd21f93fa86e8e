// A receiver of webhooks, which checks who sent them: https://www.standardwebhooks.com

import { equal } from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders, Server } from "node:http";
import { addressOf, serve, type Received } from "./help.js";
import type { components } from "./schema.js";

type Event = components["schemas"]["Event"];

/** Older messages are refused, since one that was overheard could be sent again. */
const MAX_AGE_SECONDS = 300;

/** Whether the message is the service's: the secret is the one that was answered when the webhook was made. */
export function isSigned(secret: string, headers: IncomingHttpHeaders, body: string): boolean {
    const id = String(headers["webhook-id"]);
    const timestamp = String(headers["webhook-timestamp"]);
    if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= MAX_AGE_SECONDS)) {
        return false;
    }
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const wanted = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest();
    // There may be several, while a secret is being changed.
    return String(headers["webhook-signature"])
        .split(" ")
        .filter((signature) => signature.startsWith("v1,"))
        .map((signature) => Buffer.from(signature.slice(3), "base64"))
        .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted));
}

/** Takes messages until the one that is waited for has come. */
export class Receiver {
    private readonly received: Received[] = [];

    private constructor(private server: Server | null = null) {}

    static async start(): Promise<Receiver> {
        const receiver = new Receiver();
        receiver.server = await serve(async (received) => {
            receiver.received.push(received);
            return { status: 204 };
        });
        return receiver;
    }

    get url(): string {
        return `${addressOf(this.server as Server)}/hooks`;
    }

    /** The first event that is wanted. Every message that came must be signed; a changed one must not pass. */
    async event(secret: string, isWanted: (event: Event) => boolean): Promise<Event> {
        for (let waited = 0; waited < 60_000; waited += 100) {
            for (const { headers, body } of this.received) {
                equal(isSigned(secret, headers, body), true, "a message is not signed");
                equal(isSigned(secret, headers, `${body} `), false, "a changed message passes");
                const event = JSON.parse(body) as Event;
                equal(headers["webhook-id"], event.id);
                if (isWanted(event)) {
                    return event;
                }
            }
            await new Promise((done) => setTimeout(done, 100));
        }
        throw new Error("the event did not come");
    }

    close(): void {
        this.server?.close();
    }
}
