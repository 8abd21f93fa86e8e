/** Sends a file, and tells how much of it has left. `fetch` does not tell that. */
import { ApiProblem, problemOf } from './problem';
import { currentSession, keyWasRefused } from './session';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** `onSent` gets a share from 0 to 1; 1: all is sent, and the service works on it. */
export function sendCsv<T>(method: 'POST' | 'PUT', path: string, text: string, onSent: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const key = currentSession()?.key ?? '';
    const request = new XMLHttpRequest();
    request.open(method, path);
    request.setRequestHeader('authorization', `Bearer ${key}`);
    request.setRequestHeader('content-type', 'text/csv');
    request.upload.onprogress = (event) => onSent(event.lengthComputable ? event.loaded / event.total : 0);
    request.upload.onload = () => onSent(1);
    request.onerror = () => reject(new ApiProblem(0, 'no_answer', '', null));
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) {
        resolve(body as T);
        return;
      }
      const requestId = request.getResponseHeader('x-request-id');
      const headers = requestId === null ? {} : { 'x-request-id': requestId };
      if (request.status === 401) keyWasRefused(key);
      reject(problemOf(new Response(null, { status: request.status, headers }), body));
    };
    request.send(text);
  });
}

/** Reads a text from the service, as an export has it. */
export async function readText(path: string, accept: string): Promise<string> {
  const key = currentSession()?.key ?? '';
  let response: Response;
  try {
    response = await fetch(path, { headers: { authorization: `Bearer ${key}`, accept } });
  } catch {
    throw new ApiProblem(0, 'no_answer', '', null);
  }
  const text = await response.text();
  if (response.status === 401) keyWasRefused(key);
  if (!response.ok) throw problemOf(response, parsed(text));
  return text;
}
