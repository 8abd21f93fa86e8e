import { Box, Text } from '@mantine/core';

import type { Evaluation } from '../api/schema';
import { receiptTexts as texts } from '../texts/parts';
import { codeReasonWords, codeStatusWords } from '../texts/shared';
import { reasonWords } from '../texts/reasons';

/** What became of each code of a cart. */
export function CodeVerdicts({ codes }: { codes: readonly (Evaluation['codes'][number])[] }) {
  if (codes.length === 0) return null;
  return (
    <Box mt="xs">
      <Text size="sm" fw={600}>{texts.codes}</Text>
      {codes.map((own, place) => {
        const words: Record<string, string> = { ...reasonWords, ...codeReasonWords };
        const why = own.status === 'not_applied' ? own.explanation ?? words[own.reason ?? ''] ?? '' : '';
        return <Text size="sm" key={place}>{own.code} {codeStatusWords[own.status]}{why !== '' && `: ${why}`}</Text>;
      })}
    </Box>
  );
}
