/** A backup file: this line · the rows, Zstandard · the sealed manifest · its length 4 · the end mark. */
export const FIRST_LINE = Buffer.from('tapwatt-backup 1\n');
export const END_MARK = Buffer.from('tapwattE');
export const TAIL_BYTES = 4 + END_MARK.length;
export const MAX_MANIFEST_BYTES = 16 * 1024;
