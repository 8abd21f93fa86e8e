import { expect, test } from 'vitest';

import { starts } from '../app/texts/editor';
import { button, call, makePromotion, openShop, part, priced, promotionsOf, sees, shirts, visit } from './support/world';
import type { Stored } from './support/world';

test('a manager makes a buy-two-get-one for weekends, sees it on the sample cart, activates it, and a till gets it', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/promotions');
  await sees(page, 'No promotions yet');
  await page.getByRole('link', { name: 'Make the first promotion' }).click();
  await page.getByRole('link', { name: /^Buy two, get one free/ }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Weekend shirts');
  await page.getByLabel('From', { exact: true }).fill('2026-01-01T00:00');
  await page.getByLabel('Until, not included').fill('2036-01-01T00:00');
  await page.getByRole('switch').click();
  await page.getByRole('group', { name: 'Days' }).waitFor();
  await sees(page.getByTestId('sentence'), /Saturdays and Sundays/);
  await sees(page, 'The next ten openings');
  const receipt = page.getByRole('region', { name: 'On a sample cart' });
  await sees(receipt, 'It applies');
  await sees(receipt, /Weekend shirts/);
  await button(page, 'Save and activate').click();
  await page.getByRole('heading', { name: 'Weekend shirts', exact: true, level: 1 }).waitFor();
  await sees(page, 'Live');
  const at = (time: string) => call<{ totals: { discount: string } }>(shop.admin, 'POST', '/v1/evaluate-cart', { cart: { lines: [shirts(3)] }, at: time });
  expect((await at('2027-01-02T12:00:00+05:30')).totals.discount).toBe('400.00');
  expect((await at('2027-01-04T12:00:00+05:30')).totals.discount).toBe('0.00');
  const today = new Date(Date.now() + 5.5 * 3_600_000).getUTCDay();
  expect((await priced(shop, [shirts(3)])).totals.discount).toBe(today === 0 || today === 6 ? '400.00' : '0.00');
});

test.each(Object.values(starts))('the starting point $title is saved as it is, and priced by the service', async ({ title }) => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/promotions/new');
  await page.getByRole('link', { name: new RegExp(`^${title}`) }).click();
  await sees(page.getByRole('region', { name: 'On a sample cart' }), 'It applies');
  const said = await page.getByTestId('sentence').innerText();
  await button(page, 'Save as a draft').click();
  await page.getByRole('heading', { name: title, exact: true, level: 1 }).waitFor();
  // The service fills in what is usual, and the sentence does not change by it.
  await sees(page.getByRole('region', { name: 'What it does' }), said);
  const [stored] = await promotionsOf(shop);
  expect(stored?.status).toBe('draft');
});

