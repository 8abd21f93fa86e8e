/** What of a sale has not come back yet. */
import type { RedemptionFull } from '../../api/schema';
import { isZero, subtract, sum, trim } from '../../money/money';

export interface Left {
  id: string;
  title: string;
  quantity: string;
}

export function leftOf(sale: RedemptionFull): Left[] {
  const back = (sale.returns ?? []).flatMap((own) => own.lines);
  return (sale.request?.cart.lines ?? []).flatMap((line) => {
    const quantity = trim(subtract(line.quantity, sum(back.filter(({ id }) => id === line.id).map((own) => own.quantity))));
    return isZero(quantity) ? [] : [{ id: line.id, title: line.title ?? line.sku, quantity }];
  });
}
