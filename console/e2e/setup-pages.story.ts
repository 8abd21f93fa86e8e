import { expect, inject, test } from 'vitest';

import { button, call, makePromotion, openShop, sees, visit } from './support/world';

test('the settings change how discounts are rounded, and the audit says who changed what', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/setup/settings');
  await page.getByRole('combobox', { name: 'How discounts are rounded' }).selectOption({ label: 'Down, towards zero' });
  await page.getByRole('combobox', { name: 'Decimals' }).selectOption('0');
  await sees(page, 'There are changes that are not saved.');
  await button(page, 'Save the settings').click();
  await sees(page, 'The settings are saved.');
  await page.getByRole('navigation').getByRole('link', { name: 'Audit' }).click();
  await sees(page, /settings/);
  const { rounding } = await call<{ rounding: { mode: string; precision: number } }>(shop.admin, 'GET', '/v1/settings');
  expect(rounding).toEqual({ mode: 'down', precision: 0 });
});

test('the ranking is moved by its buttons, and stays as it was saved', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/setup/settings');
  const { ranking } = await call<{ ranking: string[] }>(shop.admin, 'GET', '/v1/settings');
  await page.getByRole('button', { name: /^Move “.*” down$/ }).first().click();
  await button(page, 'Save the settings').click();
  await sees(page, 'The settings are saved.');
  const [first = '', second = '', ...others] = ranking;
  expect((await call<{ ranking: string[] }>(shop.admin, 'GET', '/v1/settings')).ranking).toEqual([second, first, ...others]);
});

test('stores come from a file: a faulty line is shown, and nothing is taken before it is mended', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/setup/stores');
  await button(page, 'From a file').first().click();
  const dialog = page.getByRole('dialog', { name: 'From a file' });
  const text = dialog.getByRole('textbox', { name: 'Content of the file' });
  await text.fill('code,concept,zones,timezone\nBLR-01,fashion,south|metro,\nDXB-01,fashion,gulf,Asia/Nowhere');
  await button(dialog, 'Import').click();
  const table = dialog.getByRole('table', { name: 'Nothing was imported: 1 line is faulty.' });
  await table.getByRole('cell', { name: '3', exact: true }).waitFor();
  await sees(table, /DXB-01/);
  await text.fill('code,concept,zones,timezone\nBLR-01,fashion,south|metro,\nDXB-01,fashion,gulf,Asia/Dubai');
  await button(dialog, 'Import').click();
  await sees(dialog, '2 stores were taken.');
  await page.keyboard.press('Escape');
  await sees(page.getByRole('table', { name: 'Stores' }), 'Asia/Dubai');
});

test('a webhook is made: its secret is shown once, and a faulty address is refused at its field', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/setup/webhooks');
  await button(page, 'Add a webhook').first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a webhook' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('crm');
  const address = dialog.getByRole('textbox', { name: 'Address' });
  await address.fill('http://127.0.0.1/events');
  await button(dialog, 'Save').click();
  await expect.poll(() => address.getAttribute('aria-invalid')).toBe('true');
  await address.fill('https://example.com/events');
  await button(dialog, 'Save').click();
  await sees(dialog, 'It is shown only now.');
  await page.keyboard.press('Escape');
  await sees(page.getByRole('table', { name: 'Webhooks' }), 'https://example.com/events');
});

test('a webhook gets another secret, which is shown once, and the former one signs meanwhile', async () => {
  const shop = await openShop();
  const body = { url: 'https://example.com/events', events: ['redemption.committed'] };
  const { secret: former } = await call<{ secret: string }>(shop.admin, 'PUT', '/v1/webhooks/crm', body);
  const page = await visit(shop.admin, '/setup/webhooks');
  await button(page, 'New secret for crm').click();
  const dialog = page.getByRole('dialog', { name: 'New secret for crm' });
  await dialog.getByRole('combobox', { name: 'The former secret' }).selectOption({ label: 'signs for another week' });
  await button(dialog, 'New secret').click();
  const secret = await dialog.locator('code').innerText();
  expect(secret).toMatch(/^whsec_/);
  expect(secret).not.toBe(former);
  await sees(dialog, /The former secret signs until/);
  const { former_secret_until: until } = await call<{ former_secret_until: string }>(shop.admin, 'GET', '/v1/webhooks/crm');
  expect(Date.parse(until) - Date.now()).toBeGreaterThan(6 * 24 * 60 * 60 * 1000);
});

test('a key for a till is made, works, and is revoked', async () => {
  const shop = await openShop();
  await makePromotion(shop);
  const page = await visit(shop.admin, '/setup/keys');
  await button(page, 'Make a key').click();
  const dialog = page.getByRole('dialog', { name: 'Make a key' });
  await dialog.getByRole('combobox', { name: 'Role' }).selectOption({ label: 'Till: prices and redeems' });
  await dialog.getByRole('textbox', { name: 'Label' }).fill('Till 4');
  await button(dialog, 'Save').click();
  const key = await dialog.locator('code').innerText();
  await call(key, 'GET', '/v1/redemptions');
  await page.keyboard.press('Escape');
  await button(page, 'Revoke the key “Till 4”').click();
  await button(page.getByRole('dialog', { name: 'Revoke the key “Till 4”?' }), 'Revoke').click();
  await sees(page.getByRole('row', { name: /Till 4/ }), 'Revoked');
  await expect(call(key, 'GET', '/v1/redemptions')).rejects.toThrow(/401/);
});

test('the operator makes a tenant, its admin begins, and the operator suspends it', async () => {
  const name = `Newcomers ${Date.now()}`;
  const page = await visit(inject('operator'));
  await page.getByRole('heading', { name: 'Tenants', exact: true, level: 1 }).waitFor();
  expect(await page.getByRole('navigation').getByRole('link', { name: 'Promotions' }).count()).toBe(0);
  await button(page, 'Make a tenant').first().click();
  const dialog = page.getByRole('dialog', { name: 'Make a tenant' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await dialog.getByRole('textbox', { name: 'Currency' }).fill('EUR');
  await dialog.getByRole('textbox', { name: 'Time zone' }).fill('Europe/Berlin');
  await button(dialog, 'Make a tenant').click();
  const key = await dialog.locator('code').innerText();
  const admin = await visit(key);
  await sees(admin, 'No promotions yet');
  await page.keyboard.press('Escape');
  await button(page, `Suspend ${name}`).click();
  await button(page.getByRole('dialog', { name: `Suspend “${name}”?` }), 'Suspend').click();
  await button(page, `Open again ${name}`).waitFor();
  await expect(call(key, 'GET', '/v1/promotions')).rejects.toThrow(/tenant_suspended/);
});
