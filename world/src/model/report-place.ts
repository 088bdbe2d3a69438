const END = '<!-- end -->';

/** The document with this text in one of its places, after `<!-- NAME -->` and before the next end. Throws where there is none. */
export function inPlace(document: string, name: string, text: string): string {
  const start = `<!-- ${name} -->`;
  const from = document.indexOf(start);
  const to = document.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error(`the document has no ${start} with ${END} after it`);
  return `${document.slice(0, from + start.length)}\n\n${text}\n\n${document.slice(to)}`;
}
