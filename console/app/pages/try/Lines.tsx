/** The lines of the cart, by hand or by paste. */
import { ActionIcon, Alert, Button, Code, Collapse, Group, Modal, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';

import { NameField, NamesField } from '../../parts/NamesField';
import type { VocabularyField } from '../../parts/vocabulary';
import { lineWords, pasteFaults, tryTexts as texts } from '../../texts/try';
import { DETAILS, newLine, nextId } from './form';
import type { LineForm } from './form';
import { pasted } from './paste';

interface LinesProps {
  lines: readonly LineForm[];
  onChange: (lines: readonly LineForm[]) => void;
  /** The message of a fault at a place of the request. */
  fault: (pointer: string) => string | undefined;
}

export function Lines({ lines, onChange, fault }: LinesProps) {
  const [isPasting, paste] = useDisclosure(false);
  const add = () => onChange([...lines, newLine(nextId(lines))]);
  return (
    <Stack gap="xs">
      {lines.map((line, place) => (
        <Line key={line.id} line={line} place={place} fault={fault} isOnly={lines.length === 1}
          change={(part) => onChange(lines.map((own) => (own.id === line.id ? { ...own, ...part } : own)))}
          remove={() => onChange(lines.filter((own) => own.id !== line.id))} />
      ))}
      <Group gap="xs">
        <Button size="xs" variant="default" onClick={add}>{texts.add}</Button>
        <Button size="xs" variant="default" onClick={paste.open}>{texts.paste}</Button>
        <Button size="xs" variant="subtle" onClick={() => onChange([newLine('1')])}>{texts.clear}</Button>
      </Group>
      <Modal opened={isPasting} onClose={paste.close} title={texts.paste} size="lg">
        <Paste lines={lines} onDone={(taken) => { onChange(taken); paste.close(); }} />
      </Modal>
    </Stack>
  );
}

const LOOKUPS: Partial<Record<keyof LineForm, VocabularyField>> = {
  brand: 'brand', product: 'product', product_group: 'product_group', supplier: 'supplier',
};

function Line({ line, place, change, remove, fault, isOnly }: {
  line: LineForm;
  place: number;
  change: (part: Partial<LineForm>) => void;
  remove: () => void;
  fault: LinesProps['fault'];
  isOnly: boolean;
}) {
  const [isOpen, more] = useDisclosure(false);
  const at = (name: string) => fault(`/cart/lines/${place}/${name}`);
  const named = (name: keyof typeof lineWords) => `${texts.line(place + 1)}: ${lineWords[name]}`;
  return (
    <div role="group" aria-label={texts.line(place + 1)}>
      <Group gap={6} align="start" wrap="nowrap">
        <div style={{ flex: 3, minWidth: 90 }}>
          <NameField label={place === 0 ? lineWords.sku : named('sku')} hideLabel={place > 0} lookup={{ field: 'sku' }} value={line.sku} error={at('sku')} onChange={(sku) => change({ sku })} />
        </div>
        <TextInput style={{ flex: 1, minWidth: 56 }} inputMode="decimal" {...(place === 0 ? { label: lineWords.quantity } : { 'aria-label': named('quantity') })}
          value={line.quantity} error={at('quantity')} onChange={(event) => change({ quantity: event.currentTarget.value })} />
        <TextInput style={{ flex: 1.4, minWidth: 76 }} inputMode="decimal" {...(place === 0 ? { label: lineWords.unit_price } : { 'aria-label': named('unit_price') })}
          value={line.unit_price} error={at('unit_price')} onChange={(event) => change({ unit_price: event.currentTarget.value })} />
        <Group gap={4} wrap="nowrap" mt={place === 0 ? 26 : 2}>
          <Button size="compact-sm" variant="subtle" aria-expanded={isOpen} aria-label={texts.detailsOf(place + 1)} onClick={more.toggle}>{texts.details}</Button>
          <ActionIcon variant="subtle" color="gray" aria-label={texts.remove(place + 1)} disabled={isOnly} onClick={remove}><span aria-hidden>✕</span></ActionIcon>
        </Group>
      </Group>
      {line.title !== '' && !isOpen && <Text size="xs" c="dimmed">{line.title}</Text>}
      <Collapse expanded={isOpen}>
        {isOpen && (
          <SimpleGrid cols={{ base: 2, sm: 3 }} spacing={6} verticalSpacing={6} py="xs">
            {DETAILS.texts.map((name) => {
              const field = LOOKUPS[name];
              return <NameField key={name} label={lineWords[name]} lookup={field === undefined ? null : { field }} value={line[name]} error={at(name)} onChange={(value) => change({ [name]: value })} />;
            })}
            {DETAILS.numbers.map((name) => (
              <TextInput key={name} label={lineWords[name]} inputMode="decimal" value={line[name]} error={at(name)} onChange={(event) => change({ [name]: event.currentTarget.value })} />
            ))}
            <NamesField label={lineWords.categories} lookup={{ field: 'category' }} value={line.categories} error={at('categories')} onChange={(categories) => change({ categories })} />
            <NamesField label={lineWords.tags} lookup={{ field: 'tag' }} value={line.tags} error={at('tags')} onChange={(tags) => change({ tags })} />
            {DETAILS.pairs.map((name) => (
              <Textarea key={name} label={lineWords[name]} description={texts.attributesHelp} autosize minRows={1} value={line[name]} error={at(name)} onChange={(event) => change({ [name]: event.currentTarget.value })} />
            ))}
          </SimpleGrid>
        )}
      </Collapse>
    </div>
  );
}

function Paste({ lines, onDone }: { lines: readonly LineForm[]; onDone: (lines: readonly LineForm[]) => void }) {
  const [text, setText] = useState('');
  const kept = lines.filter((line) => line.sku.trim() !== '');
  const found = pasted(text, Number(nextId(kept)));
  const isGood = found.lines.length > 0 && found.faults.length === 0;
  return (
    <Stack>
      <Text size="sm">{texts.pasteHelp}</Text>
      <Code block>{texts.pasteExample}</Code>
      <Textarea label={texts.pasteText} rows={8} ff="monospace" value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus spellCheck={false} />
      {found.faults.length > 0 && (
        <Alert color="red" role="alert">
          {found.faults.slice(0, 20).map(({ line, fault }) => <Text size="sm" key={line}>{texts.line(line)} {pasteFaults[fault]}</Text>)}
        </Alert>
      )}
      <Group>
        <Button disabled={!isGood} onClick={() => onDone([...kept, ...found.lines])}>{texts.pasteGo}</Button>
        {kept.length > 0 && <Button variant="default" disabled={!isGood} onClick={() => onDone(found.lines)}>{texts.pasteInstead}</Button>}
      </Group>
    </Stack>
  );
}
