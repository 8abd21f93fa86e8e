import { expect, test } from 'vitest';

import { button, makePromotion, openShop, sees, sell, shirts, visit } from './support/world';

test('a backtest says what last month would have cost with a draft, and a sale is opened from it', async () => {
  const shop = await openShop();
  await makePromotion(shop);
  await makePromotion(shop, { name: 'Twenty percent', status: 'draft', benefit: { type: 'percentage_off', value: '20', target: { type: 'cart' } } });
  for (const number of [1, 2, 3]) await sell(shop, `B-${number}`, [shirts(number)]);
  const page = await visit(shop.admin, '/backtests');
  await button(page, 'New backtest').first().click();
  const dialog = page.getByRole('dialog', { name: 'New backtest' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Twenty instead of ten');
  // In the shop's zone today may be tomorrow already.
  const soon = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
  await dialog.getByLabel('until').fill(`${soon}T00:00`);
  await dialog.getByRole('combobox', { name: 'With these, though they are not active' }).click();
  await page.getByRole('option', { name: /^Twenty percent/ }).click();
  await page.keyboard.press('Escape');
  await button(dialog, 'Start').click();
  await sees(page, '3 carts were priced.');
  await sees(page, /3 carts get more, 0 get less/);
  await page.getByRole('button', { name: 'Try this cart: B-3' }).click();
  await page.getByRole('heading', { name: 'Try a cart', exact: true, level: 1 }).waitFor();
});

/** Notes what is written into plots: it is in no element of the page. */
const NOTE_WORDS = `
  window.written = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) { window.written.push(text); fillText.call(this, text, ...place); };
`;

test('a backtest of a single day shows that day at the axis of its plot, and no hours', async () => {
  // All sales are made on one day of the shop, whenever the story is told: in its zone it is about noon.
  const east = 12 - new Date().getUTCHours();
  const timezone = `Etc/GMT${east > 0 ? `-${east}` : `+${-east}`}`;
  const day = new Date(Date.now() + east * 3_600_000);
  const shop = await openShop({ timezone });
  await makePromotion(shop);
  await sell(shop, 'D-1', [shirts(1)]);
  await sell(shop, 'D-2', [shirts(2)]);
  const page = await visit(shop.admin, '/backtests');
  await page.evaluate(NOTE_WORDS);
  await button(page, 'New backtest').first().click();
  const dialog = page.getByRole('dialog', { name: 'New backtest' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Today without it');
  const midnight = (days: number) => `${new Date(day.getTime() + days * 86_400_000).toISOString().slice(0, 10)}T00:00`;
  await dialog.getByLabel('Sales from').fill(midnight(0));
  await dialog.getByLabel('until').fill(midnight(1));
  await dialog.getByRole('combobox', { name: 'Without these' }).click();
  await page.getByRole('option', { name: /^Ten percent off shirts/ }).click();
  await page.keyboard.press('Escape');
  await button(dialog, 'Start').click();
  await sees(page, '2 carts were priced.');
  await sees(page, /0 carts get more, 2 get less/);
  const axis = day.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
  await expect.poll(() => page.evaluate<string[]>('window.written')).toContain(axis);
  const written = await page.evaluate<string[]>('window.written');
  expect(written.filter((text) => /\d:\d\d|\d ?[ap]m/i.test(text))).toEqual([]);
  const plot = page.getByRole('figure', { name: 'Discount' });
  await plot.scrollIntoViewIfNeeded();
  await page.getByText('The numbers as a table').click();
  await sees(page.getByRole('table', { name: 'Discount by day' }), /120/);
});
