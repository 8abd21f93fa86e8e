import { expect, test } from 'vitest';

import { button, call, openShop, sees, visit } from './support/world';
import type { Stored } from './support/world';

// In New York the clock is set back on 1 November 2026 at 2:00, and forward on 14 March 2027 at 2:00.
test.each(['Asia/Kolkata', 'America/Los_Angeles', 'Pacific/Auckland'])('in a browser of %s times are the shop’s, over both changes of its clock', async (zone) => {
  const shop = await openShop({ timezone: 'America/New_York', currency: 'USD' });
  const page = await visit(shop.admin, '/promotions/new?start=percent_category', { zone });
  const [from, until] = [page.getByLabel('From', { exact: true }), page.getByLabel('Until, not included')];
  await from.fill('2026-11-01T01:30');
  await sees(page, 'The clock is set back here: this time comes twice');
  await page.getByRole('combobox', { name: /comes twice/ }).click();
  await page.getByRole('option', { name: /^The second/ }).click();
  await until.fill('2027-03-14T02:30');
  await sees(page, /The clock skips this time/);
  await button(page, 'Save as a draft').click();
  await page.getByRole('heading', { name: 'Percent off a category', exact: true, level: 1 }).waitFor();
  const id = page.url().split('/').at(-1) ?? '';
  const instants = async () => {
    const { starts_at, ends_at } = await call<Stored>(shop.admin, 'GET', `/v1/promotions/${id}`);
    return [starts_at, ends_at].map((time) => new Date(time).toISOString());
  };
  const saved = ['2026-11-01T06:30:00.000Z', '2027-03-14T07:00:00.000Z'];
  expect(await instants()).toEqual(saved);
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  expect(await from.inputValue()).toBe('2026-11-01T01:30');
  expect(await until.inputValue()).toBe('2027-03-14T03:00');
  await page.getByRole('textbox', { name: 'Name' }).fill('Touched');
  await button(page, 'Save').click();
  await page.getByRole('heading', { name: 'Touched', exact: true, level: 1 }).waitFor();
  expect(await instants()).toEqual(saved);
});
