import { createHmac } from 'node:crypto';
import { bytesToBase64Url, equalConstantTime } from './bytes.ts';

const encoder = new TextEncoder();

/**
 * The MQTT password of an identity (`m-…`, `h-…`, `g-…`): base64url of an HMAC-SHA-256 under the site's MQTT key of
 * 32 bytes. Derived, so that there is no store of passwords to lose (docs/decisions/0004).
 */
export const mqttPasswordOf = (key: Uint8Array, identity: string): string =>
  bytesToBase64Url(createHmac('sha256', key).update('tapwatt/v1/mqtt').update(identity).digest());

/** Whether `secret` is the password of `identity` under this key. */
export const isMqttPassword = (key: Uint8Array, identity: string, secret: Uint8Array): boolean =>
  equalConstantTime(secret, encoder.encode(mqttPasswordOf(key, identity)));
