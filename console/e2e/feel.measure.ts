/**
 * How the console feels with 250 promotions: figures to read, on a quiet machine. `npm run measure` prints them; nothing
 * fails for being slow.
 */
import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';

import { makePromotion, openShop, visit } from './support/world';
import type { Shop } from './support/world';

const PROMOTIONS = 250;

/** Notes when rows are painted, how long keys take until they are painted, and when the receipt last changed. */
const WATCH = `
  window.noted = { rows: 0, keys: [], tasks: [], lastKey: 0, receipt: 0 };
  const observe = (type, take, more) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more });
  observe('event', (own) => { if (own.name === 'keydown') noted.keys.push(own.duration); }, { durationThreshold: 16 });
  observe('longtask', (own) => noted.tasks.push(own.startTime + own.duration));
  addEventListener('keydown', () => { noted.lastKey = performance.now(); }, { capture: true });
  const look = () => {
    if (document.querySelectorAll('tbody tr').length < 50) requestAnimationFrame(look);
    else requestAnimationFrame(() => setTimeout(() => { noted.rows = performance.now(); }));
  };
  requestAnimationFrame(look);
  new MutationObserver((changes) => {
    if (changes.some(({ target }) => target.parentElement?.closest('[aria-label="On a sample cart"]'))) noted.receipt = performance.now();
  }).observe(document, { subtree: true, childList: true, characterData: true });
`;

interface Noted {
  rows: number;
  keys: number[];
  tasks: number[];
  lastKey: number;
  receipt: number;
}

const noted = (page: Page) => page.evaluate<Noted>('window.noted');

async function fullShop(): Promise<Shop> {
  const shop = await openShop();
  const names = Array.from({ length: PROMOTIONS }, (_, place) => `Promotion ${place + 1}`);
  for (const name of names) await makePromotion(shop, { name, campaign: `Campaign ${name.length}`, limits: { promotion: { times: { max: 1000 } } } });
  return shop;
}

function said(what: string, figures: readonly number[]): void {
  const sorted = figures.map(Math.round).sort((a, b) => a - b);
  console.log(`${what}: median ${sorted[Math.floor(sorted.length / 2)] ?? '–'} ms, largest ${sorted.at(-1) ?? '–'} ms (${sorted.join(' ')})`);
}

test('figures of the list, the editor and the preview', { timeout: 600_000 }, async () => {
  const shop = await fullShop();
  const opened: number[] = [];
  const calm: number[] = [];
  const first: number[] = [];
  for (let time = 0; time < 7; time += 1) {
    const page = await visit(shop.admin, '/about');
    await page.addInitScript(WATCH);
    await page.goto(`${inject('service')}/console/promotions`);
    await expect.poll(async () => (await noted(page)).rows, { timeout: 15_000 }).toBeGreaterThan(0);
    const search = page.getByRole('textbox').first();
    await search.press('a');
    await page.waitForTimeout(1_000);
    const { rows, tasks, keys } = await noted(page);
    opened.push(rows);
    calm.push(Math.max(rows, ...tasks.filter((end) => end < rows + 500)));
    first.push(...keys);
    await page.context().close();
  }
  said('list: rows are painted after', opened);
  said('list: nothing keeps the page busy after', calm);
  said('list: the first keys are painted after (those over 16 ms)', first);

  const page = await visit(shop.admin, '/about');
  await page.addInitScript(WATCH);
  await page.goto(`${inject('service')}/console/promotions/new?start=percent_category`);
  const name = page.getByRole('textbox', { name: 'Name' });
  await name.fill('');
  await page.waitForTimeout(2_000);
  await page.evaluate('noted.keys.length = 0');
  const text = 'Twenty percent off all shirts in the southern stores at the weekend';
  await name.pressSequentially(text, { delay: 60 });
  await page.waitForTimeout(1_000);
  said(`editor: of ${text.length} keys, those that were painted after more than 16 ms took`, (await noted(page)).keys);

  await page.getByRole('tab', { name: 'Benefit' }).click();
  const percent = page.getByRole('textbox', { name: 'Percent' });
  const answered: number[] = [];
  for (let value = 11; value < 41; value += 1) {
    await percent.press('Control+A');
    await percent.pressSequentially(String(value), { delay: 40 });
    await page.waitForTimeout(600);
    const { receipt, lastKey } = await noted(page);
    answered.push(receipt - lastKey);
  }
  said('preview: the receipt has changed after', answered);
});
