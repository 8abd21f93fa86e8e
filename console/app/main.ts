/** Loads what old browsers lack, and then the console. */

if (!('Temporal' in globalThis)) (await import('temporal-polyfill/shim')).install();
await import('./start');

export {};
