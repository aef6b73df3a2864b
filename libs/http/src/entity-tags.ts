import { invalidField } from '@strongroom/errors/common-errors';

/**
 * Entity tags that are the number of an object's revision (RFC 9110, 8.8.3): every change makes another, so one is
 * enough to tell whether a client still has what there is.
 */
export const entityTag = (revision: number): string => `"${revision}"`;

/** What If-Match names: revisions, or `any`. Weak tags match nothing (RFC 9110, 13.1.1). */
export function readIfMatch(header: string | undefined): readonly number[] | 'any' | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return 'any';
  return parseTags('If-Match', header)
    .filter(({ weak }) => !weak)
    .map(({ revision }) => revision);
}

/** Whether If-None-Match names the revision, so that the client has it already (RFC 9110, 13.1.2). */
export function readIfNoneMatch(header: string | undefined): (revision: number) => boolean {
  if (header === undefined) return () => false;
  if (header.trim() === '*') return () => true;
  const tags = parseTags('If-None-Match', header);
  return revision => tags.some(tag => tag.revision === revision);
}

const LIST = /^\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(?:,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*)*$/;
const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;

/** A tag that is none of ours is NaN, which equals nothing. */
function parseTags(name: string, header: string): { weak: boolean; revision: number }[] {
  if (!LIST.test(header)) throw invalidField(name, 'The header is not a list of entity tags');
  return [...header.matchAll(TAG)].map(([, weak, value = '']) => ({
    weak: weak !== undefined,
    revision: /^[1-9]\d{0,14}$/.test(value) ? Number(value) : Number.NaN,
  }));
}
