import { createHash } from 'node:crypto';

/**
 * The integer by which dialects without other ids know a role as a group: from 1 to 2^31 - 1, made of its id alone, so it
 * is the same everywhere and always. Two roles could share one, at odds of one in four million among a thousand roles
 * each; then it names neither.
 */
export const groupNumber = (roleId: string): number =>
  createHash('sha256').update(roleId.toLowerCase()).digest().readUInt32BE() >>> 1 || 1;

/** The role of this number among those that there are; undefined: none, or more than one. */
export function roleOfGroup(roleIds: Iterable<string>, number: number): string | undefined {
  const meant = [...roleIds].filter(id => groupNumber(id) === number);
  return meant.length === 1 ? meant[0] : undefined;
}
