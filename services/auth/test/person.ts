import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT, type JWK } from 'jose';
import { createAudit } from '@strongroom/audit/audit';
import { TOKEN_ALGORITHM, TOKEN_AUDIENCE, TOKEN_TYPE } from '@strongroom/auth-client/access-token';
import type { Permission } from '@strongroom/contracts/permissions';
import type { Keyring } from '@strongroom/crypto/keyring';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { loadKeyring } from '@strongroom/keys/key-store';
import type { AuthContext } from '../src/context.ts';
import { openSecret } from '../src/domain/sealed-secret.ts';
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
  const keyring = await loadKeyring(db, 'auth', staticRootKey(auth.secrets.rootKey), now());
  const ring = () => undefined;
  const audit = createAudit({ service: 'auth', db, newId: randomUUID, now, ring });
  // What the operations under test read of it.
  const ctx = {
    db,
    keyring,
    now,
    newId: randomUUID,
    config: auth.config,
    audit,
    ring,
  } as unknown as AuthContext;
  const sign = await openSigner(auth, keyring, now);
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
        bearer: async (ageSeconds = 0) => `Bearer ${await sign({ id, username, permissions, ageSeconds })}`,
      };
    },
  };
}

interface Claims {
  id: string;
  username: string;
  permissions: readonly Permission[];
  ageSeconds: number;
}

/** Tokens by auth's own key. */
async function openSigner(
  auth: TestAuth,
  keyring: Keyring,
  now: () => Date,
): Promise<(claims: Claims) => Promise<string>> {
  const [row] = await auth.superuser.query<{ id: string; sealed: Buffer }>(
    `SELECT id, sealed_private_key AS sealed FROM signing_keys WHERE algorithm = 'EdDSA' ORDER BY active_from LIMIT 1`,
  );
  const jwk = openSecret(keyring, { table: 'signing_keys', field: 'private_key' }, row!.id, row!.sealed);
  const key = await importJWK(JSON.parse(jwk) as JWK, TOKEN_ALGORITHM);
  return ({ id, username, permissions, ageSeconds }) => {
    const seconds = Math.floor(now().getTime() / 1_000);
    return new SignJWT({
      iss: auth.config.issuer,
      aud: TOKEN_AUDIENCE,
      sub: id,
      iat: seconds,
      nbf: seconds,
      exp: seconds + 600,
      jti: randomUUID(),
      sid: randomUUID(),
      client_id: 'privx-ui',
      kind: 'user',
      name: username,
      roles: [],
      permissions: [...permissions],
      scope: '',
      auth_time: seconds - ageSeconds,
      amr: ['pwd'],
      address: '',
    })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid: row!.id })
      .sign(key);
  };
}
