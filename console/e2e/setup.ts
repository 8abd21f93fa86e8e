/** What all stories share: a service, a demo shop, and a browser. All end when the stories do. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';

import { freePort, start } from './support/service';

declare module 'vitest' {
  interface ProvidedContext {
    service: string;
    operator: string;
    /** The link that the demo prints. */
    demo: string;
    browser: string;
  }
}

const OPERATOR = 'the-operator-of-the-stories-0123456789';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync',
];

function chromiumPath(): string {
  const found = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path !== undefined && existsSync(path));
  if (found === undefined) throw new Error('no Chromium was found: CHROMIUM=path');
  return found;
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  rmSync(join(import.meta.dirname, 'results'), { recursive: true, force: true });
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'console-e2e-'));
  const [port, demoPort] = [await freePort(), await freePort()];
  const [service, demo, browser] = await Promise.all([
    start('serve', { folder: join(folder, 'serve'), port, operator: OPERATOR }),
    start('demo', { folder: join(folder, 'demo'), port: demoPort, operator: '' }),
    chromium.launchServer({ executablePath: chromiumPath(), args: FLAGS }),
  ]);
  const link = /http:\S+\/console\/#key=\S+/.exec(demo.printed())?.[0] ?? '';
  project.provide('service', service.address);
  project.provide('operator', OPERATOR);
  project.provide('demo', link);
  project.provide('browser', browser.wsEndpoint());
  return async () => {
    await browser.close();
    await Promise.all([service.stop(), demo.stop()]);
    rmSync(folder, { recursive: true, force: true });
  };
}
