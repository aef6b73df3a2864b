import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import type { VaultContext } from '../context.ts';
import { schemaBuiltIn, schemaExists, schemaNotFound } from '../domain/errors.ts';
import { requireRevision, type Expectation } from '../domain/expectation.ts';
import { numberFields, type Schema, type StatedField } from '../domain/schema.ts';
import { insertAnswers } from '../store/idempotency-keys.ts';
import { deleteSchema as deleteRow, holdSchema, insertSchema, updateSchema } from '../store/schemas.ts';
import type { Remember } from './once.ts';

export interface NewSchema extends Pick<Schema, 'name' | 'title' | 'open'> {
  readonly properties: readonly StatedField[];
}

/** What is left out stays as it is. */
export interface SchemaChange {
  readonly title?: string | undefined;
  readonly open?: boolean | undefined;
  readonly properties?: readonly StatedField[] | undefined;
}

const named = (schema: Pick<Schema, 'id' | 'name'>) => ({ schema: schema.name, schemaID: schema.id });

export async function createSchema(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  input: NewSchema,
  remember: Remember<Schema>,
): Promise<Schema> {
  const fields = numberFields(input.properties);
  const schema = await ctx.db.transaction(async tx => {
    const made = await insertSchema(
      tx,
      { id: ctx.newId(), ...input, ...fields },
      { at: ctx.now(), by: caller.id },
    );
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
  const changed = await ctx.db.transaction(async tx => {
    const schema = await holdOwn(tx, name, expected);
    const next: Schema = {
      ...schema,
      title: change.title ?? schema.title,
      ...(change.properties === undefined ? {} : numberFields(change.properties, schema)),
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
