/** The `code` of a system error. By form, not by class: errors of another realm fail `instanceof`. */
export const errorCode = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** For `.catch` on a file-system call: an absent file is `undefined`, every other failure stays one. */
export function ignoreAbsence(error: unknown): undefined {
  if (errorCode(error) === 'ENOENT') return undefined;
  throw error;
}
