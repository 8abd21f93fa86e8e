/** What was sent, so that it can be repeated from a shell. */

/** A text between single quotes of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The key stays a variable: a command is copied into tickets and chats. */
export function curl(origin: string, path: string, body: unknown): string {
  return [
    `curl ${quoted(`${origin}${path}`)}`,
    `  -H "authorization: Bearer $KEY"`,
    `  -H 'content-type: application/json'`,
    `  --data-binary ${quoted(JSON.stringify(body, null, 2))}`,
  ].join(' \\\n');
}
