import type { Keyring } from '@strongroom/crypto/keyring';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import type { Host } from '../domain/host.ts';
import { openColumn, sealColumn } from '../domain/sealed-column.ts';

const COLUMN = { table: 'hosts', field: 'passphrases' } as const;

/** In the order of the principals; empty text: none. */
export async function openPassphrases(
  keyring: Keyring & Pick<LiveKeyring, 'have'>,
  { id, sealedPassphrases }: Pick<Host, 'id' | 'sealedPassphrases'>,
): Promise<readonly string[]> {
  if (sealedPassphrases === null) return [];
  return JSON.parse(await openColumn(keyring, COLUMN, id, sealedPassphrases)) as string[];
}

/** Null: nobody has one. */
export const sealPassphrases = (
  keyring: Keyring,
  id: string,
  passphrases: readonly string[],
): Buffer | null =>
  passphrases.every(passphrase => passphrase === '')
    ? null
    : sealColumn(keyring, COLUMN, id, JSON.stringify(passphrases));
