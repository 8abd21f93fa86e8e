/** A service of its own, with its own embedded PostgreSQL: started, and stopped by its process id. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

const PROGRAM = process.env['ENGINE'] ?? join(import.meta.dirname, '../../../target/debug/promotion-engine');

/** A machine that builds beside this starts a database slowly. */
const PATIENCE = 90_000;

export interface Service {
  address: string;
  /** What it has printed so far. */
  printed: () => string;
  stop: () => Promise<void>;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/**
 * Runs a statement in the database of a service that is stopped, as whoever keeps the database can. Clocks are not
 * moved otherwise.
 */
export function change(folder: string, statement: string): void {
  const cluster = join(folder, 'postgres', 'cluster');
  const program = readFileSync(join(cluster, 'postmaster.opts'), 'utf8').split(' "')[0] ?? '';
  // PostgreSQL refuses to run as root.
  const { uid, gid } = statSync(cluster);
  const { stderr } = spawnSync(program, ['--single', '-j', '-D', cluster, 'promotion_engine'], { cwd: '/', input: `${statement};\n\n`, uid, gid, encoding: 'utf8' });
  if (stderr.includes('ERROR')) throw new Error(stderr);
}

/** Starts `serve` or `demo`, and waits until `isReady`. */
export async function start(command: 'serve' | 'demo', { folder, port, operator, more }: { folder: string; port: number; operator: string; more?: Record<string, string> }): Promise<Service> {
  const address = `http://127.0.0.1:${port}`;
  const child = spawn(PROGRAM, [command], {
    env: {
      PATH: process.env['PATH'], HOME: process.env['HOME'], DATA_DIR: folder, LISTEN_ADDR: `127.0.0.1:${port}`, LOG_FORMAT: 'json', RUST_LOG: 'warn',
      ...(command === 'serve' && { OPERATOR_KEY: operator }), ...more,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (part: Buffer) => { printed += part.toString(); });
  child.stderr.on('data', (part: Buffer) => { printed += part.toString(); });
  const isReady = async () => {
    if (command === 'demo') return printed.includes('/console/#key=');
    return (await fetch(`${address}/readyz`)).ok;
  };
  const until = Date.now() + PATIENCE;
  while (!(await isReady().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`the service did not start:\n${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    address,
    printed: () => printed,
    stop: async () => {
      child.kill('SIGTERM');
      const last = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await ended(child);
      clearTimeout(last);
    },
  };
}
