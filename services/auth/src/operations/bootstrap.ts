import type { AuthContext } from '../context.ts';
import {
  BOOTSTRAP_ADMIN_ROLES,
  BOOTSTRAP_API_CLIENT,
  BOOTSTRAP_ROLES,
  type Bootstrap,
} from '../domain/bootstrap.ts';
import { sealSecret } from '../domain/sealed-secret.ts';
import { insertApiClient } from '../store/api-clients.ts';
import { findOAuthClient, insertOAuthClient } from '../store/oauth-clients.ts';
import { insertRole } from '../store/roles.ts';
import { addUserRoles, findUserByName, insertUser } from '../store/users.ts';

const AUTHOR = 'system';

type Making = Pick<AuthContext, 'db' | 'now' | 'newId' | 'log' | 'keyring' | 'passwords'>;

/**
 * The objects of the first start (contract 12), all or none. It runs on every start and does nothing once
 * they are there, so that what an operator deleted later stays deleted.
 */
export async function bootstrap(
  { db, now, newId, log, keyring, passwords }: Making,
  { admin, oauth_client, api_client }: Bootstrap,
): Promise<void> {
  if ((await findOAuthClient(db, oauth_client.id)) !== undefined) return;
  // PostgreSQL's spelling: the secret is sealed for the id as it is read back.
  const apiClientId = api_client.id.toLowerCase();
  const passwordHash = await passwords.hash(admin.password);
  const time = now();
  const made = { createdAt: time, createdBy: AUTHOR, updatedAt: time, updatedBy: AUTHOR };
  const roleIds = new Map(BOOTSTRAP_ROLES.map(role => [role.name, newId()]));
  const handles = (names: readonly string[]) => names.map(name => ({ id: roleIds.get(name) ?? '', name }));

  await db.transaction(async tx => {
    // One replica bootstraps; the others wait here and then find the client.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('strongroom-bootstrap'))`);
    if ((await findOAuthClient(tx, oauth_client.id)) !== undefined) return;
    for (const { id, name, comment, isSystem, permissions } of BOOTSTRAP_ROLES.map(role => ({
      ...role,
      id: roleIds.get(role.name) ?? '',
    }))) {
      const document = { comment, explicit: true };
      await insertRole(tx, { id, name, permissions, isSystem, document, ...made });
    }
    await insertOAuthClient(
      tx,
      {
        id: oauth_client.id,
        sealedSecret: sealSecret(
          keyring,
          { table: 'oauth_clients', field: 'secret' },
          oauth_client.id,
          oauth_client.secret,
        ),
      },
      time,
    );
    await insertApiClient(tx, {
      id: apiClientId,
      name: BOOTSTRAP_API_CLIENT.name,
      sealedSecret: sealSecret(
        keyring,
        { table: 'api_clients', field: 'secret' },
        apiClientId,
        api_client.secret,
      ),
      roles: handles(BOOTSTRAP_API_CLIENT.roles),
      ...made,
    });
    if ((await findUserByName(tx, admin.username)) !== undefined) return;
    const adminId = newId();
    await insertUser(tx, {
      id: adminId,
      username: admin.username,
      document: {},
      tags: [],
      passwordHash,
      passwordChangeRequired: false,
      isDisabled: false,
      isApplication: false,
      createdAt: time,
      createdBy: AUTHOR,
    });
    await addUserRoles(tx, adminId, BOOTSTRAP_ADMIN_ROLES);
  });
  log.info('first start: roles, the OAuth client, an API client and the administrator were made');
}
