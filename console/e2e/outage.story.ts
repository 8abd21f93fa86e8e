import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, inject, test } from 'vitest';

import { freePort, start } from './support/service';
import { button, call, makePromotion, openShop, sees, visit } from './support/world';
import type { Stored } from './support/world';

test('the service is stopped in the middle of an edit and comes back: nothing that was entered is lost', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'console-outage-'));
  const how = { folder, port: await freePort(), operator: inject('operator') };
  let service = await start('serve', how);
  try {
    const shop = await openShop({ service: service.address });
    const { id } = await makePromotion(shop, { status: 'draft' }, service.address);
    const page = await visit(shop.admin, `/promotions/${id}/edit`, { service: service.address });
    await page.getByRole('textbox', { name: 'Name' }).fill('Typed before the outage');
    await service.stop();
    await page.getByRole('textbox', { name: 'Description' }).fill('Typed during the outage');
    await button(page, 'Save').click();
    await sees(page, 'The service does not answer');
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Typed before the outage');
    service = await start('serve', how);
    await button(page, 'Save').click();
    await page.getByRole('heading', { name: 'Typed before the outage', exact: true, level: 1 }).waitFor();
    const stored = await call<Stored & { description: string }>(shop.admin, 'GET', `/v1/promotions/${id}`, undefined, undefined, service.address);
    expect(stored.description).toBe('Typed during the outage');
  } finally {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);

test('a 503 says that nothing was lost, and gives the id of the request', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/setup/stores');
  await sees(page, 'No stores yet.');
  await page.route('**/v1/promotions?*', (route) => route.fulfill({
    status: 503, contentType: 'application/problem+json', headers: { 'x-request-id': 'r-123' }, body: JSON.stringify({ code: 'unavailable', status: 503, title: 'unavailable', detail: 'later', request_id: 'r-123' }),
  }));
  await page.getByRole('navigation').getByRole('link', { name: 'Promotions' }).click();
  await sees(page, 'Nothing was lost and nothing was changed.');
  await sees(page, 'r-123');
  await page.unroute('**/v1/promotions?*');
  await button(page, 'Try again').click();
  await sees(page, 'No promotions yet');
});
