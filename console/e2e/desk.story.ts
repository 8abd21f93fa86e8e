import { expect, test } from 'vitest';

import { button, call, makePromotion, openShop, priced, sees, sell, shirts, visit } from './support/world';

test('a cart is priced from lines, and the page says why a promotion did not apply', async () => {
  const shop = await openShop();
  await makePromotion(shop);
  await makePromotion(shop, { name: 'Large carts', conditions: { type: 'cart_amount', op: 'gte', value: '5000' }, benefit: { type: 'amount_off', value: '500', target: { type: 'cart' } } });
  const page = await visit(shop.admin, '/try');
  await button(page, 'Paste lines').click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Lines' }).fill('SHIRT-1\t2\t400\tBlue shirt\tShirts\nSOCK-1\t1\t99\tSocks\tSocks');
  await button(page.getByRole('dialog'), 'Take them').click();
  await button(page, 'Price the cart').click();
  const receipt = page.getByRole('region', { name: 'As it is' });
  await sees(receipt, /−.*80/);
  await sees(receipt, /819/);
  await sees(page.getByRole('region', { name: 'What did not apply, and why' }), 'Large carts');
  await page.getByText('For developers').click();
  await page.getByRole('tab', { name: 'curl' }).click();
  await sees(page, /curl .*evaluate-cart/);
});

test('a manager compares what the best deal would give a cart', async () => {
  const shop = await openShop();
  await makePromotion(shop, { stacking: { exclusive: true } });
  await makePromotion(shop, { name: 'A quarter off', benefit: { type: 'percentage_off', value: '25', target: { type: 'cart' } } });
  const page = await visit(shop.admin, '/try', { width: 1600 });
  await button(page, 'Paste lines').click();
  await page.getByRole('dialog').getByRole('textbox', { name: 'Lines' }).fill('SHIRT-1\t2\t400\tBlue shirt\tShirts\nSOCK-1\t1\t99\tSocks\tSocks');
  await button(page.getByRole('dialog'), 'Take them').click();
  const [ours, best] = ['One after the other, by rank (as it is set)', 'The group of promotions that gives the most'];
  await page.getByRole('combobox', { name: 'Side by side with another way to choose promotions' }).selectOption(best);
  await button(page, 'Price the cart').click();
  const told = page.getByRole('status').filter({ hasText: 'The cart costs' });
  await sees(told, `The cart costs ₹144.75 less with “${best}”.`);
  await sees(told, '2 × Blue shirt: ₹600.00 instead of ₹720.00');
  await sees(told, '1 × Socks: ₹74.25 instead of ₹99.00');
  const receipt = (name: string) => page.getByRole('region', { name, exact: true });
  await sees(receipt(ours), '₹819.00');
  await sees(receipt(best), '₹674.25');
  await sees(page.getByRole('region', { name: 'What did not apply, and why, with' }), 'Ten percent off shirts');
  const places = async () => [await receipt(ours).boundingBox(), await receipt(best).boundingBox()] as const;
  const [left, right] = await places();
  expect(right?.y).toBe(left?.y);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect.poll(async () => { const [above, below] = await places(); return below?.x === above?.x && (below?.y ?? 0) > (above?.y ?? 0); }).toBe(true);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  // Tills give what they gave, and the comparison can be opened again by its address.
  expect((await priced(shop, [shirts(2)])).totals.discount).toBe('80.00');
  await page.reload();
  await button(page, 'Price the cart').click();
  await sees(receipt(best), '₹674.25');
});

