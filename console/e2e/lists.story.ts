import { expect, test } from 'vitest';

import { button, call, makePromotion, openShop, part, priced, sees, shirts, visit } from './support/world';

test('a product list comes from a file: its faulty line is shown, and mended, it is what a promotion gives', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/setup/lists');
  await sees(page, 'No product lists yet.');
  await button(page, 'Add a list').first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a list' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('clearance');
  const file = (content: string) => dialog.locator('input[type=file]').setInputFiles({ name: 'clearance.csv', mimeType: 'text/csv', buffer: Buffer.from(content) });
  await file('sku\nSHIRT-1\nSHIRT-2,red\nSHIRT-3\n');
  await sees(dialog, 'clearance.csv: 4 lines');
  await button(dialog, 'Import').click();
  const table = dialog.getByRole('table', { name: 'Nothing was imported: 1 line is faulty.' });
  await table.getByRole('cell', { name: '3', exact: true }).waitFor();
  await sees(table, 'SHIRT-2,red');
  await dialog.getByRole('textbox', { name: 'Content of the file' }).fill('sku\nSHIRT-1\nSHIRT-2\nSHIRT-3\n');
  await button(dialog, 'Import').click();
  await sees(dialog, 'The list has 3 SKUs.');
  await button(dialog, 'Close').click();
  await sees(page.getByRole('row', { name: /clearance/ }), '3');
  await makePromotion(shop, {
    name: 'Clearance', benefit: { type: 'percentage_off', value: '50', target: { type: 'items', select: { include: [{ field: 'sku', op: 'in_list', list: 'clearance' }] } } },
  });
  expect((await priced(shop, [shirts(1)])).totals.discount).toBe('200.00');
  await button(page, 'Delete clearance').click();
  await button(page.getByRole('dialog', { name: 'Delete the list “clearance”?' }), 'Delete').click();
  await sees(page, /Promotions that are not archived/);
});

test('names of categories come from a file, its faulty line is shown, and the editor offers them with their titles', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/setup/vocabulary');
  await button(page, 'Import names').click();
  const dialog = page.getByRole('dialog', { name: 'Import names: Categories' });
  const text = dialog.getByRole('textbox', { name: 'Content of the file' });
  await text.fill('value,title\nC-17,Winter coats\n,Without a name\nC-18,Rain coats');
  await button(dialog, 'Import').click();
  const table = dialog.getByRole('table', { name: 'Nothing was imported: 1 line is faulty.' });
  await table.getByRole('cell', { name: '3', exact: true }).waitFor();
  await sees(table, ',Without a name');
  await text.fill('value,title\nC-17,Winter coats\nC-18,Rain coats');
  await button(dialog, 'Import').click();
  await sees(dialog, '2 names were taken.');
  await button(dialog, 'Close').click();
  await sees(page.getByRole('table', { name: 'Categories' }), 'Winter coats');
  await page.goto(`${new URL(page.url()).origin}/console/promotions/new?start=percent_category`);
  await part(page, 'Benefit');
  const values = page.getByRole('tabpanel').getByLabel('Values').first();
  await values.click();
  await values.pressSequentially('wint');
  await page.getByRole('option', { name: /C-17\s+Winter coats/ }).click();
  await sees(page.getByTestId('sentence'), /C-17/);
  expect((await call<{ items: unknown[] }>(shop.admin, 'GET', '/v1/vocabulary?field=category')).items).toHaveLength(2);
});
