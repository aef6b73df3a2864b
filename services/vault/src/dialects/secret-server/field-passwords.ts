import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AUTHENTICATED, ok, route, type Route } from '@strongroom/http/route';
import { SECRET_SERVER } from '@strongroom/http/secret-server';
import { Line, Members, Type } from '@strongroom/schema/types';
import type { VaultContext } from '../../context.ts';
import { passwordFieldsOnly } from '../../domain/errors.ts';
import { isPasswordField, type Schema, type SchemaField } from '../../domain/schema.ts';
import { generateFieldPassword } from '../../operations/generate-field-password.ts';
import { locateSecret } from '../../operations/locate-secret.ts';
import { schemaOf } from '../../operations/read-schema.ts';
import { readStatus } from '../../operations/secret-status.ts';
import { Id } from './secret-key.ts';
import { secretServer } from './versions.ts';

const PATH = `${SECRET_SERVER.prefix}/internals/secret-detail/:id`;
const BySlug = Members({ id: Id, slug: Line(512, 1) });

/**
 * What PowerShell's module asks the product's own pages for: a password for a field of a secret, and whether it may be
 * used there (contract 5, row 32). Its own code gets it, the contract posts.
 */
export const fieldPasswordRoutes = (ctx: VaultContext): Route[] => [
  ...(['get', 'post'] as const).map(method =>
    route({
      ...secretServer,
      method,
      path: `${PATH}/generate-password/:slug`,
      operationId: `secretServerGenerateFieldPassword${method === 'get' ? '' : 'ByPost'}`,
      summary: 'A new password for a field of a secret, kept nowhere',
      access: AUTHENTICATED,
      params: BySlug,
      response: Type.String(),
      async handle({ params, caller, request }) {
        const { schema, field } = await passwordField(ctx, caller, request, params);
        return ok(await generateFieldPassword(ctx, caller, request, schema, field));
      },
    }),
  ),
  route({
    ...secretServer,
    method: 'post',
    path: `${PATH}/validate-password/:slug`,
    operationId: 'secretServerValidateFieldPassword',
    summary: 'Whether a password can be kept in a field of a secret: any that is not empty',
    access: AUTHENTICATED,
    params: BySlug,
    body: Members({ password: Type.String({ maxLength: 1_048_576 }) }),
    response: Members({ isValid: Type.Boolean() }),
    async handle({ params, body, caller, request }) {
      await passwordField(ctx, caller, request, params);
      return ok({ isValid: body.password !== '' });
    },
  }),
];

async function passwordField(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  { id, slug }: { id: number; slug: string },
): Promise<{ schema: Schema; field: SchemaField }> {
  const address = await locateSecret(ctx, caller, request, { number: id });
  const { secret } = await readStatus(ctx, caller, request, address);
  const schema = await schemaOf(ctx, secret);
  const field = schema?.properties.find(({ name }) => name.toLowerCase() === slug.toLowerCase());
  if (schema === undefined || field === undefined || !isPasswordField(field)) throw passwordFieldsOnly();
  return { schema, field };
}
