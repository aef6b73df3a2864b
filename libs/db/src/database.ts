import pg from 'pg';
import { AppError } from '@strongroom/errors/app-error';
import type { Logger } from '@strongroom/log/logger';
import { DURATION_BUCKETS, silentMetrics, type Metrics } from '@strongroom/metrics/metrics';
import { withSpan, type SpanDescription } from '@strongroom/tracing/tracing';

/**
 * What SQL functions take as their first argument: a pool or an open transaction. Every text is sent as a
 * prepared statement, so texts must be constants (values go into `values`, never into the text).
 */
export interface Queryable {
  query: <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
}

export interface Transaction extends Queryable {
  /** `work` runs as soon as the commit is done, and never after a rollback. It must not throw. */
  afterCommit: (work: () => void) => void;
}

export interface Database extends Queryable {
  /** Commits when `work` resolves, rolls back when it rejects. Pass only `tx` on inside of it. */
  transaction: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
}

export interface DatabaseSettings {
  /** `postgres://role@host:port/database`; the password is given apart. */
  url: string;
  password: string;
  /** The schema that unqualified names mean. */
  schema: string;
  poolSize: number;
  /** Bounds waiting for a connection and every statement. */
  deadlineMs: number;
}

export function clientConfig(
  settings: Pick<DatabaseSettings, 'url' | 'password' | 'schema'>,
): pg.ClientConfig {
  const url = new URL(settings.url);
  return {
    host: url.hostname,
    port: Number(url.port === '' ? 5432 : url.port),
    user: decodeURIComponent(url.username),
    database: decodeURIComponent(url.pathname.slice(1)),
    password: settings.password,
    options: `-c search_path=${settings.schema}`,
    application_name: `strongroom-${settings.schema}`,
    keepAlive: true,
  };
}

export function openDatabase(
  settings: DatabaseSettings,
  log: Logger,
  metrics: Metrics = silentMetrics,
): Database {
  const pool = new pg.Pool({
    ...clientConfig(settings),
    max: settings.poolSize,
    connectionTimeoutMillis: settings.deadlineMs,
    statement_timeout: settings.deadlineMs,
    // The client gives up a little later than the server, whose answer is the clearer one.
    query_timeout: settings.deadlineMs + 1_000,
    idleTimeoutMillis: 60_000,
  });
  // An idle connection that breaks is replaced on the next use; without a listener it would end the process.
  // Of whichever request had opened it, so not of that one.
  pool.on('error', error =>
    log.warn('an idle database connection was lost', {
      reason: error.message,
      requestId: undefined,
      traceId: undefined,
      eventId: undefined,
    }),
  );
  const measured = measurePool(pool, settings.poolSize, metrics);

  /** Takes a connection for `work`, which says by `keep` that it may be used again. */
  async function withClient<T>(work: (client: pg.PoolClient, keep: () => void) => Promise<T>): Promise<T> {
    const started = performance.now();
    const client = await pool.connect().catch((error: unknown) => {
      throw translate(error);
    });
    measured.acquired(performance.now() - started);
    // The pool listens to idle connections only. One that breaks in here fails the next statement; without a
    // listener it would end the process.
    const onLoss = (error: Error) => log.warn('a database connection was lost', { reason: error.message });
    client.on('error', onLoss);
    let broken = true;
    try {
      return await work(client, () => {
        broken = false;
      });
    } finally {
      client.off('error', onLoss);
      client.release(broken);
    }
  }

  return {
    query: async <Row>(text: string, values?: readonly unknown[]) =>
      withClient(async (client, keep) => {
        try {
          const rows = await run<Row>(client, text, values);
          keep();
          return rows;
        } catch (error) {
          if (!isUnavailable(error)) keep();
          throw error;
        }
      }),
    transaction: work =>
      withClient(async (client, keep) => {
        try {
          await run(client, 'BEGIN');
          const committed: (() => void)[] = [];
          const result = await work({
            query: async (text, values) => run(client, text, values),
            afterCommit: then => void committed.push(then),
          });
          await commit(client);
          keep();
          for (const then of committed) then();
          return result;
        } catch (error) {
          // A connection that cannot even roll back is not returned to the pool.
          await run(client, 'ROLLBACK').then(keep, () => undefined);
          throw error;
        }
      }),
    close: () => pool.end(),
  };
}

