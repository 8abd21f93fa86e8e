import { expect, inject, test } from 'vitest';

import { browse, button, call, makePromotion, openShop, sees, visit } from './support/world';

test('somebody opens the link of the demo, and is signed in without a key in the address', async () => {
  const page = await browse();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(inject('demo'));
  await sees(page, 'Any 3 kurtas for ₹1,999');
  expect(page.url()).not.toContain('key=');
  const key = inject('demo').split('key=')[1] ?? 'none';
  expect(asked.some((url) => url.includes(key))).toBe(false);
  await page.reload();
  await sees(page, 'Any 3 kurtas for ₹1,999');
  await button(page, 'Sign out').click();
  await sees(page, 'You are signed out.');
  expect(await page.evaluate(() => sessionStorage.length + localStorage.length)).toBe(0);
});

test('who signs out stays signed out, and can sign in with another key', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin);
  await sees(page, 'No promotions yet');
  await button(page, 'Sign out').click();
  await sees(page, 'You are signed out.');
  await page.waitForLoadState('networkidle');
  await sees(page, 'You are signed out.');
  await page.getByRole('textbox', { name: 'Key' }).fill(shop.viewer);
  await page.keyboard.press('Enter');
  await sees(page, 'An admin of the tenant makes promotions.');
});

test('a wrong key and the key of a till are refused, each with its reason', async () => {
  const shop = await openShop();
  const page = await browse();
  await page.goto(`${inject('service')}/console/`);
  const key = page.getByRole('textbox', { name: 'Key' });
  await key.fill(`${shop.admin}x`);
  await key.press('Enter');
  await sees(page, 'This key is not known.');
  await key.fill(shop.pos);
  await key.press('Enter');
  await sees(page, 'This key is for tills or for issuing.');
  await key.fill(shop.admin);
  await key.press('Enter');
  await sees(page, 'No promotions yet');
});

test('a viewer sees everything, and is offered no change', async () => {
  const shop = await openShop();
  const promotion = await makePromotion(shop);
  await call(shop.admin, 'PUT', '/v1/stores/BLR-01', { concept: null, zones: [], timezone: null });
  const page = await visit(shop.viewer, '/promotions');
  await sees(page, promotion.name);
  const changes = /^(New|Save the|Edit|Copy|Pause|Activate|Archive|Delete|Add|Make|Revoke|Give|Import|From a file)\b/;
  const offered = async () => [
    ...await page.getByRole('main').getByRole('button', { name: changes }).allTextContents(),
    ...await page.getByRole('main').getByRole('link', { name: /^(New|Edit|Copy)/ }).allTextContents(),
    ...await page.getByRole('main').getByRole('checkbox', { name: /^Select/ }).allTextContents(),
  ];
  expect(await offered()).toEqual([]);
  await page.getByRole('link', { name: promotion.name, exact: true }).click();
  await sees(page, /10% off/);
  expect(await offered()).toEqual([]);
  for (const name of ['Settings', 'Stores', 'Product lists', 'Milestones', 'Webhooks', 'Keys', 'Vocabulary', 'Audit', 'Reports', 'Backtests', 'Desk']) {
    await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    expect(await offered(), name).toEqual([]);
  }
  await page.goto(`${inject('service')}/console/promotions/${promotion.id}/edit`);
  await sees(page, 'This needs the role admin.');
});

test('a key is revoked while its owner works: the sign-in says why, and the page is still in the address', async () => {
  const shop = await openShop();
  const promotion = await makePromotion(shop);
  const own = await call<{ id: string; key: string }>(shop.admin, 'POST', '/v1/keys', { role: 'admin', label: 'to be revoked' });
  const page = await visit(own.key, '/promotions');
  await sees(page, promotion.name);
  await call(shop.admin, 'DELETE', `/v1/keys/${own.id}`);
  await page.getByRole('link', { name: promotion.name, exact: true }).click();
  await sees(page, 'The key is not valid any more');
  expect(page.url()).toContain(promotion.id);
  await page.getByRole('textbox', { name: 'Key' }).fill(shop.admin);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: promotion.name, exact: true, level: 1 }).waitFor();
});
