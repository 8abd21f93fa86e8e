/** How the service rounds a discount: for the example that changes as one chooses. Discounts are never negative. */
import type { RoundingMode } from '../../../api/schema';

export function rounded(amount: string, mode: RoundingMode, precision: number): string {
  const [whole = '0', fraction = ''] = amount.split('.');
  const kept = BigInt(whole + fraction.slice(0, precision).padEnd(precision, '0'));
  const cut = fraction.slice(precision).replace(/0+$/, '');
  const result = kept + (goesUp(mode, kept, cut) ? 1n : 0n);
  const text = result.toString().padStart(precision + 1, '0');
  return precision === 0 ? text : `${text.slice(0, -precision)}.${text.slice(-precision)}`;
}

/** `cut`: the digits that are cut off, without the zeros at their end. */
function goesUp(mode: RoundingMode, kept: bigint, cut: string): boolean {
  if (cut === '') return false;
  const isHalf = cut === '5';
  const isMore = cut >= '5' && !isHalf;
  switch (mode) {
    case 'up': case 'ceiling': return true;
    case 'down': case 'floor': return false;
    case 'half_up': return isMore || isHalf;
    case 'half_down': return isMore;
    case 'half_even': return isMore || (isHalf && kept % 2n === 1n);
  }
}
