import { test } from 'vitest';

import { button, call, makePromotion, openShop, sees, shirts, visit } from './support/world';

test('a milestone is made, a customer works towards it, and the desk shows how far they have come and what they earned', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/setup/milestones');
  await sees(page, 'No milestones yet.');
  await button(page, 'Add a milestone').first().click();
  const dialog = page.getByRole('dialog', { name: 'Add a milestone' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Month of shirts');
  await dialog.getByRole('textbox', { name: 'Target' }).fill('Bronze');
  await dialog.getByRole('textbox', { name: 'Value' }).fill('much');
  await button(dialog, 'Save').click();
  await dialog.getByRole('alert').waitFor();
  await dialog.getByRole('textbox', { name: 'Value' }).fill('1,000');
  await button(dialog, 'Add a target').click();
  await dialog.getByRole('textbox', { name: 'Target' }).last().fill('Silver');
  await dialog.getByRole('textbox', { name: 'Value' }).last().fill('5000');
  await button(dialog, 'Save').click();
  const row = page.getByRole('table', { name: 'Milestones' }).getByRole('row', { name: /Month of shirts/ });
  await sees(row, 'every month');
  await sees(row, /Bronze: .*1,000 · Silver: .*5,000/);

  await makePromotion(shop, {
    name: 'Bronze present', type: 'loyalty_earning', benefit: { type: 'amount_off', value: '100', target: { type: 'cart' } },
    earning: { trigger: 'milestone', milestone: { name: 'Month of shirts', target: 'Bronze' } }, expiry: { type: 'after_days', days: 30 },
  });
  const buys = (id: string, count: number) => call(shop.pos, 'POST', '/v1/activities', { id, type: 'transaction', customer: { id: 'C-5' }, cart: { lines: [shirts(count)] } });
  await buys('M-1', 2);
  await page.getByRole('navigation').getByRole('link', { name: 'Desk' }).click();
  await page.getByRole('textbox', { name: 'Customer number' }).fill('C-5');
  await button(page, 'Find').click();
  const progress = page.getByRole('group', { name: 'Month of shirts' });
  await sees(progress, /800 of .*1,000 for Bronze$/);
  await progress.getByRole('progressbar', { name: /1,000 for Bronze/ }).waitFor();

  await buys('M-2', 1);
  await button(page, 'Find').click();
  await sees(progress, /1,200 of .*1,000 for Bronze · ✓ reached/);
  await sees(progress, /1,200 of .*5,000 for Silver$/);
  await sees(page.getByRole('table', { name: 'What was given to them' }), 'Bronze present');
});
