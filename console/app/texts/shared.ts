import type { Evaluation } from '../api/schema';

/** Texts of the parts that the pages beside the list and the editor share. */
export const shared = {
  more: 'Show more',
  cancel: 'Cancel',
  close: 'Close',
  save: 'Save',
  remove: 'Remove',
  edit: 'Change',
  find: 'Find',
  exportCsv: 'Save as CSV',
  zone: (zone: string) => `Times in ${zone}`,
  none: '–',
  unknownKey: 'the operator',
  key: (id: string) => `key ${id}`,
  numbers: 'The numbers as a table',
  from: 'From',
  to: 'Until',
  yes: 'yes',
  no: 'no',
} as const;

export const plotTexts = { time: 'Time' } as const;

export const draftsChooser = {
  with: 'With these, though they are not active',
  without: 'Without these',
} as const;

/** What became of a code of a cart. */
export const codeStatusWords: Record<Evaluation['codes'][number]['status'], string> = {
  applied: 'applied',
  not_applied: 'did not apply',
  unknown: 'is not known',
  expired: 'has expired',
  exhausted: 'is used up',
  duplicate: 'is there twice',
};

/** Reasons that only codes have. */
export const codeReasonWords: Record<string, string> = {
  already_unlocked: 'Another code has unlocked the same promotion.',
  code_of_another_customer: 'It belongs to another customer.',
};

export const csvImport = {
  choose: 'Choose a file…',
  drop: 'or drop it here, or paste it below',
  text: 'Content of the file',
  send: 'Import',
  sending: (percent: number) => `${percent} % is sent`,
  working: 'All is sent. The service reads it…',
  refused: (count: number) => (count === 1 ? 'Nothing was imported: 1 line is faulty.' : `Nothing was imported: ${count} lines are faulty.`),
  line: 'Line',
  content: 'What it says',
  fault: 'What is wrong',
  whole: 'File',
  unreadable: 'The file could not be read.',
  size: (name: string, lines: number) => (name === '' ? `${lines} lines` : `${name}: ${lines} lines`),
  other: 'Take another',
  big: 'The file is too long to be shown. It will be sent as it is.',
} as const;

export const differenceTexts = {
  place: 'What',
  before: 'Before',
  after: 'After',
  same: 'Nothing differs.',
  nothing: 'not set',
  sorted: 'in another order',
  gone: 'taken away',
  come: 'added',
  whole: 'All of it',
  place_: (place: number) => `no. ${place}`,
} as const;

/** The fields of documents in plain words; what is missing here is shown by its name. */
export const fieldWords: Record<string, string> = {
  activation_required: 'must be claimed first',
  allow_further: 'others may follow',
  audience: 'who gets it',
  beyond_condition: 'beyond the condition',
  cart: 'for a cart',
  code: 'for a code',
  conditions: 'conditions',
  custom_fields: 'custom fields',
  customer: 'for a customer',
  daily_window: 'hours of the day',
  earn: 'for each one earned',
  ends_at: 'end',
  every: 'every',
  evaluation_order: 'order',
  exclusive: 'applies alone',
  hold_seconds: 'seconds of a hold',
  include: 'includes',
  exclude: 'excludes',
  max: 'at most',
  max_times: 'at most so often',
  not_with: 'not together with',
  of: 'of',
  promotion: 'in all',
  refresh: 'begins anew',
  select: 'selects',
  starts_at: 'start',
  suggest: 'is suggested',
  suggestion_message: 'message of the suggestion',
  times: 'times',
  transactions: 'carts',
  type: 'kind',
};
