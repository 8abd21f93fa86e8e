export const about = {
  title: 'About',
  what: 'The console of the promotion engine. It calls the service’s API with your key, and nothing else: what it can do, a program can do too.',
  api: 'Documentation of the API',
  licenses: 'What the console is made of',
  licensesText: (count: number) => `${count} packages, each with its licence.`,
  packages: 'Package',
  license: 'Licence',
  text: 'Text',
} as const;
