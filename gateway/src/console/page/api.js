// @ts-check
import { byId, inputById } from './dom.js';

const TOKEN_KEY = 'tapwatt-admin-token';
/** @type {Promise<void> | undefined} */
let asking;

/** An answer of the gateway's API. Asks for the token when it is needed. @param {string} path @param {AbortSignal} [signal] @returns {Promise<Response>} */
export async function ask(path, signal) {
  for (;;) {
    const response = await fetch(path, { headers: headers(), cache: 'no-store', signal: signal ?? null });
    if (response.status !== 401) return response;
    sessionStorage.removeItem(TOKEN_KEY);
    asking ??= askToken().finally(() => {
      asking = undefined;
    });
    await asking;
  }
}

/** @returns {Record<string, string>} */
function headers() {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** @returns {Promise<void>} */
function askToken() {
  const dialog = /** @type {HTMLDialogElement} */ (byId('token-dialog'));
  const input = inputById('token');
  input.value = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => {
        sessionStorage.setItem(TOKEN_KEY, input.value.trim());
        resolve();
      },
      { once: true },
    );
  });
}
