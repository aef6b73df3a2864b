import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import type { VaultContext } from '../context.ts';
import { schemaBuiltIn, schemaExists, schemaNotFound } from '../domain/errors.ts';
import { requireRevision, type Expectation } from '../domain/expectation.ts';
import { requireDistinctFields, type Schema } from '../domain/schema.ts';
import { insertAnswers } from '../store/idempotency-keys.ts';
import { deleteSchema as deleteRow, holdSchema, insertSchema, updateSchema } from '../store/schemas.ts';
import type { Remember } from './once.ts';

export type NewSchema = Pick<Schema, 'name' | 'title' | 'properties' | 'open'>;

/** What is left out stays as it is. */
export type SchemaChange = {
  readonly [K in 'title' | 'properties' | 'open']?: Schema[K] | undefined;
};

const named = (schema: Pick<Schema, 'id' | 'name'>) => ({ schema: schema.name, schemaID: schema.id });

export async function createSchema(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  input: NewSchema,
  remember: Remember<Schema>,
): Promise<Schema> {
  requireDistinctFields(input.properties);
  const schema = await ctx.db.transaction(async tx => {
    const made = await insertSchema(tx, { id: ctx.newId(), ...input }, { at: ctx.now(), by: caller.id });
    if (made === undefined) throw schemaExists();
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.schemaCreated,
      caller,
      request,
      message: named(made),
    });
    await insertAnswers(tx, remember(made));
    return made;
  });
  ctx.ring();
  return schema;
}

/** What is stored already is not opened for it: secrets are checked when their content is next written. */
export async function changeSchema(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  name: string,
  change: SchemaChange,
  expected: Pick<Expectation, 'revisions'>,
  remember: Remember<Schema>,
): Promise<Schema> {
  if (change.properties !== undefined) requireDistinctFields(change.properties);
  const changed = await ctx.db.transaction(async tx => {
    const schema = await holdOwn(tx, name, expected);
    const next: Schema = {
      ...schema,
      title: change.title ?? schema.title,
      properties: change.properties ?? schema.properties,
      open: change.open ?? schema.open,
      revision: schema.revision + 1,
    };
    await updateSchema(tx, next, { at: ctx.now(), by: caller.id });
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.schemaChanged,
      caller,
      request,
      message: named(next),
    });
    await insertAnswers(tx, remember(next));
    return next;
  });
  ctx.ring();
  return changed;
}

export async function deleteSchema(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  name: string,
  expected: Pick<Expectation, 'revisions'>,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const schema = await holdOwn(tx, name, expected);
    await deleteRow(tx, schema.id);
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.schemaDeleted,
      caller,
      request,
      message: named(schema),
    });
  });
  ctx.ring();
}

/** The schema, held, if it is one that can be changed. */
async function holdOwn(
  tx: Queryable,
  name: string,
  { revisions }: Pick<Expectation, 'revisions'>,
): Promise<Schema> {
  const schema = await holdSchema(tx, name);
  if (schema === undefined) throw schemaNotFound();
  if (schema.builtIn) throw schemaBuiltIn();
  requireRevision(schema, revisions);
  return schema;
}
