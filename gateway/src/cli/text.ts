/** Minor units as people write money: `12345` is `123.45`. */
export function money(minor: string): string {
  const negative = minor.startsWith('-');
  const digits = (negative ? minor.slice(1) : minor).padStart(3, '0');
  const whole = digits.slice(0, -2).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return `${negative ? '-' : ''}${whole}.${digits.slice(-2)}`;
}

/** Unix seconds as a date and time in UTC; `-` for 0. */
export function time(seconds: number): string {
  return seconds === 0 ? '-' : new Date(seconds * 1_000).toISOString().replace('T', ' ').slice(0, 19);
}

/** Name and value, one pair a line, the values under each other. */
export function pairs(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
}

/** Rows under their titles, as wide as their longest cell. */
export function table<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => column.cell(row))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells.map((line) => alignedLine(line, widths, columns)).join('\n');
}

function alignedLine<T>(
  line: readonly string[],
  widths: readonly number[],
  columns: readonly Column<T>[],
): string {
  return line
    .map((cell, index) => {
      const width = widths[index] ?? 0;
      return columns[index]?.right === true ? cell.padStart(width) : cell.padEnd(width);
    })
    .join('  ')
    .trimEnd();
}
