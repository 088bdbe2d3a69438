import { requireSystem } from './system/find-missing.ts';

/** The ring is run in a network of its own, with the real daemon; it fails where that cannot be. */
export default function setup(): void {
  requireSystem('nfc-ring');
  if (process.env.PRIVATE_NETWORK !== 'yes')
    throw new Error('This ring needs a network of its own. Remedy: npm run test:nfc');
}
