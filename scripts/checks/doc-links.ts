import path from 'node:path';
import type { Finding } from './finding.ts';
import { lineAt } from './module-text.ts';
import type { SourceTree } from './source-tree.ts';

const LINK = /\[[^\]\n]*\]\(([^)\s]+)\)/g;
const FENCE = /^```[\s\S]*?^```/gm;
const CODE_SPAN = /`[^`\n]*`/g;

/** Finds relative links in Markdown files that lead to no file, no folder or no heading. */
export function checkDocLinks(tree: SourceTree): Finding[] {
  return tree.files.filter((file) => file.endsWith('.md')).flatMap((file) => brokenLinks(file, tree));
}

function brokenLinks(file: string, tree: SourceTree): Finding[] {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  const text = tree.read(file).replace(FENCE, blank).replace(CODE_SPAN, blank);
  return [...text.matchAll(LINK)].flatMap((match) => {
    const message = faultOf(file, match[1] ?? '', tree);
    return message === undefined ? [] : [{ file, line: lineAt(text, match.index), message }];
  });
}

function faultOf(file: string, link: string, tree: SourceTree): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [target = '', heading] = link.split('#');
  const found = target === '' ? file : path.posix.join(path.posix.dirname(file), target).replace(/\/$/, '');
  if (!tree.has(found)) {
    const isFolder = tree.files.some((other) => other.startsWith(`${found}/`));
    return isFolder ? undefined : `${link} leads to no file`;
  }
  const needsHeading = heading !== undefined && found.endsWith('.md');
  return needsHeading && !headingsOf(tree.read(found)).has(heading) ? `${link}: no such heading` : undefined;
}

/** The anchors of a Markdown file's headings, made as GitHub makes them. */
function headingsOf(text: string): Set<string> {
  const headings = text.replace(FENCE, '').matchAll(/^#{1,6} (.+)$/gm);
  return new Set([...headings].map((match) => anchorOf(match[1] ?? '')));
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