test('a customer complains: the sale is opened at the desk, and its cart tried again with a draft', async () => {
  const shop = await openShop();
  await makePromotion(shop);
  const draft = await makePromotion(shop, { name: 'Twenty percent', status: 'draft', benefit: { type: 'percentage_off', value: '20', target: { type: 'cart' } } });
  await sell(shop, 'TX-4711', [shirts(2)], { customer: { id: 'C-1' } });
  const page = await visit(shop.admin, '/desk');
  await page.getByText('Redemption', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Transaction, or id of the redemption' }).fill('TX-4711');
  await button(page, 'Find').click();
  await sees(page.getByRole('region', { name: 'Redemption TX-4711' }), 'Committed');
  await sees(page.getByRole('region', { name: 'Receipt' }), /720/);
  await page.getByRole('link', { name: 'Try this cart' }).click();
  await page.getByRole('combobox', { name: 'SKU' }).first().waitFor();
  await expect.poll(() => page.getByRole('combobox', { name: 'SKU' }).first().inputValue()).toBe('SHIRT-1');
  const choice = page.getByRole('combobox', { name: 'With these, though they are not active' });
  await choice.click();
  await page.getByRole('option', { name: /^Twenty percent/ }).click();
  await page.keyboard.press('Escape');
  await button(page, 'Price the cart').click();
  await sees(page.getByRole('region', { name: 'With the changes' }), draft.name);
  await sees(page, /The cart costs .* (less|more) with the changes|The cart costs the same/);
});

test('a coupon does not work: the desk finds the code, how often it was used, and by which sale', async () => {
  const shop = await openShop();
  const { id } = await makePromotion(shop, { name: 'Coupons', type: 'code_linked', limits: { code: { times: { max: 1 } } }, benefit: { type: 'amount_off', value: '50', target: { type: 'cart' } } });
  await call(shop.admin, 'POST', `/v1/promotions/${id}/codes`, { codes: [{ code: 'HELLO-1' }] });
  await call(shop.pos, 'POST', '/v1/redemptions', { transaction_id: 'TX-1', request: { cart: { lines: [shirts(1)], codes: ['HELLO-1'] } } });
  const page = await visit(shop.admin, '/desk');
  await page.getByText('Code', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Code' }).fill('hello-1');
  await button(page, 'Find').click();
  await sees(page, '1 times');
  await sees(page, /0 of 1/);
  await page.getByRole('link', { name: /TX-1/ }).waitFor();
  await page.getByRole('textbox', { name: 'Code' }).fill('NO-SUCH-CODE');
  await button(page, 'Find').click();
  await sees(page, 'No promotion has the code “NO-SUCH-CODE”.');
});

test('a customer is given a reward at the desk, loses it again, and is forgotten', async () => {
  const shop = await openShop();
  await makePromotion(shop, {
    name: 'Sorry', type: 'rewards', benefit: { type: 'amount_off', value: '100', target: { type: 'cart' } }, earning: { trigger: 'direct' },
    expiry: { type: 'after_days', days: 30 },
  });
  const page = await visit(shop.admin, '/desk');
  await page.getByRole('textbox', { name: 'Customer number' }).fill('C-77');
  await button(page, 'Find').click();
  await button(page, 'Give a promotion').click();
  const dialog = page.getByRole('dialog', { name: 'Give a promotion' });
  await dialog.getByRole('combobox', { name: 'Promotion' }).or(dialog.getByRole('textbox', { name: 'Promotion' })).first().click();
  await page.getByRole('option', { name: /Sorry/ }).click();
  await button(dialog, 'Give').click();
  await sees(dialog, 'The customer has it now.');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Revoke “Sorry”' }).click();
  await button(page.getByRole('dialog', { name: 'Take “Sorry” back?' }), 'Revoke').click();
  await sees(page.getByRole('table', { name: 'What was given to them' }), 'Revoked');
  await button(page, 'Forget the customer').click();
  const forget = page.getByRole('dialog', { name: 'Forget C-77?' });
  await forget.getByRole('textbox').fill('C-77');
  await button(forget, 'Forget').click();
  await expect.poll(async () => (await call<{ items: unknown[] }>(shop.admin, 'GET', '/v1/issuances?customer_id=C-77')).items.length).toBe(0);
});
