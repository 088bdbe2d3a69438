// @ts-check
import { ask } from './api.js';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
/** The gateway speaks every second; silence as long as this means that the connection is gone. */
const SILENCE_MS = 6_000;

/**
 * @typedef {object} Listener
 * @property {(event: string, data: unknown) => void} onEvent
 * @property {(connected: boolean) => void} onConnected
 */

/** Follows the gateway's events for as long as the page lives, and connects again by itself. @param {Listener} listener */
export async function followEvents(listener) {
  let retryMs = FIRST_RETRY_MS;
  for (;;) {
    try {
      await followOnce(listener, () => {
        retryMs = FIRST_RETRY_MS;
      });
    } catch {
      // The next turn connects again; what happened meanwhile comes with its snapshot.
    }
    listener.onConnected(false);
    await new Promise((resolve) => setTimeout(resolve, retryMs * (0.7 + Math.random() * 0.6)));
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }
}

/** @param {Listener} listener @param {() => void} onOpen */
async function followOnce(listener, onOpen) {
  const gone = new AbortController();
  let watchdog = setTimeout(() => gone.abort(), SILENCE_MS);
  try {
    const response = await ask('/api/v1/events', gone.signal);
    if (!response.ok || response.body === null) throw new Error(`events: ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => gone.abort(), SILENCE_MS);
      const parts = (text + value).split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) deliver(part, listener);
      onOpen();
    }
  } finally {
    clearTimeout(watchdog);
  }
}

/** @param {string} part @param {Listener} listener */
function deliver(part, listener) {
  const event = /^event: (.*)$/m.exec(part)?.[1];
  const data = /^data: (.*)$/m.exec(part)?.[1];
  if (event !== undefined && data !== undefined) listener.onEvent(event, JSON.parse(data));
}
