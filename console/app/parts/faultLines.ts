/** Which lines of a file the service refused, with the text of each. */
import type { Fault } from '../api/problem';

export interface FaultLine {
  /** From 1; null: the file as a whole. */
  line: number | null;
  text: string;
  message: string;
}

export function faultLines(file: string, faults: readonly Fault[]): FaultLine[] {
  const lines = file.split(/\r\n|\r|\n/);
  return faults.map(({ pointer, message }) => {
    const found = /^\/lines\/(\d+)/.exec(pointer)?.[1];
    if (found === undefined) return { line: null, text: pointer, message };
    const line = Number(found);
    return { line, text: lines[line - 1] ?? '', message: message.replace(/^line \d+: /, '') };
  });
}
