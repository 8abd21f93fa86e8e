/** The names of the pages, as the navigation and the browser's tab show them. */
export const pages = {
  promotions: 'Promotions',
  promotion: 'Promotion',
  tryCart: 'Try a cart',
  newPromotion: 'New promotion',
  editPromotion: 'Edit a promotion',
  desk: 'Desk',
  settings: 'Settings',
  stores: 'Stores',
  lists: 'Product lists',
  milestones: 'Milestones',
  webhooks: 'Webhooks',
  keys: 'Keys',
  vocabulary: 'Vocabulary',
  audit: 'Audit',
  tenants: 'Tenants',
  about: 'About',
} as const;
