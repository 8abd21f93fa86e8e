/** A priced cart, as a receipt: what each promotion took off which line, and what it nearly gave. */
import { Badge, Box, Group, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import type { CartRequestInput, Evaluation, NotApplied, Suggestion } from '../api/schema';
import { isZero, money, number, trim } from '../money/money';
import { receiptTexts as texts } from '../texts/parts';
import { reasonWords } from '../texts/reasons';

export interface ReceiptProps {
  evaluation: Evaluation;
  /** What was asked: titles of lines are taken from there. */
  request: CartRequestInput;
  /** Promotions that are shown in bold: those that are being made. */
  marked?: readonly string[];
  /** Where a promotion's name leads; without it, names are words. */
  nameOf?: (promotion: { promotion_id: string; name: string }) => ReactNode;
}

export function Receipt({ evaluation, request, marked = [], nameOf = ({ name }) => name }: ReceiptProps) {
  const { totals, currency } = evaluation;
  const titles = new Map(request.cart.lines.map((line) => [line.id, line.title ?? null]));
  const applied = new Map(evaluation.applied.map((promotion) => [promotion.promotion_id, promotion]));
  const amount = (value: string) => money(value, currency);
  return (
    <Stack gap="xs">
      <Table.ScrollContainer minWidth={280}>
        <Table verticalSpacing={3} horizontalSpacing={6} aria-label={texts.title} style={{ fontVariantNumeric: 'tabular-nums' }}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{texts.item}</Table.Th><Table.Th ta="right">{texts.gross}</Table.Th><Table.Th ta="right">{texts.off}</Table.Th><Table.Th ta="right">{texts.payable}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {evaluation.lines.map((line) => (
              <Table.Tr key={line.id} style={{ verticalAlign: 'top' }}>
                <Table.Td>
                  <Text size="sm">{number(trim(line.quantity))} × {titles.get(line.id) ?? line.sku}</Text>
                  {line.allocations.map((part) => {
                    const promotion = applied.get(part.promotion_id);
                    return promotion !== undefined && (
                      <Text key={part.promotion_id} size="xs" c="dimmed" fw={marked.includes(part.promotion_id) ? 700 : 400}>
                        {nameOf(promotion)}: <span style={{ whiteSpace: 'nowrap' }}>−{amount(part.amount)}</span>
                      </Text>
                    );
                  })}
                </Table.Td>
                <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>{amount(line.gross)}</Table.Td>
                <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>{isZero(line.discount) ? '' : `−${amount(line.discount)}`}</Table.Td>
                <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>{amount(line.payable)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Total label={texts.shipping} value={totals.shipping} less={totals.shipping_discount} show={amount} />
            <Total label={texts.tax} value={totals.tax} show={amount} />
            <Total label={texts.charges} value={totals.charges} show={amount} />
            <Table.Tr>
              <Table.Th scope="row">{texts.pay}</Table.Th>
              <Table.Th ta="right" style={{ whiteSpace: 'nowrap' }}>{amount(totals.gross)}</Table.Th>
              <Table.Th ta="right" style={{ whiteSpace: 'nowrap' }}>{isZero(totals.discount) ? '' : `−${amount(totals.discount)}`}</Table.Th>
              <Table.Th ta="right" style={{ whiteSpace: 'nowrap' }}>{amount(totals.payable)}</Table.Th>
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </Table.ScrollContainer>
      <Applied evaluation={evaluation} marked={marked} nameOf={nameOf} />
      {evaluation.free_items.map((item) => (
        <Text key={`${item.promotion_id} ${item.sku}`} size="sm">🎁 {texts.free(number(trim(item.quantity)), item.sku)}</Text>
      ))}
      <Suggestions evaluation={evaluation} show={amount} />
      {evaluation.optimality !== null && (
        <Text size="xs" c="dimmed">{evaluation.optimality.proven ? texts.optimal : texts.notOptimal(amount(evaluation.optimality.upper_bound))}</Text>
      )}
    </Stack>
  );
}

function Total({ label, value, less, show }: { label: string; value: string; less?: string; show: (value: string) => string }) {
  if (isZero(value)) return null;
  return (
    <Table.Tr>
      <Table.Td>{label}</Table.Td>
      <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>{show(value)}</Table.Td>
      <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>{less === undefined || isZero(less) ? '' : `−${show(less)}`}</Table.Td>
      <Table.Td />
    </Table.Tr>
  );
}

function Applied({ evaluation, marked, nameOf }: Required<Pick<ReceiptProps, 'evaluation' | 'marked' | 'nameOf'>>) {
  if (evaluation.applied.length === 0) return <Text size="sm" c="dimmed">{texts.nothing}</Text>;
  return (
    <Box>
      <Text size="sm" fw={600}>{texts.applied}</Text>
      {evaluation.applied.map((promotion) => (
        <Group key={promotion.promotion_id} gap="xs" justify="space-between" wrap="nowrap">
          <Text size="sm" fw={marked.includes(promotion.promotion_id) ? 700 : 400}>
            {nameOf(promotion)}
            {promotion.times > 1 && <Text span size="xs" c="dimmed"> · {texts.times(number(promotion.times))}</Text>}
            {promotion.code !== null && <Badge ml={6} size="sm" variant="default" tt="none">{promotion.code}</Badge>}
            {promotion.message !== '' && <Text span display="block" size="xs" c="dimmed">“{promotion.message}”</Text>}
          </Text>
          <Text size="sm" style={{ whiteSpace: 'nowrap' }}>
            {!isZero(promotion.discount) && `−${money(promotion.discount, evaluation.currency)}`}
            {!isZero(promotion.points) && ` ${texts.points(number(trim(promotion.points)))}`}
          </Text>
        </Group>
      ))}
    </Box>
  );
}

function Suggestions({ evaluation, show }: { evaluation: Evaluation; show: (value: string) => string }) {
  const suggestions: readonly Suggestion[] = evaluation.suggestions;
  if (suggestions.length === 0) return null;
  return (
    <Box>
      <Text size="sm" fw={600}>{texts.suggestions}</Text>
      {suggestions.map((suggestion) => (
        <Text key={`${suggestion.promotion_id} ${suggestion.kind}`} size="sm">
          💡 {suggestion.message === '' ? suggestion.explanation : suggestion.message}
          {suggestion.gain != null && <Text span size="xs" c="dimmed"> ({texts.gain(show(suggestion.gain))})</Text>}
        </Text>
      ))}
    </Box>
  );
}

/** Why a promotion did not apply, in one sentence. */
export function explanationOf(outcome: NotApplied): string {
  return outcome.explanation ?? reasonWords[outcome.reason];
}
