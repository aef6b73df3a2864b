import { randomUUID } from 'node:crypto';
import { createAudit } from '@strongroom/audit/audit';
import type { Permission } from '@strongroom/contracts/permissions';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { openLiveKeyring } from '@strongroom/keys/live-keyring';
import type { AuthContext } from '../src/context.ts';
import { bearerOf } from './people-rows.ts';
import { ROLES, uniqueName, type TestAuth } from './support.ts';

export interface Person {
  readonly id: string;
  readonly username: string;
  /** Whose sign-in is this old; 0 unless stated. */
  bearer: (ageSeconds?: number) => Promise<string>;
}

/** People and what they hold, made by SQL, for tests of what people do once they have signed in. */
export interface People {
  readonly ctx: AuthContext;
  create: (...permissions: Permission[]) => Promise<Person>;
}

export async function openPeople(auth: TestAuth, now: () => Date): Promise<People> {
  const db = auth.superuser;
  const keyring = await openLiveKeyring({
    db: db,
    schema: 'auth',
    rootKeys: staticRootKey(auth.secrets.rootKey),
    now,
  });
  const ring = () => undefined;
  const audit = createAudit({ service: 'auth', db, newId: randomUUID, now, ring });
  // What the operations under test read of it. The cache forgets, so that the database alone must know what is spent.
  const ctx = {
    db,
    cache: { ...createMemoryCache(), claimOnce: () => Promise.resolve(true) },
    keyring,
    now,
    newId: randomUUID,
    config: auth.config,
    audit,
    ring,
  } as unknown as AuthContext;
  return {
    ctx,
    async create(...permissions) {
      const id = randomUUID();
      const username = uniqueName('person');
      await db.query(
        `INSERT INTO users (id, username, canonical_username, password_hash, created_at, source_id)
         SELECT $1::uuid, $2::text, $2::text, '', $3::timestamptz, id FROM sources WHERE is_local`,
        [id, username, now()],
      );
      if (permissions.length > 0) {
        const role = await auth.call('POST', ROLES, { body: { name: uniqueName('role'), permissions } });
        await db.query('INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2)', [id, role.body['id']]);
      }
      return {
        id,
        username,
        bearer: (ageSeconds = 0) => bearerOf(auth, { id, username }, { permissions, ageSeconds, now }),
      };
    },
  };
}
