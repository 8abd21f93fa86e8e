/** Redemptions as bars, with the discount as a line above them. The label has the same in words. */
export function Sparkline({ bars, line, label }: { bars: readonly number[]; line: readonly number[]; label: string }) {
  const [width, height] = [84, 24];
  const step = width / Math.max(1, bars.length);
  const [tallest, highest] = [Math.max(1, ...bars), Math.max(Number.MIN_VALUE, ...line)];
  const points = line.map((value, place) => `${(place + 0.5) * step},${height - 2 - (value / highest) * (height - 5)}`);
  return (
    <svg width={width} height={height} role="img" aria-label={label}>
      {bars.map((value, place) => {
        const tall = (value / tallest) * (height - 2);
        return (
          <rect key={place} x={place * step + 1} y={height - tall} width={step - 2} height={tall}
            fill="light-dark(var(--mantine-color-blue-2), var(--mantine-color-blue-9))" />
        );
      })}
      <polyline points={points.join(' ')} fill="none" strokeWidth={1.5}
        stroke="light-dark(var(--mantine-color-blue-9), var(--mantine-color-blue-3))" />
    </svg>
  );
}
