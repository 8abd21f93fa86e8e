import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';

import { button, call, makePromotion, openShop, promotionsOf, sees, sell, shirts, visit } from './support/world';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Serious and critical findings of axe on the page as it is. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

/** Moves the focus by the tabulator, as somebody without a mouse does, until it is at a name. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const named = () => page.evaluate(() => {
    const { activeElement: at } = document;
    const label = at instanceof HTMLInputElement ? at.labels?.[0]?.textContent : null;
    return (at?.getAttribute('aria-label') ?? label ?? at?.textContent ?? '').trim();
  });
  for (let press = 0; press < 90; press += 1) {
    await page.keyboard.press('Tab');
    if (name.test(await named())) return;
  }
  throw new Error(`the tabulator does not reach ${name.source}`);
}

test('a promotion is made by keyboard alone', async () => {
  const shop = await openShop();
  const page = await visit(shop.admin, '/promotions');
  await sees(page, 'No promotions yet');
  await tabTo(page, /^Make the first promotion$/);
  await page.keyboard.press('Enter');
  await sees(page, 'Percent off a category');
  await tabTo(page, /^Percent off a category/);
  await page.keyboard.press('Enter');
  await page.getByRole('tab', { name: 'Details' }).waitFor();
  await tabTo(page, /^Name/);
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Made without a mouse');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await tabTo(page, /^Percent$/);
  await page.keyboard.press('Control+A');
  await page.keyboard.type('15');
  await sees(page.getByTestId('sentence'), /15% off/);
  await page.evaluate(() => { (document.activeElement as HTMLElement).blur(); });
  await tabTo(page, /^Save as a draft$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Made without a mouse', exact: true, level: 1 }).waitFor();
  expect((await promotionsOf(shop))[0]?.name).toBe('Made without a mouse');
});

test('on a telephone the list and the desk are used without scrolling sideways', async () => {
  const shop = await openShop();
  await makePromotion(shop);
  await sell(shop, 'TX-9', [shirts(2)], { customer: { id: 'C-9' } });
  const page = await visit(shop.admin, '/promotions', { width: 390, height: 844 });
  const isNarrow = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  await page.getByRole('link', { name: 'Ten percent off shirts', exact: true }).waitFor();
  expect(await isNarrow()).toBe(true);
  await button(page, 'Menu').click();
  await page.getByRole('navigation').getByRole('link', { name: 'Desk' }).click();
  await page.getByRole('textbox', { name: 'Customer number' }).fill('C-9');
  await button(page, 'Find').click();
  await page.getByRole('link', { name: /TX-9/ }).first().waitFor();
  expect(await isNarrow()).toBe(true);
});

const PATHS = [
  '/promotions', '/promotions?view=calendar', '/promotions/new', '/promotions/new?start=buy_two_get_one', '/try', '/desk', '/desk?customer=C-1', '/desk?tx=A-1',
  '/desk?code=AXE-1', '/setup/settings', '/setup/stores', '/setup/lists', '/setup/milestones', '/setup/webhooks', '/setup/keys', '/setup/vocabulary', '/setup/audit',
  '/reports', '/backtests', '/about',
];

test.each(['light', 'dark'] as const)('no page has a serious or critical finding of axe, in the %s', async (scheme) => {
  const shop = await openShop();
  const { id } = await makePromotion(shop, { campaign: 'summer', limits: { promotion: { times: { max: 100 } } } });
  const coupon = await makePromotion(shop, { name: 'Coupons', type: 'code_linked', benefit: { type: 'amount_off', value: '50', target: { type: 'cart' } } });
  await call(shop.admin, 'POST', `/v1/promotions/${coupon.id}/codes`, { codes: [{ code: 'AXE-1' }] });
  await call(shop.admin, 'PUT', '/v1/stores/BLR-01', { concept: 'fashion', zones: ['south'], timezone: null });
  await sell(shop, 'A-1', [shirts(2)], { customer: { id: 'C-1' } });
  const page = await visit(shop.admin, '/promotions');
  await page.emulateMedia({ colorScheme: scheme });
  const found: string[] = [];
  for (const path of [...PATHS, `/promotions/${id}`, `/promotions/${id}?tab=history`, `/promotions/${id}?tab=events`, `/promotions/${coupon.id}?tab=codes`, `/promotions/${id}/edit`]) {
    await page.goto(`${inject('service')}/console${path}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.waitForLoadState('networkidle');
    found.push(...(await findings(page)).map((finding) => `${path} ${finding}`));
  }
  const operator = await visit(inject('operator'));
  await operator.emulateMedia({ colorScheme: scheme });
  await operator.getByRole('heading', { name: 'Tenants', exact: true, level: 1 }).waitFor();
  found.push(...(await findings(operator)).map((finding) => `/tenants ${finding}`));
  expect(found).toEqual([]);
}, 180_000);
