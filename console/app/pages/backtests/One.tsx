/** One backtest: its progress while it runs, and then its result. */
import { Alert, Anchor, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';

import { queries } from '../../api/queries';
import { useCanWrite } from '../../api/session';
import { readBacktest, removeBacktest } from '../../api/calls';
import type { Backtest } from '../../api/schema';
import { number } from '../../money/money';
import { Ask } from '../../parts/Ask';
import { Answer } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { backtests as texts, backtestStateWords } from '../../texts/backtests';
import { showTime } from '../../time/zone';
import { percentOf } from './numbers';
import { Result } from './Result';

function isOpen({ state }: Backtest): boolean {
  return state === 'queued' || state === 'running';
}

export default function OneBacktest() {
  const { id = '' } = useParams();
  const query = useQuery({
    queryKey: ['backtests', id],
    queryFn: () => readBacktest(id),
    refetchInterval: (own) => (own.state.data !== undefined && isOpen(own.state.data) ? 1000 : false),
  });
  return (
    <Stack gap="md">
      <Anchor component={Link} to="/backtests" size="sm">← {texts.back}</Anchor>
      <Answer query={query} needs="viewer">{(backtest) => <Shown backtest={backtest} />}</Answer>
    </Stack>
  );
}

function Shown({ backtest }: { backtest: Backtest }) {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const { id, name, state, progress } = backtest;
  return (
    <>
      <Group justify="space-between" align="start">
        <div>
          <Title order={1} size="h2">{name}</Title>
          <Text size="sm" c="dimmed">{backtestStateWords[state]} · {texts.made} {showTime(backtest.created_at, zone)}</Text>
        </div>
        {canWrite && <Remove id={id} isRunning={isOpen(backtest)} />}
      </Group>
      {isOpen(backtest) && (
        <div role="status">
          <Text size="sm">{state === 'queued' ? texts.waiting : progress.total === 0 ? texts.counting : texts.progress(number(progress.done), number(progress.total))}</Text>
          <Progress value={percentOf(progress)} animated aria-label={texts.progress(number(progress.done), number(progress.total))} />
        </div>
      )}
      {state === 'failed' && <Alert color="red" role="alert">{texts.failed} {backtest.failure}</Alert>}
      {state === 'cancelled' && <Alert color="gray">{texts.cancelled}</Alert>}
      {backtest.result != null && <Result id={id} result={backtest.result} />}
    </>
  );
}

function Remove({ id, isRunning }: { id: string; isRunning: boolean }) {
  const navigate = useNavigate();
  const remove = useMutation({ mutationFn: () => removeBacktest(id) });
  const go = async () => {
    await remove.mutateAsync();
    await queries.invalidateQueries({ queryKey: ['backtests'] });
    if (!isRunning) void navigate('/backtests');
  };
  const words = isRunning ? { button: texts.cancel, title: texts.cancelTitle, text: texts.cancelText } : { button: texts.remove, title: texts.removeTitle, text: texts.removeText };
  return <Ask size="sm" button={words.button} title={words.title} go={words.button} onGo={go} doing={remove}><Text size="sm">{words.text}</Text></Ask>;
}
