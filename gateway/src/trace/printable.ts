/** A text of somebody else's, cut at `maxLength`, with nothing in it that would be an order to a terminal. */
export const printable = (text: string, maxLength: number): string =>
  text
    .slice(0, maxLength)
    .replace(/[^ -~]+/g, ' ')
    .trim();
