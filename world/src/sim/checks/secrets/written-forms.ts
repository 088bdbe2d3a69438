/** Base64 takes three bytes at a time: where a secret stands in a longer text decides its letters. */
const ALIGNMENTS = [0, 1, 2] as const;

/** A secret as it would stand in a file, a log or a message: as it is, in hex, and in base64 wherever it begins. */
export const writtenForms = (secret: Uint8Array): readonly Uint8Array[] => {
  const hex = Buffer.from(secret).toString('hex');
  const base64 = ALIGNMENTS.map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), secret])
      .toString('base64')
      .replace(/=+$/, '');
    const isWhole = (before + secret.length) % 3 === 0;
    // The first and the last letter may have bits of what stands beside it.
    return text.slice(before === 0 ? 0 : before + 1, isWhole ? text.length : -1);
  });
  const texts = new Set([hex, hex.toUpperCase(), ...base64, ...base64.map(urlSafe)]);
  return [secret, ...[...texts].map((text) => Buffer.from(text, 'latin1'))];
};

const urlSafe = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_');
