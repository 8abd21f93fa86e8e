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

test('a key is revoked in the middle of an edit: nothing entered is lost, and with another key it is saved', async () => {
  const shop = await openShop();
  const { id } = await makePromotion(shop, { status: 'draft' });
  const own = await call<{ id: string; key: string }>(shop.admin, 'POST', '/v1/keys', { role: 'admin', label: 'to be revoked' });
  const page = await visit(own.key, `/promotions/${id}/edit`);
  await page.getByRole('textbox', { name: 'Name' }).fill('Typed before');
  await call(shop.admin, 'DELETE', `/v1/keys/${own.id}`);
  // The live receipt asks the service with each change, so the page learns it now.
  await page.getByRole('textbox', { name: 'Description' }).fill('Typed after');
  const signIn = page.getByRole('dialog', { name: 'Sign in' });
  await sees(signIn, 'Nothing that you have entered is lost');
  await signIn.getByRole('textbox', { name: 'Key' }).fill(`${shop.admin}x`);
  await page.keyboard.press('Enter');
  await sees(signIn, 'This key is not known.');
  await signIn.getByRole('textbox', { name: 'Key' }).fill(shop.admin);
  await page.keyboard.press('Enter');
  await signIn.waitFor({ state: 'detached' });
  await sees(page.getByRole('region', { name: 'On a sample cart' }), 'It applies');
  await button(page, 'Save').click();
  await page.getByRole('heading', { name: 'Typed before', exact: true, level: 1 }).waitFor();
  await sees(page, 'Typed after');
});

test('a key is revoked while a form is filled in: it says that it was not done, and is sent once more', async () => {
  const shop = await openShop();
  const own = await call<{ id: string; key: string }>(shop.admin, 'POST', '/v1/keys', { role: 'admin', label: 'to be revoked' });
  const page = await visit(own.key, '/setup/lists');
  await button(page, 'Add a list').first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a list' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('clearance');
  await dialog.getByRole('textbox', { name: 'Content of the file' }).fill('sku\nSHIRT-1');
  await call(shop.admin, 'DELETE', `/v1/keys/${own.id}`);
  await button(dialog, 'Import').click();
  const key = page.getByRole('dialog', { name: 'Sign in' }).getByRole('textbox', { name: 'Key' });
  await key.fill(shop.admin);
  // It closes nothing of what is behind.
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await key.waitFor({ state: 'detached' });
  await sees(dialog, 'This was not done: your key was refused');
  await button(dialog, 'Import').click();
  await sees(dialog, 'The list has 1 SKU.');
});

test('after a key was revoked, the key of another shop begins anew, and sees nothing of the former', async () => {
  const [shop, other] = [await openShop(), await openShop()];
  const promotion = await makePromotion(shop, { name: 'Of the former shop' });
  const own = await call<{ id: string; key: string }>(shop.admin, 'POST', '/v1/keys', { role: 'admin', label: 'to be revoked' });
  const page = await visit(own.key, '/promotions');
  await sees(page, promotion.name);
  await call(shop.admin, 'DELETE', `/v1/keys/${own.id}`);
  await page.getByRole('navigation').getByRole('link', { name: 'Stores' }).click();
  await page.getByRole('dialog', { name: 'Sign in' }).getByRole('textbox', { name: 'Key' }).fill(other.admin);
  await page.keyboard.press('Enter');
  await sees(page, 'No stores yet.');
  await page.getByRole('navigation').getByRole('link', { name: 'Promotions' }).click();
  await sees(page, 'No promotions yet');
  expect(await page.getByText(promotion.name).count()).toBe(0);
});
