import { join } from 'node:path';

import { expect, inject, test } from 'vitest';

import { browse, sees } from './support/world';

const RESULTS = join(import.meta.dirname, 'results');

/** Copied to docs/ when they have changed: the README shows them. */
test('the pictures of the README: the demo’s promotions, and its editor', async () => {
  const page = await browse({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(inject('demo'));
  await sees(page, 'Any 3 kurtas for ₹1,999');
  await page.waitForLoadState('networkidle');
  const list = await page.screenshot({ path: join(RESULTS, 'console-promotions.png') });
  await page.getByRole('link', { name: 'New promotion' }).click();
  await page.getByRole('link', { name: /^Buy two, get one free/ }).click();
  await page.getByRole('tab', { name: 'Conditions' }).click();
  await sees(page.getByRole('region', { name: 'On a sample cart' }), 'It applies');
  await page.waitForLoadState('networkidle');
  const editor = await page.screenshot({ path: join(RESULTS, 'console-editor.png') });
  for (const picture of [list, editor]) expect(picture.length).toBeLessThan(200_000);
});
