/** A plot over time. Whoever cannot see it has the table beside it, with the same numbers. */
import { Skeleton, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';

import type { PlotColor } from './PlotCanvas';

const Canvas = lazy(() => import('./PlotCanvas'));

export interface Series {
  label: string;
  /** Heights in the plot. They are not amounts. */
  values: readonly (number | null)[];
  /** The same as people read them. */
  words: readonly string[];
  color: PlotColor;
}

export interface PlotProps {
  title: string;
  /** Seconds since the epoch. */
  times: readonly number[];
  series: readonly Series[];
  kind: 'bars' | 'line';
  zone: string;
  /** What stands at the axis for a height. */
  axis: (height: number) => string;
}

export function Plot(props: PlotProps) {
  return (
    <figure style={{ margin: 0 }} aria-label={props.title}>
      <Text component="figcaption" size="sm" fw={600}>{props.title}</Text>
      <div aria-hidden>
        <Suspense fallback={<Skeleton h={220} />}><Canvas {...props} /></Suspense>
      </div>
    </figure>
  );
}
