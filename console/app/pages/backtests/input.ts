/**
 * What a backtest was asked for. The service does not repeat it, so this tab keeps it: with it, an example opens in
 * “Try a cart” under the same change.
 */
import type { BacktestInput, SettingsInput } from '../../api/schema';

const STORE = 'promotion-engine.backtest.';

export type Change = Pick<BacktestInput, 'with' | 'without'>;

export function keep(id: string, { with: drafts, without }: BacktestInput): void {
  try {
    sessionStorage.setItem(STORE + id, JSON.stringify({ with: drafts, without }));
  } catch {
    // No room: examples open without the change, and the page says so.
  }
}

export function kept(id: string): Change | null {
  const text = sessionStorage.getItem(STORE + id);
  return text === null ? null : (JSON.parse(text) as Change);
}

/** The settings that a backtest can change here; empty: as it is. */
export interface SettingsForm {
  strategy: string;
  evaluation_order: string;
  percentage_base: string;
  qualifying_items: string;
  multiple_cart_promotions: string;
  max_discount_percent: string;
}

export const AS_IS: SettingsForm = {
  strategy: '', evaluation_order: '', percentage_base: '', qualifying_items: '', multiple_cart_promotions: '', max_discount_percent: '',
};

/** Only what is to be replaced; null: nothing. */
export function settingsOf(form: SettingsForm): Partial<SettingsInput> | null {
  const { multiple_cart_promotions: many, ...texts } = form;
  const named = Object.entries(texts).filter(([, value]) => value.trim() !== '').map(([name, value]) => [name, value.trim()]);
  const changed = { ...Object.fromEntries(named), ...(many !== '' && { multiple_cart_promotions: many === 'yes' }) } as Partial<SettingsInput>;
  return Object.keys(changed).length === 0 ? null : changed;
}
