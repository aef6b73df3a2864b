import type { SecretsManagerContext } from '../context.ts';
import { candidateName, credentialName } from '../domain/credential-names.ts';
import type { Rotation } from '../domain/rotation.ts';
import { advance, HOLD_MS } from './rotation-context.ts';

type Keeping = Pick<SecretsManagerContext, 'vault'>;

const contentOf = ({ id, account }: Rotation, password: string) => ({
  username: account,
  password,
  rotation: id,
});

/**
 * Stores what may become the password; the system knows nothing of it yet. Undefined: another has stored one since. That
 * the rotation is still ours is made sure between reading and writing: a replica that was overtaken before writes nothing,
 * and one that is overtaken after finds another version than it expects, so no candidate that a system may have is displaced.
 */
export async function storeCandidate(
  { db, vault }: Pick<SecretsManagerContext, 'db' | 'vault'>,
  rotation: Rotation,
  systemName: string,
  password: string,
): Promise<number | undefined> {
  const name = candidateName(rotation);
  const { version } = await vault.read(name);
  await advance(db, rotation, { step: 'preparing', details: '', holdMs: HOLD_MS });
  return vault.write(name, {
    content: contentOf(rotation, password),
    expectedVersion: version,
    tags: tagsOf(systemName),
    idempotencyKey: `candidate.${rotation.id}.${rotation.fence}`,
  });
}

/** Undefined: somebody has deleted it. */
export async function readCandidate({ vault }: Keeping, rotation: Rotation): Promise<string | undefined> {
  if (rotation.candidateVersion === null) return undefined;
  const name = candidateName(rotation);
  return (await vault.readVersion(name, rotation.candidateVersion))?.['password'];
}

/** Others write to the account's secret only when somebody tells its password. */
const MAX_ROUNDS = 5;

/** Makes the candidate, which the account has, the newest version of its secret. The second time it finds it there. */
export async function promoteCandidate(
  { vault }: Keeping,
  rotation: Rotation,
  systemName: string,
  password: string,
  maxVersions: number,
): Promise<number> {
  const name = credentialName(rotation);
  let promoted: number | undefined;
  for (let round = 0; promoted === undefined; round += 1) {
    if (round > MAX_ROUNDS) throw new Error('the secret of an account is written again and again');
    const { version, content } = await vault.read(name);
    const isThere = content?.['rotation'] === rotation.id && content['password'] === password;
    promoted = isThere
      ? version
      : await vault.write(name, {
          content: contentOf(rotation, password),
          expectedVersion: version,
          tags: tagsOf(systemName),
          idempotencyKey: `promotion.${rotation.id}.${rotation.fence}.${round}`,
        });
  }
  await vault.keepVersions(name, maxVersions);
  await vault.keepVersions(candidateName(rotation), maxVersions);
  return promoted;
}

/** What vault takes as tags: at most one, and none that is blank or too long. */
export function tagsOf(systemName: string): string[] {
  const tag = systemName.trim().slice(0, MAX_TAG_LENGTH);
  return tag === '' ? [] : [tag];
}

const MAX_TAG_LENGTH = 128;
