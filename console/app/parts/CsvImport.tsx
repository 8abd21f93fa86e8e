/** A CSV file: chosen, dropped or pasted, sent with its progress, and its faulty lines shown. */
import { Alert, Button, Code, FileButton, Group, Progress, Stack, Table, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { DragEvent } from 'react';

import { asProblem } from '../api/problem';
import { csvImport as texts } from '../texts/shared';
import { faultLines } from './faultLines';
import { Failed } from './states';

/** A field becomes slow with a longer text, when it is pasted above all. */
const MOST_SHOWN = 20_000;

/** More faulty lines help nobody. */
const MOST_FAULTS = 200;

export function CsvImport({ help, example, send, done, after }: {
  help: string;
  example: string;
  send: (text: string, onSent: (share: number) => void) => Promise<unknown>;
  /** What is said when it went well. */
  done: (answer: unknown) => string;
  after: () => unknown;
}) {
  const [file, setFile] = useState<{ name: string; text: string } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [sent, setSent] = useState(0);
  const change = useMutation({
    mutationFn: (text: string) => { setSent(0); return send(text, setSent); },
    onSuccess: () => after(),
  });
  const read = async (chosen: File | null | undefined) => {
    if (!chosen) return;
    change.reset();
    try {
      setFile({ name: chosen.name, text: await chosen.text() });
      setProblem(null);
    } catch {
      setProblem(texts.unreadable);
    }
  };
  const enter = (text: string) => {
    change.reset();
    setFile({ name: file?.name ?? '', text });
  };
  const text = file?.text ?? '';
  const lines = text.split('\n').filter((line) => line.trim() !== '').length;
  const isLong = text.length > MOST_SHOWN;
  return (
    <Stack
      gap="xs" onDragOver={(event: DragEvent) => event.preventDefault()}
      onDrop={(event: DragEvent) => { event.preventDefault(); void read(event.dataTransfer.files[0]); }}
    >
      <Text size="sm">{help}</Text>
      <Code block tabIndex={0}>{example}</Code>
      <Group gap="xs">
        <FileButton onChange={(chosen) => void read(chosen)} accept=".csv,.txt,text/csv,text/plain">
          {(props) => <Button size="xs" variant="default" {...props}>{texts.choose}</Button>}
        </FileButton>
        <Text size="xs" c="dimmed">{texts.drop}</Text>
      </Group>
      {problem !== null && <Text size="sm" c="red" role="alert">{problem}</Text>}
      {isLong ? <Group gap="xs"><Text size="sm">{texts.big}</Text><Button size="compact-xs" variant="default" onClick={() => enter('')}>{texts.other}</Button></Group> : (
        <Textarea
          label={texts.text} rows={6} value={text} ff="monospace" spellCheck={false}
          onPaste={(event) => {
            const pasted = event.clipboardData.getData('text/plain');
            if (pasted.length <= MOST_SHOWN) return;
            event.preventDefault();
            enter(pasted);
          }}
          onChange={(event) => enter(event.currentTarget.value)}
        />
      )}
      <Group gap="sm">
        <Button size="xs" disabled={lines === 0} loading={change.isPending} onClick={() => change.mutate(text)}>{texts.send}</Button>
        {file !== null && lines > 0 && <Text size="xs" c="dimmed">{texts.size(file.name, lines)}</Text>}
      </Group>
      {change.isPending && (
        <div role="status">
          <Text size="xs">{sent < 1 ? texts.sending(Math.floor(sent * 100)) : texts.working}</Text>
          <Progress value={sent * 100} animated={sent >= 1} aria-label={texts.sending(Math.floor(sent * 100))} />
        </div>
      )}
      {change.isError && <Refused text={text} error={change.error} />}
      {change.isSuccess && <Alert color="green" role="status">{done(change.data)}</Alert>}
    </Stack>
  );
}

function Refused({ text, error }: { text: string; error: unknown }) {
  const { faults } = asProblem(error);
  if (faults.length === 0) return <Failed error={error} />;
  const found = faultLines(text, faults);
  return (
    <Alert color="red" role="alert" title={texts.refused(found.length)}>
      <Table.ScrollContainer minWidth={360} mah={320}>
        <Table verticalSpacing={2} aria-label={texts.refused(found.length)}>
          <Table.Thead><Table.Tr><Table.Th>{texts.line}</Table.Th><Table.Th>{texts.content}</Table.Th><Table.Th>{texts.fault}</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {found.slice(0, MOST_FAULTS).map((own, place) => (
              <Table.Tr key={place}>
                <Table.Td>{own.line ?? texts.whole}</Table.Td>
                <Table.Td><Code>{own.text}</Code></Table.Td>
                <Table.Td>{own.message}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Alert>
  );
}
