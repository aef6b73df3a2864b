import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { TSchema } from '@strongroom/schema/types';
import { uniqueName, type TestSecretsManager } from './support.ts';

export const HOST_STORE = '/host-store/api/v1';
export const HOSTS = `${HOST_STORE}/hosts`;
export const WHITELISTS = `${HOST_STORE}/whitelists`;
export const HOST_SECRET = '/secrets-manager/api/v1/host-secret';
export const AUTHORIZER = '/authorizer/api/v1';
export const SECRETS = `${AUTHORIZER}/secrets`;
export const MASK = '********';

export type Json = Record<string, unknown>;

/** A role that auth knows. */
export function addRole(sm: TestSecretsManager): { id: string; name: string } {
  const role = { id: randomUUID(), name: uniqueName('role') };
  sm.issuer.roles.push(role);
  return role;
}

export const readHost = async (sm: TestSecretsManager, id: string): Promise<Json> => {
  const answer = await sm.call('GET', `${HOSTS}/${id}`);
  if (answer.status !== 200) throw new Error(`not read: ${answer.text}`);
  return answer.body;
};

/** What a change leaves as it was. */
export const withoutStamps = (host: Json): Json =>
  Object.fromEntries(Object.entries(host).filter(([name]) => name !== 'updated' && name !== 'updated_by'));

/** The id of the one object of this name, as clients look it up. */
export async function findNamed(sm: TestSecretsManager, path: string, name: string): Promise<string> {
  const { body } = await sm.call('GET', path);
  const found = (body['items'] as { id: string; name: string }[]).find(item => item.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found.id;
}

export interface Pools {
  readonly roles: readonly string[];
  readonly whitelists: readonly string[];
}

interface Schema {
  readonly type?: string;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Any value that the schema of a host takes, so that no member is left out of the tests. */
export const anyHost = (schema: TSchema, pools: Pools): fc.Arbitrary<Json> =>
  arbitraryOf(schema, 'host', pools) as fc.Arbitrary<Json>;

function arbitraryOf(schema: Schema, name: string, pools: Pools): fc.Arbitrary<unknown> {
  // Rotation has rules across members, and tests of its own.
  if (name === 'password_rotation_enabled') return fc.constant(false);
  if (name === 'external_id') return fc.oneof(fc.constant(''), fc.uuid());
  if (name === 'passphrase') return fc.oneof(fc.constant(''), fc.constant(null), fc.uuid());
  if (name === 'roles' || name === 'whitelist' || name === 'default_whitelist') {
    const pool = fc.constantFrom(...(name === 'roles' ? pools.roles : pools.whitelists));
    const handle = fc.record({ id: name === 'roles' ? pool : fc.oneof(fc.constant(''), pool) });
    return name === 'roles' ? fc.array(handle, { maxLength: 3 }) : handle;
  }
  if (schema.anyOf !== undefined) {
    return fc.oneof(...schema.anyOf.map(option => arbitraryOf(option, '', pools)));
  }
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.type === 'object') {
    const { properties = {}, required = [] } = schema;
    const members: Record<string, fc.Arbitrary<unknown>> = {};
    for (const [key, member] of Object.entries(properties)) members[key] = arbitraryOf(member, key, pools);
    const optional = Object.keys(members).filter(key => !required.includes(key));
    return fc
      .tuple(fc.record(members), fc.subarray(optional))
      .map(([whole, absent]) =>
        Object.fromEntries(Object.entries(whole).filter(([key]) => !absent.includes(key))),
      );
  }
  if (schema.type === 'array') return fc.array(arbitraryOf(schema.items ?? {}, '', pools), { maxLength: 3 });
  if (schema.type === 'integer')
    return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 9, 2 ** 31 - 1) });
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'null') return fc.constant(null);
  if (schema.format === 'uuid') return fc.uuid();
  if (schema.type === 'string') {
    return fc.string({
      unit: fc.constantFrom('a', 'É', '👩', '"', '\\', '%', ' '),
      minLength: schema.minLength ?? 0,
      maxLength: 8,
    });
  }
  throw new Error(`${name} has a schema that is not understood here`);
}
