/** The cart that is being tried. It stays in the tab, and ends with the session. */
import { useState } from 'react';

import { EMPTY } from './form';
import type { CartForm } from './form';

const STORE = 'promotion-engine.cart';

function read(): CartForm {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(STORE) ?? 'null');
    const isForm = typeof stored === 'object' && stored !== null && 'lines' in stored && Array.isArray(stored.lines);
    return isForm ? { ...EMPTY, ...(stored as Partial<CartForm>) } : EMPTY;
  } catch {
    return EMPTY;
  }
}

export function useCart(): [CartForm, (form: CartForm) => void] {
  const [form, setForm] = useState(read);
  return [form, (changed) => {
    setForm(changed);
    sessionStorage.setItem(STORE, JSON.stringify(changed));
  }];
}
