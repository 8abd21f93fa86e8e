export interface RateForm {
  per_second: number | string;
  burst: number | string;
}

/** Null: no limit. Undefined: one of the numbers is missing. */
export function rateOf({ per_second, burst }: RateForm): { per_second: number; burst: number } | null | undefined {
  if (per_second === '' && burst === '') return null;
  return per_second === '' || burst === '' ? undefined : { per_second: Number(per_second), burst: Number(burst) };
}
