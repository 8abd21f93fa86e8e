/** What stories are told with: a tenant of their own, its keys, calls as a till makes them, and pages of a browser. */
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';

export interface Shop {
  id: string;
  admin: string;
  viewer: string;
  pos: string;
}

/** Calls the API as any program would, and fails unless it is answered well. */
export async function call<T>(key: string, method: string, path: string, body?: unknown, type = 'application/json', service = inject('service')): Promise<T> {
  const response = await fetch(service + path, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': type }) },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text === '' ? null : JSON.parse(text)) as T;
}

let shops = 0;

export async function openShop({ timezone = 'Asia/Kolkata', currency = 'INR', service = inject('service') } = {}): Promise<Shop> {
  shops += 1;
  const name = `Shop ${Date.now()}-${shops}`;
  const made = await call<{ id: string; admin_key: string }>(inject('operator'), 'POST', '/v1/tenants', { name, currency, timezone }, undefined, service);
  const key = async (role: string) => (await call<{ key: string }>(made.admin_key, 'POST', '/v1/keys', { role, label: role }, undefined, service)).key;
  return { id: made.id, admin: made.admin_key, viewer: await key('viewer'), pos: await key('pos') };
}

export interface Stored {
  id: string;
  name: string;
  status: string;
  starts_at: string;
  ends_at: string;
  version: number;
}

/** A promotion as a program makes it: ten percent off shirts, from long ago until far ahead. */
export function makePromotion(shop: Shop, part: Record<string, unknown> = {}, service = inject('service')): Promise<Stored> {
  return call(shop.admin, 'POST', '/v1/promotions', {
    name: 'Ten percent off shirts', type: 'pos', status: 'active', starts_at: '2026-01-01T00:00:00+05:30', ends_at: '2036-01-01T00:00:00+05:30',
    benefit: { type: 'percentage_off', value: '10', target: { type: 'items', from: 'matching', select: { include: [{ field: 'category', op: 'in', values: ['Shirts'] }] } } },
    ...part,
  }, undefined, service);
}

export function promotionsOf(shop: Shop): Promise<Stored[]> {
  return call<{ items: Stored[] }>(shop.admin, 'GET', '/v1/promotions?limit=200').then(({ items }) => items);
}

export interface Priced {
  totals: { gross: string; discount: string; payable: string };
  applied: { promotion_id: string; name: string; discount: string }[];
}

export function shirts(quantity: number, price = '400'): Record<string, unknown> {
  return { id: '1', sku: 'SHIRT-1', quantity: String(quantity), unit_price: price, categories: ['Shirts'] };
}

/** What a till is answered. */
export function priced(shop: Shop, lines: readonly unknown[], more: Record<string, unknown> = {}): Promise<Priced> {
  return call(shop.pos, 'POST', '/v1/evaluate-cart', { cart: { lines }, ...more });
}

/** A sale as a till makes it. */
export function sell(shop: Shop, transaction: string, lines: readonly unknown[], more: Record<string, unknown> = {}, service = inject('service')): Promise<{ id: string }> {
  return call(shop.pos, 'POST', '/v1/redemptions', { transaction_id: transaction, request: { cart: { lines }, ...more } }, undefined, service);
}

let browser: Browser | null = null;
const open: Page[] = [];
const faults: string[] = [];

/** Answers that a story provokes; the browser reports each of them. */
const EXPECTED = /Failed to load resource|ERR_CONNECTION_REFUSED/;

beforeAll(async () => { browser = await chromium.connect(inject('browser')); });
afterAll(async () => { await browser?.close(); });

afterEach(async ({ task }) => {
  const name = task.name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80);
  for (const [place, page] of open.entries()) {
    await page.screenshot({ path: join(import.meta.dirname, '../results', `${name}${place === 0 ? '' : `-${place + 1}`}.png`) }).catch(() => undefined);
    await page.context().close();
  }
  open.length = 0;
  expect(faults.splice(0), 'what the browser complains of').toEqual([]);
});

export interface Visit {
  zone?: string;
  width?: number;
  height?: number;
  service?: string;
}

/** A browser of its own, not signed in. */
export async function browse({ zone = 'Asia/Kolkata', width = 1280, height = 900 }: Visit = {}): Promise<Page> {
  if (browser === null) throw new Error('the browser is not connected');
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: zone, viewport: { width, height }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => { if (message.type() === 'error' && !EXPECTED.test(message.text())) faults.push(message.text()); });
  open.push(page);
  return page;
}

/** Somebody who has signed in with a key, at a page of the console. */
export async function visit(key: string, path = '', options: Visit = {}): Promise<Page> {
  const page = await browse(options);
  await page.goto(`${options.service ?? inject('service')}/console${path === '' ? '/' : path}#key=${key}`);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  return page;
}

/** Waits until it is there to be seen. */
export async function sees(where: Page | Locator, text: string | RegExp): Promise<void> {
  await where.getByText(text).filter({ visible: true }).first().waitFor();
}

export function button(where: Page | Locator, name: string | RegExp): Locator {
  return where.getByRole('button', { name, ...(typeof name === 'string' && { exact: true }) });
}

/** A part of the editor. */
export async function part(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name }).click();
}
