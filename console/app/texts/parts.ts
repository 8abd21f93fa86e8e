/** Texts of components that several pages use. */
export const limitBars = {
  words: (limit: string, used: string, held: string, left: string, max: string) =>
    `${limit}: ${used} used, ${held} held, ${left} left of ${max}`,
  numbers: (used: string, held: string, left: string, max: string) => `${used} used · ${held} held · ${left} left of ${max}`,
  short: (left: string, max: string) => `${left} left of ${max}`,
  until: (time: string) => ` · begins anew ${time}`,
} as const;
