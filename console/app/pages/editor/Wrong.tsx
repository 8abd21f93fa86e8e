import { Alert, Anchor, List } from '@mantine/core';

import type { Fault } from '../../api/problem';
import { editor as texts } from '../../texts/editor';
import { fieldWords } from '../../texts/shared';
import { sectionOf } from './draft';
import type { Section } from './draft';

/** What a pointer leads to, in words; a place in a list is named by the list. */
function nameOf(pointer: string): string {
  const name = pointer.split('/').findLast((part) => part !== '' && !/^\d+$/.test(part));
  const words = name === undefined ? '' : fieldWords[name] ?? name.replaceAll('_', ' ');
  return words === '' ? '' : `${words.charAt(0).toUpperCase()}${words.slice(1)}:`;
}

/** Everything that keeps the draft from being saved, each with a way to its place. */
export function Wrong({ faults, show }: { faults: readonly Fault[]; show: (section: Section) => void }) {
  return (
    <Alert color="red" title={texts.faults(faults.length)} role="alert">
      <List size="sm" spacing={2}>
        {faults.map((fault) => {
          const section = sectionOf(fault.pointer);
          return (
            <List.Item key={`${fault.pointer} ${fault.code}`}>
              {nameOf(fault.pointer)} {fault.message}{' '}
              <Anchor component="button" type="button" size="sm" onClick={() => show(section)}>{texts.faultIn(texts.sections[section])}</Anchor>
            </List.Item>
          );
        })}
      </List>
    </Alert>
  );
}
