import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, inject, test } from 'vitest';

import { change, freePort, start } from './support/service';
import { button, call, makePromotion, openShop, sees, sell, shirts, visit } from './support/world';

test('the receiver of a webhook was ill for a day: its dead messages are looked at, and sent again when it is well', async () => {
  let isWell = false;
  const [tried, taken]: [string[], string[]] = [[], []];
  const receiver = createServer((request, response) => {
    (isWell ? taken : tried).push(String(request.headers['webhook-id']));
    response.writeHead(isWell ? 204 : 503).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'console-webhooks-'));
  // Also to the account that runs PostgreSQL where all runs as root.
  chmodSync(folder, 0o755);
  const how = { folder, port: await freePort(), operator: inject('operator'), more: { WEBHOOK_ALLOW_PRIVATE: 'true' } };
  let service = await start('serve', how);
  try {
    const shop = await openShop({ service: service.address });
    const { address } = service;
    await makePromotion(shop, {}, address);
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/events`;
    await call(shop.admin, 'PUT', '/v1/webhooks/crm', { url, events: ['redemption.committed'] }, undefined, address);
    for (const sale of ['W-1', 'W-2']) await sell(shop, sale, [shirts(1)], {}, address);
    await expect.poll(() => new Set(tried).size, { timeout: 20_000 }).toBe(2);
    await service.stop();
    change(folder, "update webhook_delivery set first_attempt_at = first_attempt_at - interval '2 days', next_attempt_at = now(); update webhook set rests_until = null");
    service = await start('serve', how);

    const page = await visit(shop.admin, '/setup/webhooks', { service: address });
    const dialog = page.getByRole('dialog', { name: 'Dead messages: crm' });
    const rows = dialog.getByRole('row', { name: /Redeemed/ });
    const dead = () => call<{ items: unknown[] }>(shop.viewer, 'GET', '/v1/webhooks/crm/dead', undefined, undefined, address);
    await expect.poll(async () => (await dead()).items.length, { timeout: 40_000 }).toBe(2);
    await button(page, 'Dead messages: crm').click();
    await expect.poll(() => rows.count()).toBe(2);
    await sees(rows.first(), 'answered 503');
    isWell = true;
    await rows.first().getByRole('button', { name: /^Send again/ }).click();
    await sees(dialog, '1 message will be sent again.');
    await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => rows.count()).toBe(1);
    await button(dialog, 'Send all again').click();
    await sees(dialog, 'Nothing was given up.');
    await expect.poll(() => [...taken].sort(), { timeout: 20_000 }).toEqual([...new Set(tried)].sort());
  } finally {
    receiver.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
