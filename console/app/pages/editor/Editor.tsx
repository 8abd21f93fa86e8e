/** The form and the preview of one draft, and how it is saved. */
import { Badge, Button, Grid, Group, Stack, Tabs, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';

import { api, callWithTag } from '../../api/client';
import { ApiProblem } from '../../api/problem';
import type { Promotion } from '../../api/schema';
import { Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { editor as texts } from '../../texts/editor';
import { EditorContext, useEditor } from './context';
import type { Editor as Context } from './context';
import { draftOf, isBlankAt, sectionOf } from './draft';
import type { Draft, Section } from './draft';
import { Guard } from './Guard';
import { Leaving } from './Leaving';
import { useChecked } from './preview/data';
import type { Stored } from './preview/data';
import { Preview } from './preview/Preview';
import { useSave } from './save';
import { Benefit } from './sections/Benefit';
import { Conditions } from './sections/Conditions';
import { Details } from './sections/Details';
import { Earning } from './sections/Earning';
import { Json } from './sections/Json';
import { More } from './sections/More';
import { Scope } from './sections/Scope';
import { StackingFields } from './sections/StackingFields';
import { Stale } from './Stale';
import { Wrong } from './Wrong';

const SECTIONS: readonly Section[] = ['details', 'earning', 'conditions', 'benefit', 'scope', 'more', 'stacking', 'json'];

export function Editor({ title, initial, promotion, etag }: {
  title: string;
  initial: Draft;
  /** The stored promotion; null for a new one. */
  promotion: Promotion | null;
  etag: string | null;
}) {
  const { zone, currency } = useOwnTenant();
  const navigate = useNavigate();
  const form = useForm<Draft>({ mode: 'controlled', initialValues: initial });
  const [base, setBase] = useState(initial);
  const [tag, setTag] = useState(etag);
  const [section, setSection] = useState<Section>('details');
  const [wasTried, setTried] = useState(false);
  const [theirs, setTheirs] = useState<{ draft: Draft; etag: string | null } | null>(null);
  const id = promotion?.id ?? null;
  const stored = useMemo<Stored | null>(() => (id === null || tag === null ? null : { id, etag: tag }), [id, tag]);
  const draft = form.values;
  const checked = useChecked(draft, stored);
  const save = useSave(stored);
  const isDone = useRef(false);
  const isLocked = promotion !== null && (promotion.state === 'live' || promotion.state === 'ended');

  // A field that is not filled in yet is no fault before it was tried to save it.
  const refused = save.error instanceof ApiProblem && save.variables?.draft === draft ? save.error.faults : [];
  const faults = useMemo(
    () => (wasTried ? checked.faults : checked.faults.filter(({ code, pointer }) => code !== 'required' && !isBlankAt(draft, pointer))),
    [wasTried, checked.faults, draft],
  );
  const { setValues } = form;
  const context = useMemo<Context>(() => ({
    draft, change: (part) => setValues((before) => ({ ...before, ...part })), faults, isLocked, zone, currency: draft.currency ?? currency,
  }), [draft, setValues, faults, isLocked, zone, currency]);

  const isDirty = form.isDirty();
  const isUnsaved = useCallback(() => isDirty && !isDone.current, [isDirty]);

  function submit(activate: boolean): void {
    setTried(true);
    save.mutate({ draft, activate }, {
      onSuccess: ({ data }) => {
        isDone.current = true;
        notifications.show({ message: `${texts.saved}: ${data.name}`, color: 'green' });
        void navigate(`/promotions/${data.id}`);
      },
      onError: (error) => {
        if (error instanceof ApiProblem && error.status === 412 && id !== null) void fetchTheirs(id);
      },
    });
  }

  async function fetchTheirs(from: string): Promise<void> {
    const fresh = await callWithTag(api.GET('/v1/promotions/{id}', { params: { path: { id: from } } }));
    setTheirs({ draft: draftOf(fresh.data), etag: fresh.etag });
  }

  const wrong = refused.length > 0 ? refused : wasTried ? checked.faults : [];
  const isStale = save.error instanceof ApiProblem && save.error.status === 412;
  return (
    <EditorContext value={context}>
      <Stack gap="md">
        <Group justify="space-between" align="start">
          <div>
            <Title order={1} size="h2">{title}</Title>
            {isDirty && <Text size="xs" c="dimmed" role="status">{texts.unsaved}</Text>}
          </div>
          <SaveButtons isNew={promotion === null} canActivate={promotion === null || promotion.status === 'draft'} isSaving={save.isPending} submit={submit} />
        </Group>
        {wrong.length > 0 && <Wrong faults={wrong} show={setSection} />}
        {save.isError && !isStale && wrong.length === 0 && <Failed error={save.error} />}
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, md: 7 }}>
            <Tabs value={section} keepMounted={false} styles={{ tab: { paddingInline: 10 } }} onChange={(next) => { const found = SECTIONS.find((known) => known === next); if (found) setSection(found); }}>
              <Tabs.List>
                {SECTIONS.map((known) => {
                  const count = faults.filter((fault) => sectionOf(fault.pointer) === known).length;
                  return (
                    <Tabs.Tab key={known} value={known} rightSection={count > 0 && known !== 'json' ? <Badge size="xs" color="red" circle aria-label={texts.faults(count)}>{count}</Badge> : undefined}>
                      {texts.sections[known]}
                    </Tabs.Tab>
                  );
                })}
              </Tabs.List>
              <Tabs.Panel value={section} pt="md">
                <Guard draft={draft} showJson={() => setSection('json')}>
                  <SectionFields section={section} replace={(next) => form.setValues(() => next)} />
                </Guard>
              </Tabs.Panel>
            </Tabs>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 5 }} className="beside">
            <Guard draft={draft} showJson={() => setSection('json')}>
              <Preview draft={draft} checked={checked} stored={stored} show={setSection} />
            </Guard>
          </Grid.Col>
        </Grid>
      </Stack>
      <Leaving isDirty={isUnsaved} />
      {theirs !== null && (
        <Stale base={base} mine={draft} theirs={theirs.draft} close={() => setTheirs(null)} choose={(next) => {
          setBase(theirs.draft);
          setTag(theirs.etag);
          setTheirs(null);
          save.reset();
          form.setInitialValues(theirs.draft);
          form.setValues(next);
        }} />
      )}
    </EditorContext>
  );
}

function SectionFields({ section, replace }: { section: Section; replace: (draft: Draft) => void }) {
  switch (section) {
    case 'details': return <Details />;
    case 'earning': return <Earning />;
    case 'conditions': return <ConditionsOf />;
    case 'benefit': return <Benefit />;
    case 'scope': return <Scope />;
    case 'more': return <More />;
    case 'stacking': return <StackingFields />;
    case 'json': return <Json replace={replace} />;
  }
}

function ConditionsOf() {
  const { draft, change } = useEditor();
  return <Conditions value={draft.conditions} at="/conditions" onChange={(conditions) => change({ conditions })} />;
}

function SaveButtons({ isNew, canActivate, isSaving, submit }: {
  isNew: boolean;
  canActivate: boolean;
  isSaving: boolean;
  submit: (activate: boolean) => void;
}) {
  return (
    <Group gap="xs">
      <Button variant={canActivate ? 'default' : 'filled'} loading={isSaving} onClick={() => submit(false)}>{isNew ? texts.saveDraft : texts.save}</Button>
      {canActivate && <Button loading={isSaving} onClick={() => submit(true)}>{texts.saveActive}</Button>}
    </Group>
  );
}
