/** The worked cases of the service, as the engine's own tests run them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { isDecimal, number, trim } from '../money/money';
import { sentence } from './sentence';
import type { Sayable } from './sentence';

const FILES = ['contract', 'examples', 'terms', 'findings'];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every promotion that a value holds, wherever it is. */
function promotionsIn(value: unknown): Sayable[] {
  if (Array.isArray(value)) return value.flatMap(promotionsIn);
  if (!isObject(value)) return [];
  if (isObject(value['benefit']) && typeof value['type'] === 'string') return [value as Sayable];
  return Object.values(value).flatMap(promotionsIn);
}

interface Found {
  pointer: string;
  value: string;
}

/** Names may look like numbers; these fields hold names. */
const NAMES = new Set(['name', 'sku', 'product_id', 'values', 'campaign', 'id', 'description', 'message', 'codes', 'tags', 'not_with', 'custom_fields']);

function numbersIn(value: unknown, pointer = ''): Found[] {
  if (typeof value === 'number') return [{ pointer, value: String(value) }];
  if (typeof value === 'string') return isDecimal(value) ? [{ pointer, value }] : [];
  if (Array.isArray(value)) return value.flatMap((entry, place) => numbersIn(entry, `${pointer}/${place}`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, entry]) => {
    // The steps of a benefit are under `values` too, and are no names.
    if (NAMES.has(name) && !pointer.endsWith('/steps')) return [];
    return numbersIn(entry, `${pointer}/${name}`);
  });
}

const ONE = /\b(the (cheapest|most expensive|first) of|one bought|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b/;

/** What says a number without its digits: “free” is 100 percent off, “the third” is one after two. */
function isSaidOtherwise({ pointer, value }: Found, words: string): boolean {
  const plain = trim(value);
  if (plain === '100' && (pointer === '/sequence' || words.includes(' free'))) return true;
  if (plain === '0' && pointer === '/benefit/value') return words.includes(' free');
  return plain === '1' && (pointer === '/benefit/target/quantity' || pointer === '/benefit/repeat/every') && ONE.test(words);
}

const documents = FILES.flatMap((file) => promotionsIn(JSON.parse(readFileSync(`${import.meta.dirname}/../../../tests/cases/${file}.json`, 'utf8'))));

describe('the sentences of the worked cases', () => {
  it('are made of at least 200 documents', () => {
    expect(documents.length).toBeGreaterThanOrEqual(200);
  });

  it('name each number in them', () => {
    const silent = documents.flatMap((document) => {
      const words = sentence(document, { locale: 'en-US' });
      const said = new Set(words.match(/\d+(,\d{3})*(\.\d+)?/g));
      return numbersIn(document)
        .filter((found) => !said.has(number(trim(found.value), 'en-US')) && !isSaidOtherwise(found, words))
        .map((found) => `${found.pointer} ${found.value}: ${words}`);
    });
    expect(silent).toEqual([]);
  });

  it('leave no gap', () => {
    const gaps = documents.map((document) => sentence(document)).filter((words) => /…|undefined|null|\[object| {2}/.test(words));
    expect(gaps).toEqual([]);
  });
});
