import { expect, it } from 'vitest';

import { faultLines } from './faultLines';

it('shows the line that a fault names', () => {
  const fault = (pointer: string, message: string) => ({ pointer, code: 'malformed' as const, message });
  expect(faultLines('code\r\nA-1\r\n!!\r\n', [fault('/lines/3', 'line 3: code is no code'), fault('', 'too large')])).toEqual([
    { line: 3, text: '!!', message: 'code is no code' },
    { line: null, text: '', message: 'too large' },
  ]);
  expect(faultLines('a', [fault('/lines/9', 'gone')])[0]?.text).toBe('');
});
