import { inject, test } from 'vitest';

import { button, call, makePromotion, openShop, part, sees, visit } from './support/world';

test('a promotion was changed: its history says who changed what, and two of its versions are compared in words', async () => {
  const shop = await openShop();
  const { id } = await makePromotion(shop, { status: 'draft', limits: { customer: { times: { max: 3 } } } });
  const colleague = await call<{ key: string }>(shop.admin, 'POST', '/v1/keys', { role: 'admin', label: 'Asha' });
  const page = await visit(colleague.key, `/promotions/${id}/edit`);
  await page.getByRole('textbox', { name: 'Name' }).fill('Fifteen percent off shirts');
  await page.getByLabel('Until, not included').fill('2027-01-01T00:00');
  await part(page, 'Benefit');
  await page.getByRole('textbox', { name: 'Percent' }).fill('15');
  await button(page, 'Save').click();
  await page.getByRole('heading', { name: 'Fifteen percent off shirts', exact: true, level: 1 }).waitFor();
  await call(shop.admin, 'POST', '/v1/promotions/status', { ids: [id], status: 'active' });

  const reader = await visit(shop.viewer, `/promotions/${id}?tab=history`, { width: 1100 });
  await sees(reader, /by Asha/);
  const compared = reader.getByRole('region', { name: 'What differs' });
  await sees(compared.getByRole('row', { name: /^Status/ }), 'Active');
  await compared.getByRole('combobox', { name: 'Compare version' }).selectOption({ index: 2 });
  await compared.getByRole('combobox', { name: 'with' }).selectOption({ index: 1 });
  await compared.getByRole('row', { name: 'Name Ten percent off shirts Fifteen percent off shirts' }).waitFor();
  await compared.getByRole('row', { name: /^End 1 Jan 2036, 00:00 1 Jan 2027, 00:00$/ }).waitFor();
  await compared.getByRole('row', { name: 'Benefit › value 10 15' }).waitFor();
  await compared.getByRole('row', { name: /^Status/ }).waitFor({ state: 'detached' });
  await reader.goto(`${inject('service')}/console/promotions/${id}`);
  await sees(reader, /15% off category Shirts/);
});
