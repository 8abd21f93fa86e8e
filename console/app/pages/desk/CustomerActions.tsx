/** What an admin can do for a customer: give a promotion, merge, forget. */
import { Alert, Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import { listPromotions } from '../../api/calls';
import { Answer, Failed } from '../../parts/states';
import { deskCustomer as texts } from '../../texts/desk';
import { shared } from '../../texts/shared';

export function Actions({ id }: { id: string }) {
  const [open, setOpen] = useState<'give' | 'merge' | 'forget' | null>(null);
  const close = () => setOpen(null);
  return (
    <Group gap="xs" role="group" aria-label={texts.actions}>
      <Button size="xs" variant="default" onClick={() => setOpen('give')}>{texts.give}</Button>
      <Button size="xs" variant="default" onClick={() => setOpen('merge')}>{texts.merge}</Button>
      <Forget id={id} />
      <Modal opened={open === 'give'} onClose={close} title={texts.give}><Give id={id} /></Modal>
      <Modal opened={open === 'merge'} onClose={close} title={texts.mergeTitle(id)}><Merge id={id} close={close} /></Modal>
    </Group>
  );
}

function Give({ id }: { id: string }) {
  const choices = useQuery({
    queryKey: ['promotions', 'givable'],
    queryFn: async () => {
      const pages = await Promise.all((['rewards', 'loyalty_earning', 'loyalty'] as const).map((type) => listPromotions({ type }, null, 200)));
      return pages.flatMap((page) => page.items).filter((own) => own.status === 'active');
    },
  });
  const [promotion, setPromotion] = useState<string | null>(null);
  // What was given by hand is told apart by when it was.
  const [source, setSource] = useState(() => `desk-${new Date().toISOString().slice(0, 19)}`);
  const give = useMutation({
    mutationFn: (promotion_id: string) => call(api.POST('/v1/issuances', { body: { promotion_id, customer_id: id, source_id: source.trim() } })),
    onSettled: () => Promise.all([queries.invalidateQueries({ queryKey: ['issuances'] }), queries.invalidateQueries({ queryKey: ['customers', id] })]),
  });
  return (
    <Answer query={choices}>
      {(items) => (
        <form onSubmit={(event) => { event.preventDefault(); if (promotion !== null) give.mutate(promotion); }}>
          <Stack>
            <Select label={texts.which} description={texts.whichHelp} searchable value={promotion} onChange={setPromotion} data={items.map((own) => ({ value: own.id, label: own.name }))} data-autofocus />
            <TextInput label={texts.reference} description={texts.referenceHelp} value={source} onChange={(event) => setSource(event.currentTarget.value)} />
            <Group><Button type="submit" loading={give.isPending} disabled={promotion === null || source.trim() === ''}>{texts.goGive}</Button></Group>
            {give.isError && <Failed error={give.error} />}
            {give.isSuccess && <Alert color="green" role="status">{texts.given}</Alert>}
          </Stack>
        </form>
      )}
    </Answer>
  );
}

function Merge({ id, close }: { id: string; close: () => void }) {
  const navigate = useNavigate();
  const [into, setInto] = useState('');
  const merge = useMutation({
    mutationFn: () => call(api.POST('/v1/customers/{id}/merge', { params: { path: { id } }, body: { into: into.trim() } })),
    onSuccess: async () => {
      await queries.invalidateQueries();
      close();
      void navigate(`/desk?customer=${encodeURIComponent(into.trim())}`);
    },
  });
  return (
    <form onSubmit={(event) => { event.preventDefault(); merge.mutate(); }}>
      <Stack>
        <Text size="sm">{texts.mergeText}</Text>
        <TextInput label={texts.into} value={into} onChange={(event) => setInto(event.currentTarget.value)} data-autofocus autoComplete="off" />
        <Group justify="end">
          <Button variant="default" onClick={close}>{shared.cancel}</Button>
          <Button type="submit" color="red" loading={merge.isPending} disabled={into.trim() === '' || into.trim() === id}>{texts.goMerge}</Button>
        </Group>
        {merge.isError && <Failed error={merge.error} />}
      </Stack>
    </form>
  );
}

function Forget({ id }: { id: string }) {
  const [isOpen, dialog] = useDisclosure(false);
  const [typed, setTyped] = useState('');
  const forget = useMutation({
    mutationFn: () => call(api.DELETE('/v1/customers/{id}', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  return (
    <>
      <Button size="xs" variant="default" onClick={dialog.open}>{texts.forget}</Button>
      <Modal opened={isOpen} onClose={dialog.close} title={texts.forgetTitle(id)}>
        {forget.isSuccess ? <Alert color="green" role="status">{texts.forgotten}</Alert> : (
          <form onSubmit={(event) => { event.preventDefault(); forget.mutate(); }}>
            <Stack>
              <Text size="sm">{texts.forgetText}</Text>
              <TextInput label={texts.typeAgain} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus autoComplete="off" />
              <Group justify="end">
                <Button variant="default" onClick={dialog.close}>{shared.cancel}</Button>
                <Button type="submit" color="red" loading={forget.isPending} disabled={typed !== id}>{texts.goForget}</Button>
              </Group>
              {forget.isError && <Failed error={forget.error} />}
            </Stack>
          </form>
        )}
      </Modal>
    </>
  );
}
