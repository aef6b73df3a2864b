import { created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Envelope, Members, Text, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { principalKeyNotFound, roleNotFound } from '../domain/errors.ts';
import {
  deletePrincipalKey,
  generatePrincipalKey,
  importPrincipalKey,
} from '../operations/principal-keys.ts';
import { findPrincipalKey, findPrincipalKeys, type PrincipalKey } from '../store/principal-keys.ts';
import { findRole } from '../store/roles.ts';
import { ROLES } from './roles.ts';

const PATH = `${ROLES}/:id/principalkeys`;
const ById = Members({ id: Uuid });
const ByKeyId = Members({ id: Uuid, key_id: Uuid });
const View = Members({ id: Uuid, public_key: Type.String({ description: 'OpenSSH, one line' }) });
const Created = Members({ id: Uuid });

const VIEW = withPermission('roles-view', 'roles-manage');
const MANAGE = withPermission('roles-manage');

const view = ({ id, publicKey }: PrincipalKey) => ({ id, public_key: publicKey });
const location = (roleId: string, id: string) => `${ROLES}/${roleId.toLowerCase()}/principalkeys/${id}`;

/** Key pairs by which a role's members sign in to hosts (contract 4.1). No route shows a private half. */
export const principalKeyRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PATH,
    operationId: 'listPrincipalKeys',
    tag: 'roles',
    summary: 'Public keys of a role',
    access: VIEW,
    params: ById,
    response: Envelope(View),
    handle: async ({ params }) => {
      if ((await findRole(ctx.db, params.id)) === undefined) throw roleNotFound();
      const keys = await findPrincipalKeys(ctx.db, params.id);
      return ok({ count: keys.length, items: keys.map(view) });
    },
  }),
  route({
    method: 'post',
    path: `${PATH}/generate`,
    operationId: 'generatePrincipalKey',
    tag: 'roles',
    summary: 'Make an RSA key pair for a role',
    access: MANAGE,
    status: 201,
    params: ById,
    response: Created,
    handle: async ({ params, caller, request }) => {
      const id = await generatePrincipalKey(ctx, caller, request, params.id.toLowerCase());
      return created({ id }, location(params.id, id));
    },
  }),
  route({
    method: 'post',
    path: `${PATH}/import`,
    operationId: 'importPrincipalKey',
    tag: 'roles',
    summary: 'Take over a private key, PEM or OpenSSH, without a passphrase',
    access: MANAGE,
    status: 201,
    params: ById,
    body: Members({ private_key: Text(16_384) }),
    response: Created,
    handle: async ({ params, body, caller, request }) => {
      const id = await importPrincipalKey(ctx, caller, request, params.id.toLowerCase(), body.private_key);
      return created({ id }, location(params.id, id));
    },
  }),
  route({
    method: 'get',
    path: `${PATH}/:key_id`,
    operationId: 'getPrincipalKey',
    tag: 'roles',
    summary: 'Read a public key of a role',
    access: VIEW,
    params: ByKeyId,
    response: View,
    handle: async ({ params }) => {
      const key = await findPrincipalKey(ctx.db, params.id, params.key_id);
      if (key === undefined) throw principalKeyNotFound();
      return ok(view(key));
    },
  }),
  route({
    method: 'delete',
    path: `${PATH}/:key_id`,
    operationId: 'deletePrincipalKey',
    tag: 'roles',
    summary: 'Delete a key pair of a role',
    access: MANAGE,
    params: ByKeyId,
    handle: async ({ params, caller, request }) => {
      await deletePrincipalKey(ctx, caller, request, params.id.toLowerCase(), params.key_id.toLowerCase());
      return ok();
    },
  }),
];
