import { expect, test } from 'vitest';

import { button, call, makePromotion, openShop, priced, promotionsOf, sees, sell, shirts, visit } from './support/world';

test('a sale goes wrong: the manager pauses all of a campaign at once, and tills give nothing of it', async () => {
  const shop = await openShop();
  for (const name of ['First of summer', 'Second of summer', 'Third of summer']) await makePromotion(shop, { name, campaign: 'summer' });
  await makePromotion(shop, { name: 'Other', campaign: 'winter' });
  await makePromotion(shop, { name: 'Draft of summer', campaign: 'summer', status: 'draft' });
  expect((await priced(shop, [shirts(1)])).applied.length).toBeGreaterThan(0);
  const page = await visit(shop.admin, '/promotions');
  await page.getByRole('search').getByRole('textbox', { name: 'Campaign' }).fill('summer');
  await page.waitForURL(/campaign=summer/);
  await page.getByRole('link', { name: 'Other', exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
  await sees(page, '4 selected');
  await button(page, 'Pause').click();
  const dialog = page.getByRole('dialog', { name: 'What became of each' });
  await sees(dialog, 'Draft of summer');
  await sees(dialog, 'Its present state does not allow this.');
  await page.keyboard.press('Escape');
  const stored = await promotionsOf(shop);
  expect(stored.filter(({ status }) => status === 'paused').map(({ name }) => name).sort()).toEqual(['First of summer', 'Second of summer', 'Third of summer']);
  expect((await priced(shop, [shirts(1)])).applied.map(({ name }) => name)).toEqual(['Other']);
});

test('promotions are found by what is asked, and the address can be sent to a colleague', async () => {
  const shop = await openShop();
  await makePromotion(shop, { name: 'Bakery in the evening' });
  await makePromotion(shop, { name: 'Shirts', status: 'draft' });
  const page = await visit(shop.admin, '/promotions');
  await page.getByRole('searchbox', { name: 'Search by name' }).fill('baker');
  await page.getByRole('link', { name: 'Shirts', exact: true }).waitFor({ state: 'detached' });
  const colleague = await visit(shop.viewer, new URL(page.url()).pathname.replace('/console', '') + new URL(page.url()).search);
  await colleague.getByRole('link', { name: 'Bakery in the evening', exact: true }).waitFor();
  expect(await colleague.getByRole('link', { name: 'Shirts', exact: true }).count()).toBe(0);
  await button(page, 'Clear filters').first().click();
  await button(page, 'Draft').click();
  await page.getByRole('link', { name: 'Bakery in the evening', exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Shirts', exact: true }).waitFor();
});

test('the calendar shows which promotions overlap, by campaign', async () => {
  const shop = await openShop();
  await makePromotion(shop, { name: 'All year', campaign: 'always' });
  await makePromotion(shop, { name: 'Without' });
  const page = await visit(shop.admin, '/promotions');
  await page.getByText('Calendar').click();
  await page.getByRole('list', { name: 'always' }).getByRole('link', { name: /^All year, Live, from/ }).waitFor();
  await page.getByRole('list', { name: 'Without a campaign' }).getByRole('link', { name: /^Without/ }).click();
  await page.getByRole('heading', { name: 'Without', exact: true, level: 1 }).waitFor();
});

test('10,000 codes are imported: line 1,777 is faulty and shown, nothing is taken; mended, all are', async () => {
  const shop = await openShop();
  const { id } = await makePromotion(shop, { name: 'Coupons', type: 'code_linked', benefit: { type: 'amount_off', value: '50', target: { type: 'cart' } } });
  // Line 1 is the header.
  const lines = ['code', ...Array.from({ length: 10_000 }, (_, place) => `SUMMER-${place + 1}`)];
  const faulty = lines.map((line, place) => (place + 1 === 1_777 ? `${line},2026-13-45` : `${line},`));
  faulty[0] = 'code,expires_at';
  const page = await visit(shop.admin, `/promotions/${id}?tab=codes`);
  await button(page, 'Make codes').click();
  await page.getByRole('tab', { name: 'From a file' }).click();
  const file = (content: readonly string[]) => ({ name: 'codes.csv', mimeType: 'text/csv', buffer: Buffer.from(content.join('\n')) });
  await page.locator('input[type=file]').setInputFiles(file(faulty));
  await sees(page, /codes\.csv/);
  await button(page, 'Import').click();
  const table = page.getByRole('table', { name: 'Nothing was imported: 1 line is faulty.' });
  await table.getByRole('cell', { name: '1777', exact: true }).waitFor();
  await sees(table, /SUMMER-1776,2026-13-45/);
  await button(page, 'Take another').click();
  await page.locator('input[type=file]').setInputFiles(file(lines));
  await button(page, 'Import').click();
  await sees(page, '10,000 codes, 10,000 of them new.');
  const sale = await call<{ totals: { discount: string } }>(shop.pos, 'POST', '/v1/evaluate-cart', { cart: { lines: [shirts(1)], codes: ['summer-9999'] } });
  expect(sale.totals.discount).toBe('50.00');
});

test('reports say what a campaign gave, and the file has the same numbers', async () => {
  const shop = await openShop();
  await makePromotion(shop, { campaign: 'summer' });
  await sell(shop, 'R-1', [shirts(2)]);
  await sell(shop, 'R-2', [shirts(1)]);
  const page = await visit(shop.viewer, '/reports');
  const row = page.getByRole('row', { name: /summer/ });
  await sees(row, /120/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /CSV/ }).click()]);
  const stream = await download.createReadStream();
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  expect(Buffer.concat(parts).toString()).toMatch(/summer,2,2,120\.00/);
});