test('the faults of the service stand at their fields, and saving goes on when they are mended', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/promotions/new?start=percent_category');
  await page.getByRole('textbox', { name: 'Name' }).fill('');
  await part(page, 'Benefit');
  await page.getByRole('textbox', { name: 'Percent' }).fill('120');
  await button(page, 'Save as a draft').click();
  await sees(page, '2 things must be mended first');
  await sees(page.getByRole('tabpanel'), /100/);
  await page.getByRole('alert').getByRole('button', { name: 'in Details' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Mended');
  await part(page, 'Benefit');
  await page.getByRole('textbox', { name: 'Percent' }).fill('20');
  await button(page, 'Save as a draft').click();
  await page.getByRole('heading', { name: 'Mended', exact: true, level: 1 }).waitFor();
});

test('two editors change the same promotion: the second sees both sides, and keeps one of each field', async () => {
  const shop = await openShop();
  const { id } = await makePromotion(shop, { status: 'draft' });
  const path = `/promotions/${id}/edit`;
  const [one, other] = [await visit(shop.admin, path), await visit(shop.admin, path)];
  await one.getByRole('textbox', { name: 'Name' }).fill('Named by the first');
  await other.getByRole('textbox', { name: 'Name' }).fill('Named by the second');
  await other.getByRole('textbox', { name: 'Description' }).fill('Described by the second');
  await button(one, 'Save').click();
  await one.getByRole('heading', { name: 'Named by the first', exact: true, level: 1 }).waitFor();
  await button(other, 'Save').click();
  const dialog = other.getByRole('dialog', { name: 'Somebody else has changed this promotion' });
  await sees(dialog, 'Named by the first');
  await sees(dialog, 'Named by the second');
  await dialog.getByRole('radio', { name: 'Theirs: name' }).check();
  await button(dialog, 'Go on with this').click();
  await button(other, 'Save').click();
  await other.getByRole('heading', { name: 'Named by the first', exact: true, level: 1 }).waitFor();
  const stored = await call<Stored & { description: string }>(shop.admin, 'GET', `/v1/promotions/${id}`);
  expect([stored.name, stored.description]).toEqual(['Named by the first', 'Described by the second']);
});

test('a promotion is copied, with everything but its name', async () => {
  const shop = await openShop();
  const { id } = await makePromotion(shop, { campaign: 'summer', limits: { customer: { times: { max: 3 } } } });
  const page = await visit(shop.admin, '/promotions');
  await page.getByRole('link', { name: 'Copy Ten percent off shirts' }).click();
  await button(page, 'Save as a draft').click();
  await page.getByRole('heading', { name: 'Ten percent off shirts (copy)', exact: true, level: 1 }).waitFor();
  type Document = Record<string, unknown>;
  const [from, to] = [
    await call<Document>(shop.admin, 'GET', `/v1/promotions/${id}`),
    await call<Document>(shop.admin, 'GET', `/v1/promotions/${page.url().split('/').at(-1) ?? ''}`),
  ];
  for (const field of ['type', 'campaign', 'limits', 'benefit', 'conditions', 'scope', 'starts_at', 'ends_at']) expect(to[field], field).toEqual(from[field]);
  expect(to['status']).toBe('draft');
});

test('what is written as JSON shows in the fields, and half a document loses nothing', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/promotions/new?start=percent_category');
  await part(page, 'JSON');
  const field = page.getByRole('textbox', { name: 'The promotion as JSON' });
  const text = await field.inputValue();
  await field.fill(text.slice(0, -5));
  await sees(page, 'This is no JSON yet');
  await field.fill(text.replace('"value": "10"', '"value": "35"').replace('Percent off a category', 'Written by hand'));
  await sees(page.getByTestId('sentence'), /35% off/);
  await part(page, 'Details');
  expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Written by hand');
  await part(page, 'Benefit');
  expect(await page.getByRole('textbox', { name: 'Percent' }).inputValue()).toBe('35');
});

test('leaving with unsaved changes asks first', async () => {
  const shop = await openShop();
  await makePromotion(shop);
  const page = await visit(shop.admin, '/promotions/new?start=coupon');
  await page.getByRole('textbox', { name: 'Name' }).fill('Half done');
  const away = page.getByRole('navigation').getByRole('link', { name: 'Desk' });
  await away.click();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await button(dialog, 'Stay').click();
  expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Half done');
  await away.click();
  await button(dialog, 'Leave').click();
  await page.getByRole('heading', { name: 'Desk', exact: true, level: 1 }).waitFor();
});

test('a live promotion keeps what it promised: its benefit is locked, and the page says what to do', async () => {
  const shop = await openShop();
  const { id } = await makePromotion(shop);
  const page = await visit(shop.admin, `/promotions/${id}/edit`);
  await part(page, 'Benefit');
  await sees(page, 'It has been live, so this cannot be changed any more.');
  expect(await page.getByRole('textbox', { name: 'Percent' }).isDisabled()).toBe(true);
  await part(page, 'Details');
  await page.getByLabel('Until, not included').fill('2037-01-01T00:00');
  await button(page, 'Save').click();
  await page.getByRole('heading', { name: 'Ten percent off shirts', exact: true, level: 1 }).waitFor();
  expect(new Date((await call<Stored>(shop.admin, 'GET', `/v1/promotions/${id}`)).ends_at).toISOString()).toBe('2036-12-31T18:30:00.000Z');
});
