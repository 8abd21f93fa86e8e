/** Making and changing a promotion: the gallery, a starting point, a copy, or an existing one. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams, useSearchParams } from 'react-router';

import { api, callWithTag } from '../../api/client';
import { Answer } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { editor as texts } from '../../texts/editor';
import { startOfDay } from '../../time/zone';
import { draftOf } from './draft';
import { Editor } from './Editor';
import { Gallery } from './Gallery';
import { STARTS } from './starts';
import type { Start } from './starts';

export default function EditorPage() {
  const { id } = useParams();
  const [search] = useSearchParams();
  const [from, chosen] = [search.get('from'), search.get('start')];
  const start = STARTS.find((known) => known.id === chosen);
  if (id !== undefined) return <Existing key={id} id={id} />;
  if (from !== null) return <Copy key={from} id={from} />;
  return start === undefined ? <Gallery /> : <Fresh key={start.id} start={start} />;
}

/** From tomorrow on, for a month: nothing begins by accident. */
function Fresh({ start }: { start: Start }) {
  const { zone } = useOwnTenant();
  const [draft] = useState(() => start.make({ starts_at: startOfDay(zone, 1), ends_at: startOfDay(zone, 31) }));
  return <Editor title={texts.newTitle} initial={draft} promotion={null} etag={null} />;
}

function usePromotion(id: string) {
  return useQuery({
    // Never from memory: what is edited is what is stored now.
    queryKey: ['promotions', id, 'edit'], gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false,
    queryFn: () => callWithTag(api.GET('/v1/promotions/{id}', { params: { path: { id } } })),
  });
}

function Copy({ id }: { id: string }) {
  const query = usePromotion(id);
  return (
    <Answer query={query}>
      {({ data }) => <Editor title={texts.copyTitle(data.name)} initial={{ ...draftOf(data), name: texts.copyName(data.name) }} promotion={null} etag={null} />}
    </Answer>
  );
}

function Existing({ id }: { id: string }) {
  const query = usePromotion(id);
  return <Answer query={query}>{({ data, etag }) => <Editor title={texts.editTitle(data.name)} initial={draftOf(data)} promotion={data} etag={etag} />}</Answer>;
}
