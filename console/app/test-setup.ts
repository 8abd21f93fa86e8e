/** Node.js 20 has no `Temporal` of its own. */
import { install } from 'temporal-polyfill/shim';

install();
