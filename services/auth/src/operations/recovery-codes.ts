import { randomBytes } from 'node:crypto';
import type { Queryable } from '@strongroom/db/database';
import { formatRecoveryCode, parseRecoveryCode, RECOVERY_CODE_LETTERS } from '../domain/one-time-code.ts';
import { digestOf } from '../domain/opaque-token.ts';
import { replaceRecoveryCodes } from '../store/second-factors.ts';

const COUNT = 10;

/** Undefined: the text cannot be a code. */
export function hashRecoveryCode(code: string): Buffer | undefined {
  const letters = parseRecoveryCode(code);
  return letters === undefined ? undefined : digestOf(letters);
}

/** New codes in place of all former ones. They are shown once: the database knows their digests only. */
export async function issueRecoveryCodes(tx: Queryable, userId: string): Promise<readonly string[]> {
  const codes = Array.from({ length: COUNT }, () => formatRecoveryCode(randomBytes(RECOVERY_CODE_LETTERS)));
  const hashes = codes.map(code => digestOf(code.replaceAll('-', '')));
  await replaceRecoveryCodes(tx, userId, hashes);
  return codes;
}
