// What the story needs beside the client: checks of answers, and small HTTP servers on this machine.

import { deepEqual, equal } from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { components } from "./schema.js";

type Problem = components["schemas"]["Problem"];

/** Prints what has gone well. */
export function step(what: string): void {
    console.log(`typescript: ${what}`);
}

export function bearer(key: string): Record<string, string> {
    return { authorization: `Bearer ${key}` };
}

/** The body of an answer that must have this status. */
export function answered<T>(answer: { data?: T; error?: unknown; response: Response }, status: number): T {
    equal(answer.response.status, status, JSON.stringify(answer.error));
    return answer.data as T;
}

/** The problem of an answer that must have this status. */
export function refused(answer: { error?: Problem; response: Response }, status: number): Problem {
    equal(answer.response.status, status);
    equal(answer.response.headers.get("content-type"), "application/problem+json");
    return answer.error as Problem;
}

/** Compares the named fields only, since an answer may get more of them with a later release. */
export function has<T extends object>(actual: T, wanted: Partial<T>): void {
    const named = Object.keys(wanted) as (keyof T)[];
    deepEqual(Object.fromEntries(named.map((name) => [name, actual[name]])), wanted);
}

export type Received = { method: string; path: string; headers: IncomingHttpHeaders; body: string };
export type Answer = { status: number; type?: string; retryAfter?: string; body?: string };

/** A server on a free port. Where `answer` gives null, the connection is cut. It is told how many requests came so far. */
export async function serve(answer: (received: Received, count: number) => Promise<Answer | null>): Promise<Server> {
    let count = 0;
    const server = createServer(async (request, response) => {
        count += 1;
        const own = count;
        const chunks: Buffer[] = [];
        for await (const chunk of request) {
            chunks.push(chunk);
        }
        const { method = "", url: path = "", headers } = request;
        const given = await answer({ method, path, headers, body: Buffer.concat(chunks).toString() }, own);
        if (given === null) {
            request.socket.destroy();
            return;
        }
        response.statusCode = given.status;
        response.setHeader("content-type", given.type ?? "application/json");
        response.setHeader("retry-after", given.retryAfter ?? "0");
        response.end(given.body ?? "");
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return server;
}

export function addressOf(server: Server): string {
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends what came on to the service. */
export async function passOn(received: Received, url: string): Promise<Answer> {
    const { method, path, body } = received;
    const headers = { authorization: received.headers.authorization ?? "", "content-type": "application/json" };
    const answer = await fetch(url + path, { method, headers, body });
    return { status: answer.status, body: await answer.text() };
}
