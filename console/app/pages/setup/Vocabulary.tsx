import { Button, Group, Modal, NativeSelect, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { queries } from '../../api/queries';
import type { VocabularyPut } from '../../api/schema';
import { sendCsv } from '../../api/send';
import { useCanWrite } from '../../api/session';
import { forgetWords, listFields, listWords } from '../../api/calls';
import type { VocabularyFieldCount } from '../../api/calls';
import { number } from '../../money/money';
import { Ask } from '../../parts/Ask';
import { CsvImport } from '../../parts/CsvImport';
import { Paged, usePaged } from '../../parts/paged';
import { Answer } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import type { VocabularyField } from '../../parts/vocabulary';
import { sourceWords, vocabulary as texts, vocabularyFieldWords } from '../../texts/setup';
import { showTime } from '../../time/zone';
import { Head } from './Head';

const FIELDS = Object.keys(vocabularyFieldWords) as VocabularyField[];

const EXAMPLE = 'value,title\nTEE-RED-M,Red tee M\nTEE-RED-L,Red tee L';

function refresh() {
  return queries.invalidateQueries({ queryKey: ['vocabulary'] });
}

export default function Vocabulary() {
  const query = useQuery({ queryKey: ['vocabulary', 'fields'], queryFn: listFields });
  return (
    <Stack gap="md">
      <Head title={texts.title} explain={texts.explain} />
      <Answer query={query} needs="viewer">
        {(counts) => <Fields counts={counts} />}
      </Answer>
    </Stack>
  );
}

function Fields({ counts }: { counts: readonly VocabularyFieldCount[] }) {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const [field, setField] = useState<VocabularyField>('category');
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), 200);
  const [isImporting, setImporting] = useState(false);
  const query = usePaged(['vocabulary', 'words', field, q], (cursor) => listWords({ field, ...(q !== '' && { q }) }, 50, cursor));
  const forget = useMutation({ mutationFn: () => forgetWords(field), onSettled: refresh });
  const name = vocabularyFieldWords[field];
  // Fields without names are not told; they can be filled all the same.
  const option = (value: VocabularyField) => ({ value, label: `${vocabularyFieldWords[value]} (${number(counts.find((own) => own.field === value)?.values ?? 0)})` });
  return (
    <>
      <Group align="end" gap="xs">
        <NativeSelect label={texts.field} value={field} data={FIELDS.map(option)}
          onChange={(event) => setField(FIELDS.find((own) => own === event.currentTarget.value) ?? 'category')} />
        <TextInput type="search" label={texts.search} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
        {canWrite && <Button variant="default" onClick={() => setImporting(true)}>{texts.file}</Button>}
        {canWrite && (
          <Ask size="sm" button={texts.forget} title={texts.forgetTitle(name)} go={texts.goForget} onGo={() => forget.mutateAsync()} doing={forget}>
            <Text size="sm">{texts.forgetText}</Text>
          </Ask>
        )}
      </Group>
      <Paged query={query} empty={<Text size="sm" c="dimmed">{texts.none}</Text>}>
        {(items) => (
          <Table.ScrollContainer minWidth={360}>
            <Table aria-label={name} verticalSpacing={4}>
              <Table.Thead><Table.Tr><Table.Th>{texts.value}</Table.Th><Table.Th>{texts.name}</Table.Th><Table.Th>{texts.source}</Table.Th><Table.Th>{texts.seen}</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own) => (
                  <Table.Tr key={own.value}>
                    <Table.Td>{own.value}</Table.Td><Table.Td>{own.title}</Table.Td><Table.Td>{own.source !== null && sourceWords[own.source]}</Table.Td><Table.Td>{own.last_seen !== null && showTime(own.last_seen, zone)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Paged>
      <Modal opened={isImporting} onClose={() => setImporting(false)} title={`${texts.file}: ${name}`} size="lg">
        <CsvImport help={texts.importHelp} example={EXAMPLE} after={refresh} done={(answer) => texts.imported(number((answer as VocabularyPut).count))}
          send={(text, onSent) => sendCsv<VocabularyPut>('PUT', `/v1/vocabulary/${encodeURIComponent(field)}`, text, onSent)} />
      </Modal>
    </>
  );
}
