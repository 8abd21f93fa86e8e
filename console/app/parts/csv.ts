/** Reads the first column of a CSV file: SKUs, store codes. Quotes are read as usual; empty rows are left out. */
export function firstColumn(text: string, headers: readonly string[]): string[] {
  const values = rows(text).map((row) => (row[0] ?? '').trim()).filter((value) => value !== '');
  const isHeader = headers.includes((values[0] ?? '').toLowerCase());
  return [...new Set(isHeader ? values.slice(1) : values)];
}

/** The rows of a CSV text. Spreadsheets part what is copied from them by tabs alone. */
export function rows(text: string, separators = ',;\t'): string[][] {
  const found: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  const endCell = () => { row.push(cell); cell = ''; };
  const endRow = () => { endCell(); found.push(row); row = []; };
  const plain = text.replace(/^\uFEFF/, '');
  for (let place = 0; place < plain.length; place += 1) {
    const sign = plain[place] ?? '';
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (plain[place + 1] === '"') { cell += '"'; place += 1; } else isQuoted = false;
    } else if (sign === '"' && cell === '') isQuoted = true;
    else if (separators.includes(sign)) endCell();
    else if (sign === '\n') endRow();
    else if (sign !== '\r') cell += sign;
  }
  if (cell !== '' || row.length > 0) endRow();
  return found;
}
