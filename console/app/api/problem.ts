/** What a failed call says: the problem document of the service, or that there was no answer. */
import type { components } from './schema';

export type Fault = NonNullable<components['schemas']['Problem']['errors']>[number];

export class ApiProblem extends Error {
  constructor(
    /** 0: the service did not answer. */
    readonly status: number,
    /** The stable code of the service, or `no_answer`. */
    readonly code: string,
    message: string,
    readonly requestId: string | null,
    readonly faults: readonly Fault[] = [],
  ) {
    super(message);
    this.name = 'ApiProblem';
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFault(value: unknown): value is Fault {
  return isObject(value) && typeof value['pointer'] === 'string' && typeof value['message'] === 'string';
}

/** Reads the body of a refused call. What is no problem document came from something between. */
export function problemOf(response: Response, body: unknown): ApiProblem {
  const text = (name: string): string | null => {
    const value = isObject(body) ? body[name] : undefined;
    return typeof value === 'string' ? value : null;
  };
  const errors = isObject(body) && Array.isArray(body['errors']) ? body['errors'].filter(isFault) : [];
  const requestId = text('request_id') ?? response.headers.get('x-request-id');
  return new ApiProblem(
    response.status,
    text('code') ?? `http_${response.status}`,
    text('detail') ?? response.statusText,
    requestId,
    errors,
  );
}

export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(0, 'no_answer', error instanceof Error ? error.message : String(error), null);
}

/** What a refusal says of the first field whose pointer is meant. Nothing where nothing was refused. */
export function faultOf(call: { isError: boolean; error: unknown }, isMeant: (pointer: string) => boolean): string | undefined {
  return call.isError ? asProblem(call.error).faults.find((fault) => isMeant(fault.pointer))?.message : undefined;
}
