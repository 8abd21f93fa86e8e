/** What the price of a cart is compared with, and what differs. */
import type { CartRequestInput, Evaluation } from '../../api/schema';
import { compare, number, subtract, trim } from '../../money/money';
import { receiptTexts } from '../../texts/parts';

/** What a request is compared with. Where settings are compared, both have the same promotions. */
export function baseOf(request: CartRequestInput): CartRequestInput | null {
  const { settings, ...own } = request;
  if (settings != null) return own;
  const { with: drafts, without, ...plain } = own;
  return (drafts?.length ?? 0) + (without?.length ?? 0) > 0 ? plain : null;
}

export interface Gap {
  /** As the receipt names it. */
  name: string;
  base: string;
  result: string;
}

/** The lines that cost something else, in their order, and then the shipping if it does. */
export function gaps(request: CartRequestInput, base: Evaluation, result: Evaluation): Gap[] {
  const titles = new Map(request.cart.lines.map((line) => [line.id, line.title ?? null]));
  const before = new Map(base.lines.map((line) => [line.id, line.payable]));
  const lines = result.lines.map((line) => ({
    name: `${number(trim(line.quantity))} × ${titles.get(line.id) ?? line.sku}`, base: before.get(line.id) ?? line.payable, result: line.payable,
  }));
  const shipping = ({ totals }: Evaluation) => subtract(totals.shipping, totals.shipping_discount);
  return [...lines, { name: receiptTexts.shipping, base: shipping(base), result: shipping(result) }].filter((own) => compare(own.base, own.result) !== 0);
}
