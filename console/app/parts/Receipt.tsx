/** A priced cart as a receipt: every line with what was taken off it, and by what. */
import { Anchor, Table, Text } from '@mantine/core';
import { Fragment } from 'react';
import { Link } from 'react-router';

import type { Evaluation, Totals } from '../api/schema';
import { isZero, money, number, trim } from '../money/money';
import { receiptTexts as texts } from '../texts/parts';
import { codeWords, saidOfReason } from '../texts/reasons';
import type { Priced } from '../api/upcoming';

/** What the cart had that a result does not repeat. */
export interface Bought {
  id: string;
  title?: string | null;
  sku: string;
}

/** A promotion by its name; one that is stored is a link. */
export function PromotionName({ id, name }: { id: string; name: string }) {
  if (id.startsWith('draft:')) return <>{name}</>;
  return <Anchor component={Link} to={`/promotions/${id}`} size="sm">{name}</Anchor>;
}

export function Receipt({ result, bought }: { result: Evaluation | Priced; bought: readonly Bought[] }) {
  const { currency, applied } = result;
  const names = new Map(applied.map((own) => [own.promotion_id, own.name]));
  const titles = new Map(bought.map((line) => [line.id, line.title || line.sku]));
  const show = (amount: string) => money(amount, currency);
  const off = (amount: string) => (isZero(amount) ? '' : money(amount.startsWith('-') ? amount : `-${amount}`, currency));
  return (
    <Table verticalSpacing={3} horizontalSpacing={6} aria-label={texts.title} withRowBorders={false} style={{ fontVariantNumeric: 'tabular-nums' }}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{texts.item}</Table.Th><Table.Th ta="end">{texts.gross}</Table.Th>
          <Table.Th ta="end">{texts.off}</Table.Th><Table.Th ta="end">{texts.payable}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {result.lines.map((line) => (
          <Fragment key={line.id}>
            <Table.Tr>
              <Table.Td>{number(trim(line.quantity))} × {titles.get(line.id) ?? line.sku}</Table.Td>
              <Table.Td ta="end">{show(line.gross)}</Table.Td>
              <Table.Td ta="end">{off(line.discount)}</Table.Td>
              <Table.Td ta="end">{show(line.payable)}</Table.Td>
            </Table.Tr>
            {line.allocations.map((own) => (
              <Table.Tr key={own.promotion_id}>
                <Table.Td colSpan={2} py={0}><Text size="xs" c="dimmed" ps="md">{names.get(own.promotion_id) ?? own.promotion_id}</Text></Table.Td>
                <Table.Td ta="end" py={0}><Text size="xs" c="dimmed">{off(own.amount)}</Text></Table.Td>
                <Table.Td py={0} />
              </Table.Tr>
            ))}
          </Fragment>
        ))}
      </Table.Tbody>
      <Sums totals={result.totals} show={show} off={off} />
    </Table>
  );
}

function Sums({ totals, show, off }: { totals: Totals; show: (amount: string) => string; off: (amount: string) => string }) {
  const rows: [string, string, string][] = [
    [texts.items, totals.gross, show(totals.gross)],
    [texts.itemDiscount, totals.item_discount, off(totals.item_discount)],
    [texts.cartDiscount, totals.cart_discount, off(totals.cart_discount)],
    [texts.tax, totals.tax, show(totals.tax)],
    [texts.charges, totals.charges, show(totals.charges)],
    [texts.shipping, totals.shipping, show(totals.shipping)],
    [texts.shippingDiscount, totals.shipping_discount, off(totals.shipping_discount)],
  ];
  return (
    <Table.Tfoot style={{ borderTop: '1px solid var(--mantine-color-default-border)' }}>
      {rows.filter(([, amount], place) => place === 0 || !isZero(amount)).map(([label, , shown]) => (
        <Table.Tr key={label}><Table.Th colSpan={3} fw={400} scope="row">{label}</Table.Th><Table.Td ta="end">{shown}</Table.Td></Table.Tr>
      ))}
      <Table.Tr>
        <Table.Th colSpan={3} scope="row"><Text fw={700}>{texts.pay}</Text></Table.Th>
        <Table.Td ta="end"><Text fw={700}>{show(totals.payable)}</Text></Table.Td>
      </Table.Tr>
    </Table.Tfoot>
  );
}

/** What applied, in its order, with points and free items; and what became of each code. */
export function Outcome({ result }: { result: Priced }) {
  const { currency } = result;
  return (
    <>
      <Text fw={600} size="sm">{texts.applied}</Text>
      {result.applied.length === 0 && <Text size="sm" c="dimmed">{texts.nothing}</Text>}
      <ul style={{ margin: 0, paddingInlineStart: '1.2em' }}>
        {result.applied.map((own, place) => (
          <li key={place}>
            <Text size="sm">
              <PromotionName id={own.promotion_id} name={own.name} />
              {isZero(own.discount) ? '' : ` ${money(`-${own.discount}`, currency)}`}
              {isZero(own.points) ? '' : ` · ${texts.points(number(own.points))}`}
              {own.times > 1 && ` · ${texts.times(number(own.times))}`}
              {own.code !== null && ` · ${own.code}`}
              {own.message !== '' && <Text span c="dimmed" size="sm"> “{own.message}”</Text>}
            </Text>
          </li>
        ))}
      </ul>
      {result.free_items.map((own, place) => <Text size="sm" key={place}>{texts.free(trim(own.quantity), own.sku)}</Text>)}
      {result.codes.length > 0 && (
        <>
          <Text fw={600} size="sm" mt="xs">{texts.codes}</Text>
          {result.codes.map((own, place) => (
            <Text size="sm" key={place}>
              {own.code} {codeWords[own.status]}{own.status !== 'applied' && (own.explanation ?? (own.reason !== null && saidOfReason(own.reason))) && `: ${own.explanation ?? saidOfReason(own.reason ?? '')}`}
            </Text>
          ))}
        </>
      )}
      {result.optimality !== null && (
        <Text size="xs" c="dimmed" mt="xs">{result.optimality.proven ? texts.optimal : texts.notOptimal(money(result.optimality.upper_bound, currency))}</Text>
      )}
    </>
  );
}
