import { Alert, Anchor, List } from '@mantine/core';

import type { Fault } from '../../api/problem';
import { editor as texts } from '../../texts/editor';
import { sectionOf } from './draft';
import type { Section } from './draft';

/** Everything that keeps the draft from being saved, each with a way to its place. */
export function Wrong({ faults, show }: { faults: readonly Fault[]; show: (section: Section) => void }) {
  return (
    <Alert color="red" title={texts.faults(faults.length)} role="alert">
      <List size="sm" spacing={2}>
        {faults.map((fault) => {
          const section = sectionOf(fault.pointer);
          return (
            <List.Item key={`${fault.pointer} ${fault.code}`}>
              {fault.message}{' '}
              <Anchor component="button" type="button" size="sm" onClick={() => show(section)}>{texts.faultIn(texts.sections[section])}</Anchor>
            </List.Item>
          );
        })}
      </List>
    </Alert>
  );
}
