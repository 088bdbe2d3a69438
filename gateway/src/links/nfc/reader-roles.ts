/** What a reader is there for: meters are tapped at it, or customers show vouchers. */
export type ReaderRole = 'meter' | 'counter';

export interface NfcConfig {
  readonly enabled: boolean;
  /** Names of readers, `*` for any text; the counter's are looked at first. */
  readonly meterReaders: readonly string[];
  readonly counterReaders: readonly string[];
}

/** The role of a reader by its name; `undefined` where the configuration gives it none. */
export function roleOf(reader: string, config: NfcConfig): ReaderRole | undefined {
  if (config.counterReaders.some((pattern) => matches(pattern, reader))) return 'counter';
  if (config.meterReaders.some((pattern) => matches(pattern, reader))) return 'meter';
  return undefined;
}

/** Without regular expressions: a name of many stars must not take long. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
