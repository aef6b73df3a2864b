import { expect, test } from '@jest/globals';
import type { SecretsManagerContext } from '../context.ts';
import { domainAccount, hostAccount, type AccountKey } from '../domain/account-path.ts';
import type { Rotation } from '../domain/rotation.ts';
import { TargetError } from '../targets/target-error.ts';
import type { Proof } from '../targets/target.ts';
import { settle } from './settle-rotation.ts';

const HOST = hostAccount('h', 'app');
const DOMAIN = domainAccount('d', 'app');
type Said = Proof | 'silence';

/** What comes of it when the system says this of the candidate, and that of the password before. */
async function settled(key: AccountKey, ofCandidate: Said, ofCurrent: Said): Promise<string> {
  const vault = {
    readVersion: () => Promise.resolve({ password: 'candidate' }),
    read: () => Promise.resolve({ version: 1, content: { password: 'current' } }),
  };
  const said: Readonly<Record<string, Said>> = { candidate: ofCandidate, current: ofCurrent };
  const target = {
    setPassword: () => Promise.reject(new Error('it changes nothing')),
    proves(_account: string, password: string) {
      const answer = said[password] ?? 'refused';
      return answer === 'silence' ? Promise.reject(new TargetError('timeout')) : Promise.resolve(answer);
    },
  };
  const ctx = { vault } as unknown as SecretsManagerContext;
  const rotation = { ...key, id: 'r', candidateVersion: 1 } as Rotation;
  return (await settle(ctx, rotation, target, { deadlineMs: 1_000 })).has;
}

test.each<[Said, Said, onHost: string, inDirectory: string]>([
  ['opens', 'opens', 'candidate', 'candidate'],
  ['opens', 'refused', 'candidate', 'candidate'],
  ['refused', 'opens', 'current', 'current'],
  ['refused', 'refused', 'neither', 'neither'],
  ['refused', 'silence', 'unknown', 'unknown'],
  ['silence', 'refused', 'unknown', 'unknown'],
  ['silence', 'silence', 'unknown', 'unknown'],
  // Active Directory takes the password before for an hour more.
  ['silence', 'opens', 'current', 'unknown'],
])('of the candidate: %s, of the one before: %s', async (ofCandidate, ofCurrent, onHost, inDirectory) => {
  expect(await settled(HOST, ofCandidate, ofCurrent)).toBe(onHost);
  expect(await settled(DOMAIN, ofCandidate, ofCurrent)).toBe(inDirectory);
});