/** Waiting for a connection is what shows first when a pool is too small or the database too slow. */
function measurePool(pool: pg.Pool, size: number, metrics: Metrics): { acquired: (ms: number) => void } {
  metrics.gauge('strongroom_database_pool_size', 'Connections that the pool may open', () => size);
  metrics.gauge('strongroom_database_pool_connections', 'Connections that are open', () => pool.totalCount);
  metrics.gauge('strongroom_database_pool_idle', 'Open connections that nobody uses', () => pool.idleCount);
  metrics.gauge(
    'strongroom_database_pool_waiting',
    'Statements and transactions that wait for a connection',
    () => pool.waitingCount,
  );
  const observe = metrics.histogram(
    'strongroom_database_acquire_duration_seconds',
    'Wait for a connection of the pool',
    DURATION_BUCKETS,
  );
  return { acquired: ms => observe(ms / 1_000) };
}

const statementNames = new Map<string, string>();

function statementName(text: string): string {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = `s${statementNames.size}`;
    statementNames.set(text, name);
  }
  return name;
}

/** The text is a constant, so a span may tell it; the values stand apart and never do. */
function statementSpan(text: string): SpanDescription {
  const operation = /^\s*(\w+)/.exec(text)?.[1] ?? 'SQL';
  return {
    name: operation,
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': operation, 'db.query.text': text },
  };
}

function execute(
  client: pg.ClientBase,
  text: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResult> {
  return withSpan(
    () => statementSpan(text),
    async () => {
      try {
        return await client.query({ name: statementName(text), text, values: values as unknown[] });
      } catch (error) {
        throw translate(error);
      }
    },
  );
}

const run = async <Row>(client: pg.ClientBase, text: string, values?: readonly unknown[]): Promise<Row[]> =>
  (await execute(client, text, values)).rows as Row[];

/** PostgreSQL answers COMMIT with a rollback, not an error, when a failed statement was passed over. */
async function commit(client: pg.ClientBase): Promise<void> {
  const { command } = await execute(client, 'COMMIT');
  if (command !== 'COMMIT')
    throw new Error('the transaction was rolled back: one of its statements had failed');
}

/** SQLSTATE classes that mean "the server or the way to it is gone", not "the statement is wrong". */
const UNAVAILABLE_STATES = /^(08|53|57P0|58|XX)/;

function translate(error: unknown): unknown {
  const state = error instanceof pg.DatabaseError ? error.code : undefined;
  // Errors without a SQLSTATE come from the socket, the pool or a client-side deadline.
  if (state !== undefined && !UNAVAILABLE_STATES.test(state) && state !== '57014') return error;
  return databaseUnavailable(error);
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'DATABASE_ERROR';

export const databaseUnavailable = (cause: unknown) =>
  new AppError({
    kind: 'unavailable',
    code: 'DATABASE_ERROR',
    message: 'The database cannot be reached at the moment',
    retryAfterSeconds: 1,
    cause,
  });

/**
 * A subquery to join with: the transaction then commits without waiting for the disk. For rows that a crash may
 * take, since whoever needs them begins anew; what others rely on is never written so.
 */
export const WITHOUT_WAITING = `(SELECT set_config('synchronous_commit', 'off', true)) AS without_waiting`;

export const isUniqueViolation = (error: unknown, constraint: string): boolean =>
  violates(error, '23505', constraint);

/** What is referred to is not there, or what was to be deleted is still referred to. */
export const isForeignKeyViolation = (error: unknown, constraint: string): boolean =>
  violates(error, '23503', constraint);

export const isCheckViolation = (error: unknown, constraint: string): boolean =>
  violates(error, '23514', constraint);

const violates = (error: unknown, state: string, constraint: string): boolean =>
  error instanceof pg.DatabaseError && error.code === state && error.constraint === constraint;
