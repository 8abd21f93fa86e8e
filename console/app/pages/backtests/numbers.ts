/** How far a backtest has come, from 0 to 100. */
export function percentOf({ done, total }: { done: number; total: number }): number {
  return total === 0 ? 0 : Math.min(100, (100 * done) / total);
}
