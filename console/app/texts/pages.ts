/** The names of the pages, as the navigation and the browser's tab show them. */
export const pages = {
  promotions: 'Promotions',
  promotion: 'Promotion',
  about: 'About',
} as const;
