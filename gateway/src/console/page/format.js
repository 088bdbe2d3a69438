// @ts-check

/** Minor units as people write money: `-12345` is `−123.45`. @param {string | undefined} minor */
export function money(minor) {
  if (minor === undefined) return '–';
  const negative = minor.startsWith('-');
  const digits = (negative ? minor.slice(1) : minor).padStart(3, '0');
  const whole = digits.slice(0, -2).replaceAll(/\B(?=(\d{3})+$)/g, ' ');
  return `${negative ? '−' : ''}${whole}.${digits.slice(-2)}`;
}

/** Watt-hours in the unit that people read. @param {number} wh */
export function energy(wh) {
  if (Math.abs(wh) < 1_000) return `${Math.round(wh)} Wh`;
  return `${rounded(wh / 1_000)} kWh`;
}

/** Watts in the unit that people read. @param {number} watts */
export function power(watts) {
  if (Math.abs(watts) < 1_000) return `${Math.round(watts)} W`;
  return `${rounded(watts / 1_000)} kW`;
}

/** @param {number} value */
function rounded(value) {
  return value.toLocaleString('en', { maximumSignificantDigits: 4 }).replaceAll(',', ' ');
}

/** @param {number} atMs */
export function dateTime(atMs) {
  return new Date(atMs).toLocaleString('en-GB', {
    ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  });
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en').replaceAll(',', ' ');
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 10) return `${Math.max(0, Math.round(ms * 10) / 10)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** How long ago something was. @param {number | undefined} atMs @param {number} nowMs */
export function ago(atMs, nowMs) {
  if (atMs === undefined) return 'never';
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** @param {number} atMs */
export function clockTime(atMs) {
  return new Date(atMs).toLocaleTimeString('en-GB');
}
