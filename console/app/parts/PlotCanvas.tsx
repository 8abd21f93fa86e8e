/** Draws a plot with uPlot. It is loaded when a plot is shown first. */
import 'uplot/dist/uPlot.min.css';

import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

import { plotTexts } from '../texts/shared';
import { marksOf, markWords } from './axis';
import type { PlotProps } from './Plot';

const HEIGHT = 190;

const HALF_DAY = 43_200;

/** The room that a mark of the time axis takes. */
const MARK = 70;

/** The first is dark enough on white, the second light enough on black. */
const COLORS = {
  main: ['#1864ab', '#74c0fc'],
  other: ['#c2255c', '#faa2c1'],
} as const;

export type PlotColor = keyof typeof COLORS;

export default function PlotCanvas({ times, series, kind, zone, axis }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const isDark = useComputedColorScheme('light') === 'dark';
  useEffect(() => {
    const box = place.current;
    if (box === null) return undefined;
    const ink = isDark ? '#c9c9c9' : '#343a40';
    const grid = { stroke: isDark ? '#424242' : '#e9ecef', width: 1 };
    const bars = uPlot.paths.bars?.({ size: [0.7, 40] });
    const [first = 0, second = 0] = times;
    const last = times.at(-1) ?? 0;
    const room = times.length < 2 ? HALF_DAY : kind === 'bars' ? (second - first) / 2 : 0;
    const plot = new uPlot({
      width: box.clientWidth, height: HEIGHT,
      tzDate: (time) => uPlot.tzDate(new Date(time * 1000), zone),
      cursor: { drag: { x: false, y: false } },
      scales: {
        // Bars need room at both ends, and a single time a span around it: of one time, uPlot makes a thousand days.
        x: { range: () => [first - room, last + room] },
        y: { range: (_, low, high) => (low === 0 && high === 0 ? [0, 1] : uPlot.rangeNum(Math.min(0, low), Math.max(0, high), 0.1, true)) },
      },
      axes: [
        {
          stroke: ink, grid, ticks: grid,
          splits: (own) => marksOf(times, own.width / MARK), values: (_, marks) => markWords(times, marks, zone),
        },
        { stroke: ink, grid, ticks: grid, size: 70, values: (_, marks) => marks.map((mark) => axis(mark)) },
      ],
      series: [
        { label: plotTexts.time, value: '{D} {MMM} {YYYY} {HH}:{mm}' },
        ...series.map((own) => {
          const color = COLORS[own.color][isDark ? 1 : 0];
          return {
            label: own.label, stroke: color, width: kind === 'bars' ? 0 : 2, points: { show: kind === 'line' && times.length < 40 },
            ...(kind === 'bars' && { fill: color }), ...(kind === 'bars' && bars && { paths: bars }),
            // The legend has the amounts as they were told, digit for digit.
            value: (_: uPlot, __: number, ___: number, at: number | null) => (at === null ? '–' : own.words[at] ?? '–'),
          };
        }),
      ],
    }, [[...times], ...series.map((own) => [...own.values])], box);
    const watcher = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT }));
    watcher.observe(box);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [times, series, kind, zone, axis, isDark]);
  return <div ref={place} style={{ width: '100%', minHeight: HEIGHT + 30 }} />;
}
