import { Alert, Paper, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { Link } from 'react-router';
import type { ReactNode } from 'react';

import type { Promotion } from '../../api/schema';
import { LimitBar, limitsOf } from '../../parts/LimitBar';
import type { Limit } from '../../parts/LimitBar';
import { Answer } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { money, number } from '../../money/money';
import { promotion as texts } from '../../texts/promotion';
import { limitWords, severityWords, typeWords } from '../../texts/words';
import { showTime } from '../../time/zone';
import { useFindings } from './data';
import { Figures } from './Figures';

export function Overview({ promotion }: { promotion: Promotion }) {
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Facts promotion={promotion} />
        <Bounds promotion={promotion} />
      </SimpleGrid>
      <Figures promotion={promotion} />
      <Findings id={promotion.id} />
    </Stack>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Title order={2} size="h4" mb="xs">{title}</Title>
      {children}
    </Paper>
  );
}

function Facts({ promotion }: { promotion: Promotion }) {
  const { zone, settings } = useOwnTenant();
  const fields = Object.entries(promotion.custom_fields).map(([key, value]) => {
    const known = settings.custom_fields.find((field) => field.key === key);
    return [known?.label || key, typeof value === 'string' ? value : JSON.stringify(value)] as const;
  });
  const rows: (readonly [string, string | null])[] = [
    [texts.runs, texts.runsText(showTime(promotion.starts_at, zone), showTime(promotion.ends_at, zone), zone)],
    [texts.type, typeWords[promotion.type]],
    [texts.campaign, promotion.campaign],
    [texts.description, promotion.description],
    [texts.message, promotion.message],
    ...fields,
    [texts.version, `${promotion.version}, ${texts.changed(showTime(promotion.updated_at, zone))}`],
  ];
  return (
    <Section title={texts.now}>
      <Table variant="vertical" aria-label={texts.now}>
        <Table.Tbody>
          {rows.filter(([, value]) => value !== null && value !== '').map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row" w="32%" fw={500} bg="transparent">{label}</Table.Th>
              <Table.Td style={{ whiteSpace: 'pre-line' }}>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

/** How often the count of a limit begins anew. */
function refreshOf({ limits }: Promotion, { name }: Limit): string {
  const [subject, measure] = name.split('.');
  const own = subject === 'promotion' || subject === 'customer' || subject === 'code' ? limits[subject] : null;
  const counted = measure === 'times' || measure === 'transactions' || measure === 'discount' ? own?.[measure] : null;
  return counted?.refresh == null ? '' : texts.refresh(counted.refresh.every, counted.refresh.unit);
}

function Bounds({ promotion }: { promotion: Promotion }) {
  const { currency } = useOwnTenant();
  const limits = limitsOf(promotion.usage);
  const whole = limits.filter(({ name }) => name.startsWith('promotion.'));
  const each = limits.filter(({ name }) => !name.startsWith('promotion.'));
  return (
    <Section title={texts.limits}>
      {limits.length === 0 && <Text size="sm" c="dimmed">{texts.noLimits}</Text>}
      <Stack gap="sm">
        {whole.map((limit) => (
          <div key={limit.name}>
            <LimitBar limit={limit} />
            <Text size="xs" c="dimmed">{refreshOf(promotion, limit)}</Text>
          </div>
        ))}
        {each.length > 0 && (
          <Table aria-label={texts.each} captionSide="top">
            <Table.Caption ta="start">{texts.each}</Table.Caption>
            <Table.Tbody>
              {each.map((limit) => (
                <Table.Tr key={limit.name}>
                  <Table.Th scope="row" fw={500}>{limitWords[limit.name]}</Table.Th>
                  <Table.Td>{limit.name.endsWith('.discount') ? money(String(limit.count.max), currency) : number(limit.count.max)}</Table.Td>
                  <Table.Td><Text size="xs" c="dimmed">{refreshOf(promotion, limit)}</Text></Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Stack>
    </Section>
  );
}

function Findings({ id }: { id: string }) {
  return (
    <Section title={texts.findings}>
      <Answer query={useFindings(id)} needs="viewer">
        {({ findings }) => (
          <Stack gap="xs">
            {findings.length === 0 && <Text size="sm" c="dimmed">{texts.noFindings}</Text>}
            {findings.map((finding, place) => (
              <Alert key={place} color={finding.severity === 'warning' ? 'orange' : 'blue'} title={severityWords[finding.severity]} p="xs">
                {finding.message}{' '}
                {finding.promotion_id !== null && <Link to={`/promotions/${finding.promotion_id}`}>→</Link>}
              </Alert>
            ))}
          </Stack>
        )}
      </Answer>
    </Section>
  );
}
