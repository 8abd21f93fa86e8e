/** Lines of a cart from a spreadsheet: parted by tabs or commas, with or without a header. */
import { readDecimal } from '../../money/money';
import { rows } from '../../parts/csv';
import { DETAILS, newLine } from './form';
import type { LineForm } from './form';

/** The columns when there is no header. */
const PLAIN = ['sku', 'quantity', 'unit_price', 'title', 'categories'];

/** What people call the columns. */
const ALIASES: Record<string, string> = {
  qty: 'quantity', price: 'unit_price', 'unit price': 'unit_price', name: 'title', product_name: 'title', category: 'categories', tag: 'tags',
};

export interface PasteFault {
  /** From 1. */
  line: number;
  fault: 'no_sku' | 'no_price' | 'no_quantity';
}

export interface Pasted {
  lines: LineForm[];
  faults: PasteFault[];
}

function columnOf(cell: string): string {
  const name = cell.trim().toLowerCase();
  return ALIASES[name] ?? name.replaceAll(' ', '_');
}

/** The lines get ids from `first` on. */
export function pasted(text: string, first: number): Pasted {
  const all = rows(text, text.includes('\t') ? '\t' : ',;').map((cells, place) => ({ cells, line: place + 1 })).filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  const header = all[0]?.cells.map(columnOf) ?? [];
  const hasHeader = header.includes('sku');
  const columns = hasHeader ? header : PLAIN;
  const found: Pasted = { lines: [], faults: [] };
  for (const { cells, line } of hasHeader ? all.slice(1) : all) {
    const at = (name: string) => cells[columns.indexOf(name)]?.trim() ?? '';
    const quantity = at('quantity') === '' ? '1' : readDecimal(at('quantity'));
    const price = readDecimal(at('unit_price'));
    if (at('sku') === '') found.faults.push({ line, fault: 'no_sku' });
    else if (quantity === null) found.faults.push({ line, fault: 'no_quantity' });
    else if (price === null) found.faults.push({ line, fault: 'no_price' });
    else found.lines.push(newLine(String(first + found.lines.length), read(columns, at, quantity, price)));
  }
  return found;
}

function read(columns: readonly string[], at: (name: string) => string, quantity: string, price: string): Partial<LineForm> {
  const line: Partial<LineForm> = { sku: at('sku'), quantity, unit_price: price };
  for (const name of [...DETAILS.texts, ...DETAILS.numbers]) if (columns.includes(name)) line[name] = at(name);
  for (const name of DETAILS.lists) {
    if (columns.includes(name)) line[name] = at(name).split('|').map((value) => value.trim()).filter((value) => value !== '');
  }
  return line;
}

