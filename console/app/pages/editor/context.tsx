/** What every field of the editor needs: the draft, the faults at its pointer, and whether it may be changed. */
import { createContext, use } from 'react';

import type { Fault } from '../../api/problem';
import type { Draft } from './draft';

export interface Editor {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  faults: readonly Fault[];
  /** Whether the promotion has been live, which fixes some fields. */
  isLocked: boolean;
  zone: string;
  currency: string;
}

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = use(EditorContext);
  if (editor === null) throw new Error('this field is not inside of the editor');
  return editor;
}

/** What is wrong at a pointer. */
export function useFault(at: string): string | undefined {
  return useEditor().faults.find((fault) => fault.pointer === at)?.message;
}

/** What is wrong with a list, or with one of its entries. */
export function useListFault(at: string): string | undefined {
  return useEditor().faults.find((fault) => fault.pointer === at || /^\/\d+$/.test(fault.pointer.slice(at.length)) && fault.pointer.startsWith(at))?.message;
}
